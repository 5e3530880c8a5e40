import type { PowerReading } from '../power-record.ts'
import type { LineHeader, LineRow } from './lines.ts'

/** How a header's columns become power. */
export interface RowReader {
  /** True when an accumulator tells the energy between any two rows. */
  readonly accumulates: boolean
  /** Power, current and voltage of one row by its own values; NaN watts where it has none. */
  reading(row: LineRow): PowerReading
  /** Mean power between two rows by the accumulator, in watts. */
  between(before: LineRow, after: LineRow, seconds: number): number
}

const channelsOf = (columns: readonly string[], unit: string) => columns.filter((name) => name.startsWith(unit))

/** What an accumulator grew by; where it began again at zero its range is added. */
function growth(before: number, after: number, range: number): number {
  const grown = after - before
  return grown < 0 && Number.isFinite(range) ? grown + range : grown
}

/**
 * Makes the reader for a header. Power is, in this order: `uW`; `mV` × `uA` of each channel, added; `uA` at the stated
 * supply. With `uJ` (or `uC` and the row's voltage) the accumulator decides and the rest is only shown.
 * @param statedV supply voltage that the user stated, for rows without one
 */
export function createRowReader(header: LineHeader, statedV: number): RowReader {
  const { columns, fields } = header
  const watts = channelsOf(columns, 'uW')
  const currents = channelsOf(columns, 'uA')
  const range = Number(fields.wrap ?? Number.POSITIVE_INFINITY)
  const hasEnergy = columns.includes('uJ')
  const hasCharge = columns.includes('uC')

  const voltOf = (row: LineRow, channel: string) => {
    const millivolts = row[`mV${channel}`] ?? row.mV
    return millivolts === undefined ? statedV : millivolts / 1000
  }
  const reading = (row: LineRow): PowerReading => {
    const currentA = currents.reduce((sum, name) => sum + row[name]! * 1e-6, 0)
    const byCurrent = currents.reduce((sum, name) => sum + row[name]! * 1e-6 * voltOf(row, name.slice(2)), 0)
    const byPower = watts.reduce((sum, name) => sum + row[name]! * 1e-6, 0)
    const voltageV = voltOf(row, currents[0]?.slice(2) ?? '')
    const powerW = watts.length > 0 ? byPower : currents.length > 0 ? byCurrent : Number.NaN
    return { powerW, ...(currents.length > 0 ? { currentA } : {}), ...(voltageV > 0 ? { voltageV } : {}) }
  }
  return {
    accumulates: hasEnergy || hasCharge,
    reading,
    between: (before, after, seconds) => {
      if (hasEnergy) return (growth(before.uJ!, after.uJ!, range) * 1e-6) / seconds
      const meanV = (voltOf(before, '') + voltOf(after, '')) / 2
      return (growth(before.uC!, after.uC!, range) * 1e-6 * meanV) / seconds
    },
  }
}
