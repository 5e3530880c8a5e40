import type { Backend } from '../backends/backend.ts'
import { type Catalogue, catalogueOfBytes, loadCatalogue, singleVariant, type Variant } from '../catalogue/load.ts'
import type { Host } from '../core/host.ts'
import { fixDimensions } from '../formats/convert/to-canonical/fix-dimensions.ts'
import { writeModel } from '../formats/list.ts'
import { modelFacts } from '../graph/facts.ts'
import { resizeInputs } from '../graph/resize.ts'
import { isWasm, openCompiledModule } from './compiled-module.ts'

/** A model to plan: its variants, and the only backend that can run them if there is but one. */
export interface ModelSource {
  readonly catalogue: Catalogue
  readonly backend?: Backend
}

/** What messages call a model that came as bytes. */
const unnamed = 'model'

async function compiledSource(host: Host, bytes: Uint8Array, file: string): Promise<ModelSource> {
  const { manifest, segment, backend } = openCompiledModule(bytes, file)
  const total = (field: 'macs' | 'constantBytes') => manifest.layers.reduce((sum, layer) => sum + layer[field], 0)
  const variant: Variant = {
    name: manifest.name || unnamed,
    file,
    sha256: await host.sha256(bytes),
    bytes: bytes.length,
    segment,
    facts: { dtype: 'compiled', parameters: 0, weightBytes: total('constantBytes'), macs: total('macs'), ops: [] },
    accuracy: null,
  }
  return { catalogue: singleVariant(variant, host.files.dirname(file)), backend }
}

/** The bytes of a module of `milliwatt compile` at a path; null for everything else. */
export async function findCompiledModule(host: Host, path: string): Promise<Uint8Array | null> {
  const resolved = host.files.resolve(path)
  if ((await host.files.stat(resolved))?.kind !== 'file') return null
  const bytes = await host.files.readBytes(resolved)
  return isWasm(bytes) ? bytes : null
}

/**
 * The variant with its open dimensions at these lengths. A file that records lengths for them is written anew with the
 * others, since engines take them from the file.
 * @throws MilliwattError MODEL_ILLEGAL where a length cannot be changed
 */
export function withDimensions(variant: Variant, dimensions: Readonly<Record<string, number>> = {}): Variant {
  if (Object.keys(dimensions).length === 0) return variant
  const { segment } = variant
  const named = fixDimensions(segment.graph, dimensions)
  const graph = resizeInputs(named, dimensions)
  const source =
    graph === named ? segment.source : { ...segment.source, bytes: writeModel(segment.source.format, graph) }
  return { ...variant, segment: { ...segment, graph, source }, facts: modelFacts(graph) }
}

/**
 * Reads a model: an .onnx or .tflite file, a module of `milliwatt compile`, a folder with a card or a shipped name, or
 * the bytes of any of the files.
 * @throws MilliwattError MODEL_*, CARD_INVALID, VARIANT_MISMATCH, BACKEND_UNAVAILABLE for modules of other instructions
 */
export async function readModelSource(host: Host, model: string | Uint8Array): Promise<ModelSource> {
  if (typeof model !== 'string') {
    const bytes = Uint8Array.from(model)
    if (isWasm(bytes)) return compiledSource(host, bytes, unnamed)
    return { catalogue: await catalogueOfBytes(host, bytes, unnamed) }
  }
  const module = await findCompiledModule(host, model)
  return module ? compiledSource(host, module, model) : { catalogue: await loadCatalogue(host, model) }
}
