import type { RunningTotals, SampleRing } from './sample-ring.ts'

/**
 * What a window cost. Counts add up to `endIndex - startIndex`; a sample that an edge cuts counts in part,
 * so they can be fractional.
 */
export interface WindowEnergy {
  /** Borders of the window as fractional sample indexes. */
  readonly startIndex: number
  readonly endIndex: number
  readonly durationS: number
  readonly received: number
  readonly lost: number
  /** Arrived, but not legal readings: not integrated. */
  readonly invalid: number
  /** Energy of the received samples by the rectangle rule, in joules; NaN when the window is not in the buffer. */
  readonly energyJ: number
  /** `energyJ` plus what the missing samples could have held at most, in joules. */
  readonly energyUpperJ: number
  /** Mean over the received samples in watts; NaN when there are none. */
  readonly meanPowerW: number
  /**
   * `complete`: nothing is missing. `lower bound`: samples are missing, `energyJ` counts what arrived.
   * `invalid`: the window is not in the buffer, or more than half of it is missing.
   */
  readonly verdict: 'complete' | 'lower bound' | 'invalid'
  /** Why the verdict is not `complete`. */
  readonly reason: string | null
}

/** What a window's judge must know of the stream. */
interface StreamFacts {
  readonly sampleRateHz: number
  readonly maxPowerW: number
  /** Whether the stream has ended; samples beyond its end then are lost. */
  readonly ended: boolean
}

const noLength = 'the window has no length'

/** Integrates the ring between two borders (fractional sample indexes). Never throws. */
export function windowEnergy(
  ring: SampleRing,
  startIndex: number,
  endIndex: number,
  stream: StreamFacts,
): WindowEnergy {
  const rate = stream.sampleRateHz
  const problem = outside(ring, startIndex, endIndex, stream.ended)
  if (problem) return emptyWindow(startIndex, endIndex, rate, problem)
  const from = ring.totalsAt(startIndex)
  const to = ring.totalsAt(Math.min(endIndex, ring.endIndex))
  const totals = {
    powerSumW: to.powerSumW - from.powerSumW,
    lost: unwrap(to.lost - from.lost) + Math.max(0, endIndex - ring.endIndex),
    invalid: unwrap(to.invalid - from.invalid),
  }
  return judgedWindow(startIndex, endIndex, totals, stream)
}

/** A window's energy and verdict from the sums over its samples. */
export function judgedWindow(
  startIndex: number,
  endIndex: number,
  { powerSumW, lost, invalid }: RunningTotals,
  { sampleRateHz: rate, maxPowerW }: Pick<StreamFacts, 'sampleRateHz' | 'maxPowerW'>,
): WindowEnergy {
  const length = endIndex - startIndex
  if (!(length > 0)) return emptyWindow(startIndex, endIndex, rate, noLength)
  const received = Math.max(0, length - lost - invalid)
  const energyJ = powerSumW / rate
  const missing = lost + invalid
  return {
    startIndex,
    endIndex,
    durationS: length / rate,
    received,
    lost,
    invalid,
    energyJ,
    energyUpperJ: missing > 0 ? energyJ + (missing * maxPowerW) / rate : energyJ,
    meanPowerW: received > 0 ? powerSumW / received : Number.NaN,
    ...judge(length, lost, invalid),
  }
}

function outside(ring: SampleRing, startIndex: number, endIndex: number, ended: boolean): string | null {
  if (!(endIndex > startIndex)) return noLength
  if (startIndex < ring.startIndex) return 'the window begins before the oldest sample in the buffer'
  if (startIndex > ring.endIndex) return 'the window begins after the last sample'
  if (endIndex > ring.endIndex && !ended) return 'the window ends after the newest sample'
  return null
}

/** Difference of two 32-bit counters that may have wrapped once. */
function unwrap(difference: number): number {
  return difference < 0 ? difference + 2 ** 32 : difference
}

function judge(length: number, lost: number, invalid: number): Pick<WindowEnergy, 'verdict' | 'reason'> {
  const missing = lost + invalid
  if (missing === 0) return { verdict: 'complete', reason: null }
  const reason = `${Math.ceil(lost)} samples lost and ${Math.ceil(invalid)} invalid of ${Math.ceil(length)}`
  return { verdict: missing > length / 2 ? 'invalid' : 'lower bound', reason }
}

function emptyWindow(startIndex: number, endIndex: number, rate: number, reason: string): WindowEnergy {
  return {
    startIndex,
    endIndex,
    durationS: (endIndex - startIndex) / rate,
    received: 0,
    lost: 0,
    invalid: 0,
    energyJ: Number.NaN,
    energyUpperJ: Number.NaN,
    meanPowerW: Number.NaN,
    verdict: 'invalid',
    reason,
  }
}
