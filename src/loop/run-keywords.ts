import { type ClipWindow, clipWindows } from '../audio/clip-window.ts'
import { featureShape } from '../audio/feature-spec.ts'
import type { FeatureExtractor } from '../audio/features.ts'
import { resample } from '../audio/resample.ts'
import type { Card } from '../catalogue/card.ts'
import { isMilliwattError, MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { InferenceRow } from '../report/report.ts'
import type { BorderTensor } from './border.ts'
import type { ClipSource } from './clips.ts'
import type { LoadedModel, MeasuredRun } from './model.ts'
import { openExtractor } from './model-frontend.ts'
import { netInput, netScores } from './net-scorer.ts'
import type { OnProgress } from './progress.ts'
import type { Runtime } from './runtime.ts'

/** How to run a keyword model over recordings. */
export interface KeywordRunOptions {
  readonly host: Host
  readonly runtime: Runtime
  readonly model: LoadedModel
  readonly clips: readonly ClipSource[]
  /** Length of the measuring window of one inference in seconds; the inference is repeated to fill it. */
  readonly windowS: number
  /** Step between windows of a long recording, in seconds. */
  readonly stepS: number
  readonly onRow?: (row: InferenceRow) => void
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/** Rows so far, what went wrong without ending the run, and whether it was stopped. */
export interface KeywordRun {
  readonly rows: readonly InferenceRow[]
  readonly problems: readonly MilliwattError[]
  readonly interrupted: boolean
}

/** The card of a keyword model that fits the executable. @throws MilliwattError CARD_INVALID */
export function keywordCard(model: LoadedModel): Card {
  const { card, folder } = model.catalogue
  if (!card)
    throw new MilliwattError('CARD_INVALID', folder, 'Keyword spotting needs a card.json with labels and features.')
  const { frames } = featureShape(card.features)
  const wanted = frames * card.features.coefficients
  const input = model.inputs[0]?.shape?.reduce<number>((product, length) => product * Number(length), 1)
  if (input !== wanted)
    throw new MilliwattError('CARD_INVALID', folder, `Its features have ${wanted} values, but the net wants ${input}.`)
  return card
}

function bestLabel(
  run: MeasuredRun,
  output: BorderTensor,
  labels: readonly string[],
): { readonly label: string; readonly confidence: number } {
  const scores = netScores(output, Object.values(run.outputs)[0]!.data)
  if (scores.length !== labels.length)
    throw new MilliwattError(
      'CARD_INVALID',
      'labels',
      `The card has ${labels.length}, the net answers ${scores.length}.`,
    )
  let best = 0
  for (let index = 1; index < scores.length; index++) if (scores[index]! > scores[best]!) best = index
  return { label: labels[best]!, confidence: scores[best]! }
}

function toRow(
  clip: ClipSource,
  window: ClipWindow,
  run: MeasuredRun,
  output: BorderTensor,
  labels: readonly string[],
): InferenceRow {
  const { cost, repeats } = run
  const lost = run.window?.energy?.lost
  return {
    clip: clip.clip,
    windowStartS: window.startS,
    ...bestLabel(run, output, labels),
    ...(clip.expected === undefined ? {} : { expected: clip.expected }),
    latencyS: cost.latencyS,
    repeats,
    meanPowerW: cost.meanPowerW,
    energyJ: cost.energyJ,
    netEnergyJ: cost.netEnergyJ,
    provenance: cost.provenance,
    ...(cost.energyReason === undefined ? {} : { energyReason: cost.energyReason }),
    ...(lost === undefined ? {} : { lostSamples: Math.ceil(lost) }),
  }
}

/** Runs one clip: decode, resample, cut, and one measured inference a window. */
async function runClip(
  options: KeywordRunOptions,
  clip: ClipSource,
  extractor: FeatureExtractor,
  labels: readonly string[],
): Promise<readonly InferenceRow[]> {
  const { model, signal } = options
  const recording = await resample(await clip.read(), extractor.spec.sampleRateHz)
  const windows = clipWindows(recording.samples, extractor.clipSamples, recording.sampleRateHz, options.stepS)
  const rows: InferenceRow[] = []
  const expectedS = model.plan.chosen?.latencyS ?? options.windowS
  const repeats = Math.max(1, Math.ceil(options.windowS / expectedS))
  for (const window of windows) {
    if (signal?.aborted) break
    const border = { ...model.inputs[0]!, ...(extractor.quantization ? { quantization: extractor.quantization } : {}) }
    const input = netInput(border, extractor.extract(window.samples))
    const run = await model.measure(input, { repeats, label: clip.clip })
    const row = toRow(clip, window, run, model.outputs[0]!, labels)
    rows.push(row)
    options.onRow?.(row)
  }
  return rows
}

/**
 * Runs a keyword model over recordings. A recording that cannot be read becomes a problem and the run goes
 * on; when the signal aborts, the rows so far are returned.
 * @throws MilliwattError CARD_INVALID, BACKEND_FAILED; the first clip's problem when no clip could be read
 */
export async function runKeywords(options: KeywordRunOptions): Promise<KeywordRun> {
  const { clips, model, signal } = options
  const card = keywordCard(model)
  const extractor = await openExtractor(options.host, model.catalogue.folder, card.features)
  const rows: InferenceRow[] = []
  const problems: MilliwattError[] = []
  for (const [index, clip] of clips.entries()) {
    if (signal?.aborted) break
    options.onProgress?.({ stage: 'run', done: index, total: clips.length })
    try {
      rows.push(...(await runClip(options, clip, extractor, card.labels)))
    } catch (error) {
      if (!isMilliwattError(error) || !error.code.startsWith('CLIP_')) throw error
      problems.push(error)
    }
  }
  if (rows.length === 0 && problems[0]) throw problems[0]
  return { rows, problems, interrupted: signal?.aborted ?? false }
}
