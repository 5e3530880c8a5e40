import { isMilliwattError, MilliwattError } from '../core/errors.ts'
import { type LabelledSample, readSamples, type SampleReader, someOf } from './labelled-samples.ts'
import { madeSamples } from './made-samples.ts'

/** Which data the user gave. */
export interface DataOptions {
  /** Folder of calibration data; null to do without (`range` then says what inputs are like). */
  readonly calibrate: string | null
  /** Folder to judge on; by default what is left of the calibration data. */
  readonly evaluate?: string
  /** Splits of a manifest; by default `train` to calibrate and `val` to judge, where the manifest has both. */
  readonly calibrateSplit?: string
  readonly evaluateSplit?: string
  /** Recordings or tensors to calibrate with, at most. */
  readonly most: number
  readonly range: readonly [number, number]
}

/** Samples to calibrate with and to judge on. */
export interface QuantizeData {
  readonly calibration: readonly LabelledSample[]
  readonly calibrationSource: string
  readonly evaluation: readonly LabelledSample[]
  /** What was judged on, in words, and the split; null for none. */
  readonly evaluationSource: string | null
  readonly split: string
  readonly notes: readonly string[]
}

/** Fewer tell nothing of a range. */
const leastSamples = 8
/** More windows than this add time but no new ends of a range. */
const mostWindows = 400

/** Reads a split; null where the folder has no clip of it. */
async function findSplit(reader: SampleReader, folder: string, split: string, most?: number) {
  try {
    return await readSamples(reader, folder, split, most)
  } catch (error) {
    if (isMilliwattError(error) && error.code === 'CLIP_NOT_FOUND') return null
    throw error
  }
}

function checkCalibration(samples: readonly LabelledSample[], folder: string): void {
  if (samples.length >= leastSamples) return
  const detail = `It gives ${samples.length} inputs; ranges want at least ${leastSamples}, better 100 and more.`
  throw new MilliwattError('CALIBRATION_DATA', folder, detail)
}

/** Clips without a label that the model knows cannot be judged; a folder of nothing else is a mistake. */
function checkLabels(reader: SampleReader, samples: readonly LabelledSample[], folder: string): readonly string[] {
  const { card } = reader
  if (!card || samples.length === 0 || samples.some(({ expected }) => expected !== undefined)) return []
  return [
    `No label of ${folder} is one of the card's (${card.card.labels.join(', ')}): a manifest.csv or folders called by them would let accuracy be counted.`,
  ]
}

/** Both halves from one folder: what was not calibrated with is judged on, or all of it where that is too little. */
async function fromOne(reader: SampleReader, folder: string, { most, calibrateSplit, evaluateSplit }: DataOptions) {
  const wanted = [calibrateSplit ?? 'train', evaluateSplit ?? 'val'] as const
  const splits = reader.card && (calibrateSplit || evaluateSplit || (await findSplit(reader, folder, wanted[1], 1)))
  if (splits) {
    const calibration =
      (await findSplit(reader, folder, wanted[0], most)) ?? (await readSamples(reader, folder, wanted[1], most))
    const evaluation = await readSamples(reader, folder, wanted[1])
    return { calibration, evaluation, words: `split ${wanted[1]} of ${folder}`, split: wanted[1], notes: [] }
  }
  const all = await readSamples(reader, folder, null)
  const calibration = { ...all, samples: someOf(all.samples, most) }
  const taken = new Set(calibration.samples.map(({ clip }) => clip))
  const rest = all.samples.filter(({ clip }) => !taken.has(clip))
  const enough = rest.length >= Math.max(leastSamples, all.samples.length / 4)
  const notes = enough ? [] : ['Judged on the samples that it was calibrated with: expect a little less on others.']
  return { calibration, evaluation: enough ? { ...all, samples: rest } : all, words: folder, split: 'all', notes }
}

/**
 * Reads what to calibrate with and what to judge on.
 * @throws MilliwattError CALIBRATION_DATA for too little, CLIP_*, CARD_INVALID where the front end does not fit the model
 */
export async function readQuantizeData(reader: SampleReader, options: DataOptions): Promise<QuantizeData> {
  const { calibrate, evaluate, most, range } = options
  if (calibrate === null) {
    const calibration = await madeSamples(reader, most, range)
    const evaluation =
      evaluate === undefined ? null : await readSamples(reader, evaluate, options.evaluateSplit ?? null)
    return {
      calibration,
      calibrationSource: reader.card ? 'made-up sounds' : `noise over ${range.join(' to ')}`,
      evaluation: evaluation?.samples ?? [],
      evaluationSource: evaluation && evaluate!,
      split: options.evaluateSplit ?? 'all',
      notes: [
        'Ranges come from no data: prefer --calibrate where there is any.',
        ...checkLabels(reader, evaluation?.samples ?? [], evaluate ?? ''),
      ],
    }
  }
  const own = evaluate === undefined ? await fromOne(reader, calibrate, options) : null
  const calibration = own?.calibration ?? (await readSamples(reader, calibrate, options.calibrateSplit ?? null, most))
  const evaluation = own?.evaluation ?? (await readSamples(reader, evaluate!, options.evaluateSplit ?? null))
  checkCalibration(calibration.samples, calibrate)
  const problems = [...calibration.problems, ...evaluation.problems]
  const unread = problems.length === 0 ? [] : [`${problems.length} files could not be read, ${problems[0]!.message}`]
  return {
    calibration: someOf(calibration.samples, mostWindows),
    calibrationSource: calibrate,
    evaluation: evaluation.samples,
    evaluationSource: own?.words ?? evaluate!,
    split: own?.split ?? options.evaluateSplit ?? 'all',
    notes: [...(own?.notes ?? []), ...unread, ...checkLabels(reader, evaluation.samples, evaluate ?? calibrate)],
  }
}
