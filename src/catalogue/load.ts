import { z } from 'zod'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { ExternalFiles } from '../formats/format.ts'
import { readModel } from '../formats/list.ts'
import { type ModelFacts, modelFacts } from '../graph/facts.ts'
import type { Segment } from '../graph/segment.ts'
import { type Card, type CardAccuracy, type CardVariant, cardSchema } from './card.ts'
import { readExternalFiles } from './external-data.ts'

/** One way to run a model: its file, read and checked, and the facts found in it. */
export interface Variant {
  readonly name: string
  readonly file: string
  readonly sha256: string
  readonly bytes: number
  readonly segment: Segment
  readonly facts: ModelFacts
  /** Accuracy as the card states it, 0..1; null without a card. */
  readonly accuracy: CardAccuracy | null
}

/** A model family: its variants, and the card if there is one. */
export interface Catalogue {
  readonly name: string
  readonly folder: string
  readonly card: Card | null
  readonly variants: readonly Variant[]
}

async function readFile(host: Host, path: string): Promise<Uint8Array> {
  try {
    return await host.files.readBytes(path)
  } catch (error) {
    throw new MilliwattError('MODEL_NOT_FOUND', path, undefined, error)
  }
}

/** Hash of a model; weights in other files count in. */
async function hashOf(host: Host, bytes: Uint8Array, external: ExternalFiles): Promise<string> {
  const hashes = await Promise.all([bytes, ...external.values()].map((part) => host.sha256(part)))
  return hashes.length === 1 ? hashes[0]! : host.sha256(new TextEncoder().encode(hashes.join(' ')))
}

/** A model that lies in memory, as a variant of its own. */
async function toVariant(host: Host, bytes: Uint8Array, file: string, external: ExternalFiles): Promise<Variant> {
  const segment = readModel(bytes, file, external)
  return {
    name: host.files.basename(file).replace(/\.[^.]+$/, ''),
    file,
    sha256: await hashOf(host, bytes, external),
    bytes: [...external.values()].reduce((sum, part) => sum + part.length, bytes.length),
    segment,
    facts: modelFacts(segment.graph),
    accuracy: null,
  }
}

async function readVariant(host: Host, path: string, stated: CardVariant | null): Promise<Variant> {
  const bytes = await readFile(host, path)
  const external = await readExternalFiles(host, bytes, host.files.dirname(path))
  const variant = await toVariant(host, bytes, path, external)
  if (!stated) return variant
  if (stated.sha256 === variant.sha256) return { ...variant, name: stated.name, accuracy: stated.accuracy }
  const detail = `The card says SHA-256 ${stated.sha256}, the file has ${variant.sha256}.`
  throw new MilliwattError('VARIANT_MISMATCH', path, detail)
}

/** A catalogue of one variant. */
export function singleVariant(variant: Variant, folder: string): Catalogue {
  return { name: variant.name, folder, card: null, variants: [variant] }
}

/**
 * A model file that lies in memory, as a catalogue of its own.
 * @param name what messages and reports call it
 * @throws MilliwattError MODEL_*
 */
export async function catalogueOfBytes(host: Host, bytes: Uint8Array, name: string): Promise<Catalogue> {
  return singleVariant(await toVariant(host, bytes, name, await readExternalFiles(host, bytes, null)), '')
}

/** Parses a card's text. @throws MilliwattError CARD_INVALID naming the field */
export function parseCard(text: string, where: string): Card {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new MilliwattError('CARD_INVALID', where, `It is not JSON: ${messageOf(error)}.`, error)
  }
  const parsed = cardSchema.safeParse(json)
  if (!parsed.success) throw new MilliwattError('CARD_INVALID', where, `${z.prettifyError(parsed.error)}.`)
  return parsed.data
}

/** Path of what the user named: a file, a folder, or the name of a model that ships with milliwatt. */
async function locate(host: Host, named: string): Promise<{ readonly path: string; readonly kind: 'file' | 'folder' }> {
  const { files } = host
  for (const path of [files.resolve(named), files.join(host.packageFolder, 'models', named)]) {
    const found = await files.stat(path)
    if (found?.kind === 'file') return { path, kind: 'file' }
    if (found && (await files.stat(files.join(path, 'card.json')))) return { path, kind: 'folder' }
  }
  throw new MilliwattError('MODEL_NOT_FOUND', named)
}

/**
 * Loads a model family by the path of a model file, the path of a folder with a card, or a shipped name.
 * Every variant file is read, checked and compared with the card's hash.
 * @throws MilliwattError MODEL_*, CARD_INVALID, VARIANT_MISMATCH
 */
export async function loadCatalogue(host: Host, named: string): Promise<Catalogue> {
  const { path, kind } = await locate(host, named)
  if (kind === 'file') {
    return singleVariant(await readVariant(host, path, null), host.files.dirname(path))
  }
  const cardPath = host.files.join(path, 'card.json')
  const card = parseCard(await host.files.readText(cardPath), cardPath)
  const variants = await Promise.all(
    card.variants.map((stated) => readVariant(host, host.files.join(path, stated.file), stated)),
  )
  return { name: card.name, folder: path, card, variants }
}
