import { loadCatalogue } from '../catalogue/load.ts'
import type { Host } from '../core/host.ts'
import { segmentIn } from '../formats/forms.ts'
import { cardListener } from './card-listener.ts'
import type { PrebuiltModel } from './prebuilt.ts'

/** Of the catalogue's keyword spotters: the middle one of int8, which every board runs in well under a second. */
const variantName = 'ds-cnn-32-int8'

/** The model inside the prebuilt images, and how it spots words. @throws MilliwattError MODEL_* */
export async function loadPrebuiltModel(host: Host): Promise<PrebuiltModel> {
  const family = 'kws'
  const { card, variants } = await loadCatalogue(host, host.files.join(host.packageFolder, 'models', family))
  const { name, segment, sha256 } = variants.find((variant) => variant.name === variantName)!
  const listener = cardListener(card!, name)!
  return { family, name, graph: segmentIn(segment, 'canonical').graph, semantics: 'fp32', sha256, listener }
}
