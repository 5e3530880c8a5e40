import type { SampleEvent } from '../trace/samples.ts'
import type { MeterCounts } from './meter.ts'
import { type PowerReading, toBlock } from './power-record.ts'

/** What a sensor told at a moment: watts that it reads now, or joules that it has counted so far. */
export interface SensorReading {
  /** Host clock, in seconds. */
  readonly atS: number
  readonly powerW?: number
  readonly energyJ?: number
  readonly currentA?: number
  readonly voltageV?: number
  /** The instrument says that its range is exceeded: there is a reading, and it is higher than can be told. */
  readonly overflow?: boolean
}

/** Puts readings that come at the host's moments on a regular grid. */
export interface HostGrid {
  /** Takes a reading; gives the samples that are whole now. */
  add(reading: SensorReading): SampleEvent[]
  readonly counts: MeterCounts
}

/** A reading of power may stand for so many sample periods before the rest counts as lost. */
const longestHold = 2.5
/** From here on a stretch between two readings of a counter holds more than one sample. */
const bridgedFrom = 1.5
/** Moments that differ by less are the same: clock readings around 10⁹ s are rounded to 0.2 µs. */
const sameS = 2e-6

/**
 * Starts a grid at the first reading. Power between two readings of a counter is their difference over the time, so
 * that energy is exact however late a reading comes. A reading of power stands for the time since the one before, by the
 * rectangle rule, and for no more than 2.5 samples: what lies before that is lost.
 */
export function createHostGrid(rateHz: number): HostGrid {
  const periodS = 1 / rateHz
  const tally = { received: 0, lost: 0, saturated: 0, invalid: 0, discardedBytes: 0, bridged: 0 }
  let startS = 0
  let next = 0
  let last: SensorReading | null = null
  let partialJ = 0
  let isPartialLost = false

  /** Power of the stretch that ends with a reading; null when nobody knows. */
  const powerOf = (before: SensorReading, after: SensorReading): number | null => {
    const stretchS = after.atS - before.atS
    if (after.energyJ !== undefined && before.energyJ !== undefined) {
      const grownJ = after.energyJ - before.energyJ
      if (grownJ < 0) return null
      if (stretchS > bridgedFrom * periodS) tally.bridged += Math.max(Math.round(stretchS / periodS) - 1, 0)
      return grownJ / stretchS
    }
    if (after.overflow) return Number.NaN
    return stretchS > longestHold * periodS ? null : (after.powerW ?? null)
  }

  return {
    add: (reading) => {
      if (!last) {
        startS = reading.atS
        last = reading
        return []
      }
      if (reading.atS - last.atS <= sameS) return []
      const powerW = powerOf(last, reading)
      const { currentA, voltageV } = reading
      const events: SampleEvent[] = []
      const readings: PowerReading[] = []
      let lost = 0
      const first = next
      let fromS = last.atS
      const isDone = () => startS + (next + 1) * periodS > reading.atS + sameS
      for (; !isDone(); next++) {
        const endS = startS + (next + 1) * periodS
        const energyJ = partialJ + (powerW ?? 0) * Math.max(endS - fromS, 0)
        if (powerW === null || isPartialLost) lost++
        else {
          const extra = {
            ...(currentA === undefined ? {} : { currentA }),
            ...(voltageV === undefined ? {} : { voltageV }),
          }
          if (Number.isNaN(energyJ)) tally.invalid++
          if (Number.isNaN(energyJ) && reading.overflow) tally.saturated++
          readings.push({ powerW: energyJ / periodS, ...extra })
        }
        fromS = endS
        partialJ = 0
        isPartialLost = false
      }
      if (lost > 0) events.push({ kind: 'gap', firstIndex: first, count: lost })
      if (readings.length > 0) events.push(toBlock(first + lost, readings, reading.atS))
      const restS = Math.max(reading.atS - fromS, 0)
      if (restS > 0) partialJ += (powerW ?? 0) * restS
      isPartialLost ||= powerW === null && restS > sameS
      tally.received += readings.length
      tally.lost += lost
      last = reading
      return events
    },
    get counts() {
      return tally
    },
  }
}
