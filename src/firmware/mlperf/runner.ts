import { benchmarkNamed } from './benchmarks.ts'
import type { Inference, MlperfClient, TimedMessage } from './client.ts'
import {
  areaUnderCurve,
  type Labelled,
  meanAreaUnderCurve,
  type ThroughputScore,
  type ThroughputWindow,
  throughputScore,
  topOne,
} from './score.ts'

/** Told how far a run is. */
export type OnWindow = (done: number, total: number) => void

/** How windows are measured. */
export interface WindowOptions {
  readonly windows: number
  /** Least length of a window; the inference is repeated to fill it. */
  readonly windowS: number
  readonly warmups: number
  /** How long the device may say nothing beyond what its inferences take. */
  readonly timeoutS: number
  readonly onWindow?: OnWindow
}

/** What the performance mode measured. */
export interface Throughput {
  readonly windows: readonly ThroughputWindow[]
  readonly score: ThroughputScore
}

/** An input that is loaded for one inference or, cut into windows, for several whose scores are averaged. */
export interface RunnerInput {
  readonly name: string
  readonly label: number | null
  readonly segments: readonly Uint8Array[]
}

/** What the accuracy mode found. */
export interface Accuracy {
  readonly inputs: number
  readonly inferences: number
  /** Share of right classes; null where the device gives one score alone. */
  readonly topOne: number | null
  readonly auc: number | null
  /** What the rules ask of this benchmark; null for other models and for less than one right and one wrong example. */
  readonly quality: { readonly metric: 'top-1' | 'auc'; readonly least: number; readonly reached: boolean } | null
  /** Results of every input, in order. */
  readonly results: readonly { readonly name: string; readonly label: number; readonly scores: readonly number[] }[]
}

/** A window is tried anew where it came out too short, at most so often. */
export const mostRepeats = 3
/** A first try that is this part of a window long tells well enough how many inferences fill one. */
const enough = 0.1
/** Windows are made a little longer than asked for, so that one that runs faster still is long enough. */
const margin = 1.03
const moreMargin = 0.1

/** Inferences that fill a window after one that came out too short: each time by more, as a busy machine does not keep its pace. */
export function filling(iterations: number, durationS: number, windowS: number, repeat: number): number {
  return Math.ceil((iterations * windowS * (margin + repeat * moreMargin)) / durationS)
}

/** Seconds between the stamps: by the device's timer, or by arrival where it stamps with a pin. */
export function durationOf({ lapS, startS, endS }: Inference): number {
  return lapS ?? endS - startS
}

/** One `infer` whose results are as many as the benchmark gives. @throws as `MlperfClient.infer`, DEVICE_ANSWER */
export async function inferChecked(
  client: MlperfClient,
  iterations: number,
  warmups: number,
  silenceS: number,
  onMessage?: (timed: TimedMessage) => void,
): Promise<Inference> {
  const inference = await client.infer(iterations, warmups, silenceS, onMessage)
  const { model } = client.facts
  const outputs = benchmarkNamed(model ?? '')?.outputs
  const { length } = inference.results
  if (outputs !== undefined && length !== outputs)
    throw client.wrong(`(m-results holds ${length} values, ${model} gives ${outputs})`)
  return inference
}

/** More inferences than any device does in the shortest time that its timer can tell. */
const mostTries = 1e6

/**
 * How many inferences fill a window, by tries that grow.
 * @param timed how long an inference took
 * @throws as `MlperfClient.infer`; DEVICE_ANSWER from a device whose timer stands still
 */
export async function calibrate(
  client: MlperfClient,
  { windowS, timeoutS }: WindowOptions,
  timed: (inference: Inference) => number,
): Promise<number> {
  let iterations = 1
  let silenceS = timeoutS
  for (;;) {
    const durationS = timed(await inferChecked(client, iterations, 0, silenceS))
    if (durationS > 0 && durationS >= windowS * enough) return filling(iterations, durationS, windowS, 0)
    if (!(durationS > 0) && iterations >= mostTries)
      throw client.wrong(`(both stamps are the same after ${iterations} inferences)`)
    const growth = durationS > 0 ? (windowS * enough * 1.5) / durationS : 100
    iterations = Math.ceil(iterations * Math.min(100, Math.max(2, growth)))
    silenceS = timeoutS + 2 * windowS
  }
}

