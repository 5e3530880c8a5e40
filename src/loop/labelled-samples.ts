import { clipWindows } from '../audio/clip-window.ts'
import { featureShape } from '../audio/feature-spec.ts'
import { resample } from '../audio/resample.ts'
import type { Card } from '../catalogue/card.ts'
import { isMilliwattError, MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { random } from '../core/random.ts'
import type { ClipSource } from './clips.ts'
import { findClips } from './clips.ts'
import { openExtractor } from './model-frontend.ts'
import type { OnProgress } from './progress.ts'
import { readTensorFiles } from './tensor-files.ts'

/** One input of a model, and what it is known to be. Windows of one recording have one name. */
export interface LabelledSample {
  readonly clip: string
  readonly expected?: string
  /** Elements of the model's inputs in graph order. */
  readonly inputs: readonly Float32Array[]
}

/** Samples of a folder, and what could not be read. */
export interface SampleSet {
  readonly samples: readonly LabelledSample[]
  readonly problems: readonly MilliwattError[]
}

/** What samples are for: the front end and labels of a card, or a model whose inputs are tensors. */
export interface SampleReader {
  readonly host: Host
  /** Card and the folder where it lies; null for a model that is fed tensors. */
  readonly card: { readonly card: Card; readonly folder: string } | null
  /** Elements of each input of the model. */
  readonly lengths: readonly number[]
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/** Step between windows of a long recording, in seconds. */
const windowStepS = 0.5

/** So many of a list, chosen alike every time, in the list's order; all of a shorter one. */
export function someOf<T>(all: readonly T[], most: number): readonly T[] {
  const uniform = random(1)
  const drawn = all.map((item, at) => ({ item, at, order: uniform() })).sort((a, b) => a.order - b.order)
  return drawn
    .slice(0, most)
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

/** @throws MilliwattError CARD_INVALID where the card's front end makes something else than the model takes */
function checkFeatures({ card, folder }: NonNullable<SampleReader['card']>, lengths: readonly number[]): void {
  const { frames } = featureShape(card.features)
  const made = frames * card.features.coefficients
  if (lengths.length === 1 && lengths[0] === made) return
  throw new MilliwattError(
    'CARD_INVALID',
    folder,
    `Its features have ${made} values, but the model wants ${lengths.join(' and ')}.`,
  )
}

async function clipSamples(reader: SampleReader, clips: readonly ClipSource[]): Promise<SampleSet> {
  const { host, onProgress, signal } = reader
  const { card, folder } = reader.card!
  const extractor = await openExtractor(host, folder, card.features)
  const samples: LabelledSample[] = []
  const problems: MilliwattError[] = []
  for (const [index, { clip, expected, read }] of clips.entries()) {
    signal?.throwIfAborted()
    onProgress?.({ stage: 'samples', done: index, total: clips.length })
    try {
      const { samples: sound, sampleRateHz } = await resample(await read(), extractor.spec.sampleRateHz)
      for (const window of clipWindows(sound, extractor.clipSamples, sampleRateHz, windowStepS))
        samples.push({
          clip,
          ...(expected === undefined ? {} : { expected }),
          inputs: [extractor.extract(window.samples)],
        })
    } catch (error) {
      if (!isMilliwattError(error) || !error.code.startsWith('CLIP_')) throw error
      problems.push(error)
    }
  }
  return { samples, problems }
}

/**
 * Reads the samples of a folder: recordings through the front end of a card, or tensors from files.
 * @param split only clips that the manifest puts there; null for all
 * @param most clips at most, drawn at random but alike every time
 * @throws MilliwattError CALIBRATION_DATA, CLIP_NOT_FOUND, CARD_INVALID
 */
export async function readSamples(
  reader: SampleReader,
  folder: string,
  split: string | null,
  most: number = Number.POSITIVE_INFINITY,
): Promise<SampleSet> {
  if (!reader.card)
    return { samples: someOf(await readTensorFiles(reader.host, folder, reader.lengths), most), problems: [] }
  checkFeatures(reader.card, reader.lengths)
  const clips = await findClips(reader.host, folder, reader.card.card, split ?? undefined)
  const read = await clipSamples(reader, someOf(clips, most))
  if (read.samples.length === 0 && read.problems[0]) throw read.problems[0]
  return read
}
