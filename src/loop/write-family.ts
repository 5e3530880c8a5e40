import type { Card, CardAccuracy, CardVariant } from '../catalogue/card.ts'
import type { Catalogue, Variant } from '../catalogue/load.ts'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { toOnnx } from '../formats/convert/to-onnx.ts'
import { readModel } from '../formats/list.ts'
import { writeOnnx } from '../formats/onnx/write.ts'
import { writeTflite } from '../formats/tflite/writer.ts'
import { modelFacts } from '../graph/facts.ts'
import type { Graph } from '../graph/graph.ts'
import type { AccuracyReport } from '../report/report.ts'
import type { MadeVariant } from './quantize-model.ts'

/** Formats that a variant can be written in; the first one of a request is what the card names. */
export type WrittenFormat = 'tflite' | 'onnx'

/** Where a family is written, and what its card says. */
export interface FamilyOptions {
  readonly host: Host
  readonly folder: string
  /** Beginning of every variant's name. */
  readonly name: string
  readonly formats: readonly WrittenFormat[]
  /** Card of the model that the family was made of; null for a model without one. */
  readonly card: Card | null
  /** Split of the data that accuracies were counted on, for the card; null where they are no accuracies. */
  readonly split: string | null
  readonly recipe: string
}

/** A variant in files. */
export interface WrittenVariant {
  readonly made: MadeVariant
  readonly files: readonly string[]
  readonly variant: Variant
}

const writers: Readonly<Record<WrittenFormat, (graph: Graph) => Uint8Array>> = {
  tflite: writeTflite,
  onnx: (graph) => writeOnnx(toOnnx(graph, { activations: 'uint8' })),
}

async function write(host: Host, path: string, content: Uint8Array | string): Promise<void> {
  try {
    await host.files.write(path, content)
  } catch (error) {
    throw new MilliwattError('OUTPUT_WRITE', path, messageOf(error), error)
  }
}

const method = 'milliwatt quantize; one answer a clip'

function cardAccuracy({ correct, total, accuracy, interval95, perClass }: AccuracyReport, split: string): CardAccuracy {
  const classes = perClass.map((row) => [row.label, { correct: row.correct, total: row.total }] as const)
  const metric = 'share of clips whose label is answered right'
  return { metric, split, correct, total, value: accuracy, interval95, perClass: Object.fromEntries(classes), method }
}

async function writeVariant(options: FamilyOptions, made: MadeVariant): Promise<WrittenVariant> {
  const { host, folder, name, formats, split } = options
  const files: string[] = []
  let first: Uint8Array | null = null
  for (const format of formats) {
    const bytes = writers[format](made.graph)
    const file = `${name}-${made.suffix}.${format}`
    await write(host, host.files.join(folder, file), bytes)
    files.push(file)
    first ??= bytes
  }
  const segment = readModel(first!, files[0]!)
  const variant: Variant = {
    name: `${name}-${made.suffix}`,
    file: host.files.join(folder, files[0]!),
    sha256: await host.sha256(first!),
    bytes: first!.length,
    segment,
    facts: modelFacts(segment.graph),
    accuracy: made.accuracy && split !== null ? cardAccuracy(made.accuracy, split) : null,
  }
  return { made, files, variant }
}

function cardVariant({ files, variant }: WrittenVariant): CardVariant {
  const { name, sha256, bytes, facts, accuracy } = variant
  const { dtype, parameters, macs } = facts
  return { name, file: files[0]!, sha256, dtype, bytes, parameters, macs, accuracy }
}

/** The card of the model with the new variants in place of its own; thresholds of the old ones do not hold for them. */
function familyCard({ card, name, recipe }: FamilyOptions, written: readonly WrittenVariant[]): Card | null {
  if (!card) return null
  const { cascade: _, ...rest } = card
  return { ...rest, name, recipe, variants: written.map(cardVariant) }
}

/**
 * Writes the files of variants, and a card where the model had one, so that the folder is a model of its own.
 * @throws MilliwattError OUTPUT_WRITE, OP_UNSUPPORTED for a graph that a format cannot say
 */
export async function writeFamily(
  options: FamilyOptions,
  made: readonly MadeVariant[],
): Promise<{ readonly catalogue: Catalogue; readonly written: readonly WrittenVariant[] }> {
  const { host, folder, name } = options
  const written: WrittenVariant[] = []
  for (const each of made) written.push(await writeVariant(options, each))
  const card = familyCard(options, written)
  if (card) await write(host, host.files.join(folder, 'card.json'), `${JSON.stringify(card, null, 2)}\n`)
  return { catalogue: { name, folder, card, variants: written.map(({ variant }) => variant) }, written }
}