/** Seconds of the device's own timer. @throws MilliwattError DEVICE_ANSWER where it stamps with a pin */
function lapOf(client: MlperfClient, { lapS }: Inference): number {
  if (lapS !== null) return lapS
  throw client.wrong('(no m-lap-us: it stamps with a pin, so it is in energy mode; take --mode energy)')
}

/** Measures one window, again with more inferences where it came out too short. */
async function measureWindow(
  client: MlperfClient,
  tried: number,
  { windowS, warmups, timeoutS }: WindowOptions,
): Promise<ThroughputWindow> {
  let iterations = tried
  for (let repeat = 0; ; repeat++) {
    const lapS = lapOf(client, await inferChecked(client, iterations, warmups, timeoutS + 3 * windowS))
    if (!(lapS > 0)) throw client.wrong(`(both stamps are the same after ${iterations} inferences)`)
    if (lapS >= windowS || repeat >= mostRepeats)
      return { iterations, durationS: lapS, inferencesPerS: iterations / lapS }
    iterations = filling(iterations, lapS, windowS, repeat)
  }
}

/**
 * Performance mode: each window on the next input.
 * @throws as `MlperfClient.infer`; DEVICE_ANSWER from a device in energy mode
 */
export async function measureThroughput(
  client: MlperfClient,
  inputs: readonly Uint8Array[],
  options: WindowOptions,
): Promise<Throughput> {
  const windows: ThroughputWindow[] = []
  await client.load(inputs[0]!)
  let iterations = await calibrate(client, options, (inference) => lapOf(client, inference))
  for (let at = 0; at < options.windows; at++) {
    options.onWindow?.(at, options.windows)
    await client.load(inputs[at % inputs.length]!)
    windows.push(await measureWindow(client, iterations, options))
    iterations = windows.at(-1)!.iterations
  }
  options.onWindow?.(options.windows, options.windows)
  return { windows, score: throughputScore(windows) }
}

/** Mean of each score over the windows of one recording. */
function meanScores(all: readonly (readonly number[])[]): readonly number[] {
  return all[0]!.map((_, at) => all.reduce((sum, scores) => sum + scores[at]!, 0) / all.length)
}

function toQuality(model: string | null, top: number | null, auc: number | null): Accuracy['quality'] {
  const asked = benchmarkNamed(model ?? '')?.quality
  const reached = asked?.metric === 'auc' ? auc : top
  if (!asked || reached === null) return null
  return { metric: asked.metric, least: asked.share, reached: reached >= asked.share }
}

/**
 * Accuracy mode: every labelled input once.
 * @throws as `MlperfClient.infer`
 */
export async function measureAccuracy(
  client: MlperfClient,
  inputs: AsyncIterable<RunnerInput>,
  total: number,
  options: Pick<WindowOptions, 'timeoutS' | 'onWindow'>,
): Promise<Accuracy> {
  const results: Accuracy['results'][number][] = []
  let inferences = 0
  for await (const { name, label, segments } of inputs) {
    if (label === null) continue
    const scores: (readonly number[])[] = []
    for (const segment of segments) {
      await client.load(segment)
      scores.push((await inferChecked(client, 1, 0, options.timeoutS)).results)
      inferences++
    }
    results.push({ name, label, scores: meanScores(scores) })
    options.onWindow?.(results.length, total)
  }
  const labelled: readonly Labelled[] = results
  const isScore = results[0]?.scores.length === 1
  const top = isScore || results.length === 0 ? null : topOne(labelled)
  const auc = isScore
    ? areaUnderCurve(results.map(({ label, scores }) => ({ isPositive: label === 1, score: scores[0]! })))
    : meanAreaUnderCurve(labelled)
  return {
    inputs: results.length,
    inferences,
    topOne: top,
    auc,
    quality: toQuality(client.facts.model, top, auc),
    results,
  }
}
