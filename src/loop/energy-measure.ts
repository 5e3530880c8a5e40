import type { Host } from '../core/host.ts'
import { type EnergyEstimate, type EnergySession, estimateEnergy } from '../energy/estimate.ts'
import type { IdleLevel } from '../trace/idle.ts'
import { instrumentLimits } from './energy-instrument.ts'
import { sampleInput } from './input.ts'
import type { LoadedModel, MeasuredRun } from './model.ts'
import type { PowerSession } from './power.ts'
import { type OnProgress, stopIfAborted } from './progress.ts'

/** How to measure the energy of one model. */
export interface EnergyMeasureOptions {
  readonly windows: number
  /** Length of one window in seconds; the inference is repeated to fill it. */
  readonly windowS: number
  /** How long idle is measured before and after, in seconds. */
  readonly idleS: number
  readonly confidence?: number
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/** What a measurement gave. */
export interface EnergyMeasurement {
  readonly session: EnergySession
  readonly estimate: EnergyEstimate
  /** Median latency of one inference by the host's clock. */
  readonly latencyS: number
}

/** Longest pause between two windows, in seconds: of unequal length, so that windows begin anywhere in a sample. */
const pauseS = 0.02

/** How many inferences fill a window, by a first try that also warms up. */
async function repeatsFor(model: LoadedModel, windowS: number): Promise<number> {
  const input = sampleInput(model.inputs)
  const expectedS = model.plan.chosen?.latencyS ?? windowS
  const tries = Math.max(1, Math.round(Math.min(windowS, 0.1) / expectedS))
  const { cost, window } = await model.measure(input, { repeats: tries, label: 'warm-up' })
  // The window holds what lies between inferences as well; without one only their own time is known.
  const eachS = window?.energy ? window.energy.durationS / tries : cost.latencyS
  return Math.max(1, Math.ceil(windowS / eachS))
}

/** The highest reading of the whole stream. */
function highestW(power: PowerSession): number {
  return power.pyramid.columns(0, power.endIndex, 1).maxW[0] ?? Number.POSITIVE_INFINITY
}

/** What a session is made of beside its meter. */
export interface SessionParts {
  readonly windows: EnergySession['windows']
  /** Windows that were run and could not be placed. */
  readonly missing: number
  readonly idle: readonly [IdleLevel | null, IdleLevel | null]
  readonly confidence?: number | undefined
}

/** The session of a meter that is still open. */
export function sessionOf(power: PowerSession, { windows, missing, idle, confidence }: SessionParts): EnergySession {
  const { info, counts } = power.meter
  return {
    windows,
    idleBefore: idle[0],
    idleAfter: idle[1],
    instrument: instrumentLimits(info),
    sampleRateHz: info.sampleRateHz,
    supplyKnown: info.supplySource !== 'assumed',
    saturated: counts.saturated,
    mostPowerW: { value: highestW(power), source: 'the highest reading of the session' },
    stream: power.span,
    missing,
    ...(confidence === undefined ? {} : { confidence }),
  }
}

/** The windows of runs that could be placed in the samples. */
function costed(runs: readonly MeasuredRun[]): EnergySession['windows'] {
  return runs.flatMap(({ window, repeats }) => {
    if (!window || window.marks.method === 'none' || !window.energy) return []
    return [{ place: { ...window.marks, inferences: repeats }, energy: window.energy }]
  })
}

/**
 * Measures energy per inference: idle, so many windows of the same work with pauses between them, idle again. Inputs are
 * the same pseudo-random elements each time.
 * @throws MilliwattError INPUT_SHAPE, BACKEND_FAILED; METER_LOST when no window was measured
 */
export async function measureEnergy(
  host: Host,
  power: PowerSession,
  model: LoadedModel,
  options: EnergyMeasureOptions,
): Promise<EnergyMeasurement> {
  const { windows, windowS, idleS, onProgress, signal } = options
  const input = sampleInput(model.inputs)
  const repeats = await repeatsFor(model, windowS)
  onProgress?.({ stage: 'idle', done: 0, total: 2 })
  const before = await power.idle(idleS, signal)
  const runs: MeasuredRun[] = []
  for (let window = 0; window < windows; window++) {
    stopIfAborted(signal)
    runs.push(await model.measure(input, { repeats, label: `window ${window + 1}` }))
    onProgress?.({ stage: 'windows', done: window + 1, total: windows })
    await host.clock.sleep((pauseS * ((window * 7) % 10)) / 10 + pauseS / 4, signal)
  }
  onProgress?.({ stage: 'idle', done: 1, total: 2 })
  const after = await power.idle(idleS, signal)
  stopIfAborted(signal)
  if (power.lost && runs.every(({ window }) => !window?.energy)) throw power.lost
  const placed = costed(runs)
  const session = sessionOf(power, {
    windows: placed,
    missing: runs.length - placed.length,
    idle: [before.idle, after.idle],
    confidence: options.confidence,
  })
  return { session, estimate: estimateEnergy(session), latencyS: runs[0]!.cost.latencyS }
}
