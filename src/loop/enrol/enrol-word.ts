import type { Card, CardVariant } from '../../catalogue/card.ts'
import { detectorSettings, keywordsOf } from '../../catalogue/detector-settings.ts'
import { type Catalogue, loadCatalogue, type Variant } from '../../catalogue/load.ts'
import { MilliwattError, messageOf } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import { toOnnx } from '../../formats/convert/to-onnx.ts'
import { readModel, writeModel } from '../../formats/list.ts'
import { withClass } from '../../formats/softmax-end.ts'
import { modelFacts } from '../../graph/facts.ts'
import { openExtractor } from '../model-frontend.ts'
import { type OnProgress, stopIfAborted } from '../progress.ts'
import { openEmbedder } from './embedder.ts'
import { type LearnedWord, learnWord } from './learn-word.ts'
import { readOthers } from './others.ts'
import { readRecordings, readSamples, type WordRecording } from './recordings.ts'

/** A word to add, and to what. */
export interface EnrolOptions {
  readonly word: string
  /** Audio files, each with the word once; five are good. */
  readonly recordings: readonly string[]
  /** Folder with a card or name of a shipped model. */
  readonly model: string
  /** The most accurate one of every type by default. */
  readonly variants?: readonly string[]
  /** Folder that is written. */
  readonly out: string
  /** Audio files of the noise where the word will be said. */
  readonly noises?: readonly string[]
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/** A variant that knows the word. */
export interface EnrolledVariant extends Omit<LearnedWord, 'added'> {
  readonly name: string
  readonly file: string
  readonly bytes: number
}

/** What enrolling made. */
export interface Enrolment {
  readonly folder: string
  readonly labels: readonly string[]
  readonly variants: readonly EnrolledVariant[]
  /** Recordings by file with the seconds of the word in it. */
  readonly recordings: readonly { readonly path: string; readonly fromS: number; readonly toS: number }[]
  /** Recordings that the others do not lead to. */
  readonly unlike: readonly string[]
  /** Time that computing took, reading and writing files not counted. */
  readonly computeS: number
}

/** A recording is unlike the others where they find so few of its variations; so many unlike ones are no word. */
const leastFound = 0.3

/** Letters, digits, and what joins them. */
const plainWordName = /^[\p{L}\p{N}][\p{L}\p{N}_-]*$/u

function cardOf({ card, name }: Catalogue, word: string): Card {
  if (!card) throw new MilliwattError('CARD_INVALID', name, 'A word is added to a model with a card.json.')
  if (!plainWordName.test(word)) throw new MilliwattError('ENROL_WORD', word, 'A word is letters, digits, "_" and "-".')
  if (card.labels.includes(word))
    throw new MilliwattError('ENROL_WORD', word, `${card.name} knows it already: ${keywordsOf(card).join(', ')}.`)
  return card
}

/** The variants to add the word to. */
function chosenVariants({ variants, name }: Catalogue, wanted: readonly string[] | undefined): readonly Variant[] {
  const unknown = wanted?.find((each) => !variants.some((variant) => variant.name === each))
  if (unknown !== undefined)
    throw new MilliwattError('VARIANT_UNKNOWN', unknown, `${name} has ${variants.map((each) => each.name).join(', ')}.`)
  if (wanted) return variants.filter((variant) => wanted.includes(variant.name))
  const best = new Map<string, Variant>()
  for (const variant of variants) {
    const known = best.get(variant.facts.dtype)
    if (!known || (variant.accuracy?.value ?? 0) > (known.accuracy?.value ?? 0)) best.set(variant.facts.dtype, variant)
  }
  return [...best.values()]
}

/** Refuses recordings that do not lead to each other. */
function unlikeOf(recordings: readonly WordRecording[], { foundByOthers }: LearnedWord): readonly string[] {
  const unlike = recordings.filter((_, at) => foundByOthers[at]! < leastFound).map(({ path }) => path)
  if (unlike.length <= recordings.length / 2) return unlike
  const detail = `The others do not lead to ${unlike.join(', ')}: they are too different from each other.`
  throw new MilliwattError('ENROL_RECORDINGS', `${recordings.length} recordings`, detail)
}

/** The file of a variant with the word, in the format that it came in. */
function fileOf({ segment }: Variant, { added }: LearnedWord, { graph, end }: ReturnType<typeof openEmbedder>) {
  const canonical = withClass(graph, end, added)
  const { format } = segment.source
  const written = format === 'onnx' ? toOnnx(canonical, { activations: 'uint8' }) : canonical
  return { bytes: writeModel(format, written), ending: format }
}

async function write(host: Host, path: string, content: string | Uint8Array): Promise<void> {
  try {
    await host.files.write(path, content)
  } catch (error) {
    throw new MilliwattError('OUTPUT_WRITE', path, messageOf(error), error)
  }
}

/** Refuses what cannot be a new folder before anything is computed. */
async function checkOut(host: Host, out: string): Promise<void> {
  const found = await host.files.stat(out)
  if (found && found.kind !== 'folder') throw new MilliwattError('OUTPUT_WRITE', out, 'It is no folder.')
  if (found && (await host.files.stat(host.files.join(out, 'card.json'))))
    throw new MilliwattError('OUTPUT_WRITE', out, 'There is a card.json already.')
}

/** Files of the card that the net does not hold: its front end, if that is a model, and the other windows. */
async function copyBeside(host: Host, { card, folder }: Catalogue, others: Uint8Array, out: string): Promise<void> {
  await write(host, host.files.join(out, card!.others!.file), others)
  if (card!.features.kind !== 'model') return
  const { file } = card!.features
  await write(host, host.files.join(out, file), await host.files.readBytes(host.files.join(folder, file)))
}

function cardWith(card: Card, word: string, count: number, variants: readonly CardVariant[]): Card {
  const { cascade: _, ...rest } = card
  return {
    ...rest,
    name: `${card.name}-${word}`,
    title: `${card.title}; and "${word}"`,
    labels: [...card.labels, word],
    trainingData: `${card.trainingData}. "${word}": ${count} recordings`,
    limits: `${card.limits} "${word}" was learned from ${count} recordings by milliwatt kws enrol and not measured on others.`,
    recipe: `milliwatt kws enrol ${word} FILES --model ${card.name}`,
    variants,
  }
}

/**
 * Adds a word to a model from a few recordings, in seconds and on this machine: a class more behind the nets as they are,
 * written with a card of its own. What the other words score can only fall, by the share that the new word gets.
 * @throws MilliwattError ENROL_*, CLIP_*, MODEL_*, CARD_INVALID, VARIANT_UNKNOWN, OUTPUT_WRITE
 */
export async function enrolWord(host: Host, options: EnrolOptions): Promise<Enrolment> {
  const { word, onProgress, signal } = options
  const catalogue = await loadCatalogue(host, options.model)
  const card = cardOf(catalogue, word)
  const chosen = chosenVariants(catalogue, options.variants)
  const { sampleRateHz, clipS } = card.features
  const out = host.files.resolve(options.out)
  await checkOut(host, out)
  const recordings = await readRecordings(host, options.recordings, sampleRateHz, clipS)
  const noises: Float32Array[] = []
  for (const path of options.noises ?? []) noises.push(await readSamples(host, path, sampleRateHz))
  const others = await readOthers(host, catalogue)
  const extractor = await openExtractor(host, catalogue.folder, card.features)
  const files: {
    readonly name: string
    readonly bytes: Uint8Array
    readonly ending: string
    readonly learned: LearnedWord
  }[] = []
  let computeS = 0
  for (const [done, variant] of chosen.entries()) {
    stopIfAborted(signal)
    onProgress?.({ stage: 'enrol', done, total: chosen.length })
    const startS = host.clock.preciseS()
    const embedder = openEmbedder(variant.segment)
    const learned = learnWord(embedder, extractor, recordings, others, word, noises)
    const { bytes, ending } = fileOf(variant, learned, embedder)
    computeS += host.clock.preciseS() - startS
    files.push({ name: `${variant.name}-${word}`, bytes, ending, learned })
  }
  const unlike = unlikeOf(recordings, files[0]!.learned)
  const stated = await Promise.all(
    files.map(async ({ name, bytes, ending, learned }, at): Promise<CardVariant> => {
      const file = `${name}.${ending}`
      const { dtype, parameters, macs } = modelFacts(readModel(bytes, file).graph)
      const settings = detectorSettings(card, chosen[at]!.name)
      const detector = { ...settings, thresholds: { ...settings.thresholds, [word]: learned.threshold } }
      const facts = { dtype, bytes: bytes.length, parameters, macs }
      return { name, file, sha256: await host.sha256(bytes), ...facts, accuracy: null, detector }
    }),
  )
  for (const [at, { bytes }] of files.entries()) await write(host, host.files.join(out, stated[at]!.file), bytes)
  await copyBeside(host, catalogue, others.bytes, out)
  const enrolled = cardWith(card, word, recordings.length, stated)
  await write(host, host.files.join(out, 'card.json'), `${JSON.stringify(enrolled, null, 2)}\n`)
  return {
    folder: out,
    labels: enrolled.labels,
    variants: stated.map(({ name, file, bytes }, at) => {
      const { added: _, ...rest } = files[at]!.learned
      return { name, file, bytes, ...rest }
    }),
    recordings: recordings.map(({ path, from, to }) => ({ path, fromS: from / sampleRateHz, toS: to / sampleRateHz })),
    unlike,
    computeS,
  }
}
