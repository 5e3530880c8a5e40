import { MilliwattError } from '../core/errors.ts'
import { type GridIntensity, gridIntensities } from '../energy/grid-intensity.ts'

/** Options that name a grid. */
export interface GridOptions {
  readonly grid: string
  readonly intensity?: number
}

/** Names of the grids in the table. */
export const gridRegions: string = gridIntensities.map(({ region }) => region).join(', ')

/** The grid that the options name. @throws MilliwattError USAGE for one that is not in the table */
export function gridOf({ grid, intensity }: GridOptions, now: Date): GridIntensity {
  if (intensity !== undefined)
    return { region: 'given', gramsPerKwh: intensity, year: now.getUTCFullYear(), source: 'stated by user' }
  const found = gridIntensities.find(({ region }) => region.toLowerCase() === grid.toLowerCase())
  if (found) return found
  throw new MilliwattError('USAGE', '--grid', `There are: ${gridRegions}; or give --intensity.`)
}
