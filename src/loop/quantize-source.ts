import type { Card, CardVariant } from '../catalogue/card.ts'
import { loadCatalogue, parseCard, type Variant } from '../catalogue/load.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { withDimensions } from './model-source.ts'

/** A float model to quantise, and the card that tells what its inputs are made of. */
export interface QuantizeSource {
  readonly variant: Variant
  readonly card: { readonly card: Card; readonly folder: string } | null
}

/** What the user named. */
export interface SourceOptions {
  readonly variant?: string
  /** Folder of the card, or the name of a shipped model; by default that beside the file if it lists it. */
  readonly card?: string
  readonly dimensions?: Readonly<Record<string, number>>
}

/** The card beside a model file that lists it; null without one. */
async function cardBeside(host: Host, folder: string, file: string): Promise<QuantizeSource['card']> {
  const path = host.files.join(folder, 'card.json')
  if ((await host.files.stat(path))?.kind !== 'file') return null
  const card = parseCard(await host.files.readText(path), path)
  const listed = (variant: CardVariant) => variant.file === host.files.basename(file)
  return card.variants.some(listed) ? { card, folder } : null
}

const isFloat = ({ facts }: Variant) => facts.dtype.startsWith('float') || facts.dtype.includes('weights')

/**
 * Reads the model to quantise: a file, or a float variant of a family.
 * @throws MilliwattError MODEL_*, CARD_INVALID, VARIANT_UNKNOWN, USAGE where a family has several float variants
 */
export async function readQuantizeSource(host: Host, model: string, options: SourceOptions): Promise<QuantizeSource> {
  const catalogue = await loadCatalogue(host, model)
  const all = catalogue.card ? catalogue.variants.filter(isFloat) : catalogue.variants
  const names = all.map(({ name }) => name).join(', ')
  const named = options.variant
  const [variant, second] = named === undefined ? all : catalogue.variants.filter(({ name }) => name === named)
  if (!variant) throw new MilliwattError('VARIANT_UNKNOWN', named ?? model, `Float variants are: ${names || 'none'}.`)
  if (second)
    throw new MilliwattError('USAGE', model, `It has several float variants; take one with --variant: ${names}.`)
  const fixed = withDimensions(variant, options.dimensions)
  if (options.card !== undefined) {
    const { card, folder } = await loadCatalogue(host, options.card)
    if (!card)
      throw new MilliwattError('CARD_INVALID', options.card, 'It is a model file; give the folder of its card.')
    return { variant: fixed, card: { card, folder } }
  }
  const own = catalogue.card && { card: catalogue.card, folder: catalogue.folder }
  return { variant: fixed, card: own ?? (await cardBeside(host, catalogue.folder, variant.file)) }
}
