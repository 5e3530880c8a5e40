/** Greenhouse gases of a grid's electricity, averaged over a year. */
export interface GridIntensity {
  readonly region: string
  readonly gramsPerKwh: number
  /** Year that the average is of. */
  readonly year: number
  readonly source: string
}

const ember2024 = 'Ember, Yearly Electricity Data (CC BY 4.0), as in @tgwf/co2 0.19.0'
const ember2023 = 'Ember, Yearly Electricity Data (CC BY 4.0), by Our World in Data, as in CodeCarbon'

/** A few grids, to three digits; any other is given by the user. Life-cycle CO2 equivalents of generation. */
export const gridIntensities: readonly GridIntensity[] = [
  { region: 'world', gramsPerKwh: 473, year: 2024, source: ember2024 },
  { region: 'EU', gramsPerKwh: 213, year: 2024, source: ember2024 },
  { region: 'DE', gramsPerKwh: 342, year: 2024, source: ember2024 },
  { region: 'FR', gramsPerKwh: 44.2, year: 2024, source: ember2024 },
  { region: 'GB', gramsPerKwh: 216, year: 2024, source: ember2024 },
  { region: 'US', gramsPerKwh: 384, year: 2024, source: ember2024 },
  { region: 'CN', gramsPerKwh: 582, year: 2023, source: ember2023 },
  { region: 'IN', gramsPerKwh: 713, year: 2023, source: ember2023 },
  { region: 'NO', gramsPerKwh: 30.1, year: 2023, source: ember2023 },
]
