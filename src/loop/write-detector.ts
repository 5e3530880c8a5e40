import type { CardCascade, CardDetector } from '../catalogue/card.ts'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'

/**
 * Writes detectors into the card of a folder, by variant, and a cascade if there is one; everything else stays as it is.
 * @throws MilliwattError OUTPUT_WRITE
 */
export async function writeDetectors(
  host: Host,
  folder: string,
  detectors: ReadonlyMap<string, CardDetector>,
  cascade?: CardCascade,
): Promise<string> {
  const path = host.files.join(folder, 'card.json')
  const card = JSON.parse(await host.files.readText(path)) as { variants: { name: string }[] }
  const variants = card.variants.map((variant) => {
    const detector = detectors.get(variant.name)
    return detector ? { ...variant, detector } : variant
  })
  try {
    await host.files.write(path, `${JSON.stringify({ ...card, variants, ...(cascade ? { cascade } : {}) }, null, 2)}\n`)
  } catch (error) {
    throw new MilliwattError('OUTPUT_WRITE', path, messageOf(error), error)
  }
  return path
}
