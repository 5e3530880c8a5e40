import { StepSurvey } from '../trace/step-survey.ts'
import { type FoundSteps, type SteppedWindow, StepWindows } from '../trace/step-windows.ts'
import type { FoundWindows, PlacedWindow } from './window-finders.ts'

/** How to look for steps. */
export interface StepOptions {
  readonly sampleRateHz: number
  /** Inferences of one window: the trace cannot tell. */
  readonly inferences: number
  /** Shortest window and shortest pause, in seconds: dips and peaks within half of it are no steps. Default 0.1. */
  readonly leastS?: number
  /** How long a window was by the device's own timer, where that is known. */
  readonly durationS?: number
}

/** A stretch is as long as the device's timer says but for this share; what is longer holds a warm-up, say. */
const timerShare = 0.002

function toPlace(window: SteppedWindow, { sampleRateHz, inferences }: StepOptions): PlacedWindow {
  const { startIndex, endIndex, noiseShare } = window
  const correlated = Math.max(1, (endIndex - startIndex) / inferences)
  return {
    startIndex,
    endIndex,
    inferences,
    method: 'found steps',
    edgeUncertaintyS: (0.5 + 3 * noiseShare * noiseShare * correlated) / sampleRateHz,
    edges: 'common',
    words: 'steps found in the power itself; nothing marked the inferences',
  }
}

/** Why these windows cannot be what the device's timer saw; null when they may be. */
function whyNotTimed(windows: readonly PlacedWindow[], { sampleRateHz, durationS }: StepOptions): string | null {
  if (durationS === undefined) return null
  const lengths = windows.map(({ startIndex, endIndex }) => (endIndex - startIndex) / sampleRateHz)
  const [least, most] = [lengths.reduce((a, b) => Math.min(a, b)), lengths.reduce((a, b) => Math.max(a, b))]
  const edgesS = 2 * windows.reduce((widest, { edgeUncertaintyS }) => Math.max(widest, edgeUncertaintyS), 0)
  if (Math.max(most - durationS, durationS - least) <= durationS * timerShare + edgesS) return null
  return `the stretches found last ${least.toPrecision(3)} to ${most.toPrecision(3)} s, the device's timer says ${durationS.toPrecision(3)} s`
}

/**
 * Steps that were found in a trace as windows of an energy session. Both edges together are sure to ±(½ + 3(σ/Δ)²·c)
 * samples, of scatter σ, step Δ, and c samples of one inference, whose layers make the scatter.
 */
export function windowsOfSteps(found: FoundSteps, options: StepOptions): FoundWindows {
  if (!found.windows) return found
  const windows = found.windows.map((window) => toPlace(window, options))
  const reason = whyNotTimed(windows, options)
  return reason === null ? { windows } : { windows: null, reason }
}

/** Finds the windows in which a device worked by its power alone, as `findSteps` does, in samples that lie in memory. */
export function windowsFromSteps(powerW: Float32Array, options: StepOptions): FoundWindows {
  const none = new Uint8Array(0)
  const event = { kind: 'samples', firstIndex: 0, powerW, digital: none, raw: none, arrivalS: 0 } as const
  const survey = new StepSurvey(options.sampleRateHz, options.leastS)
  survey.push(event)
  const steps = survey.steps()
  if ('reason' in steps) return { windows: null, reason: steps.reason }
  const windows = new StepWindows(steps, options.sampleRateHz)
  windows.push(event)
  return windowsOfSteps(windows.found(), options)
}
