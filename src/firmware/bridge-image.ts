import { columnQuantizer } from '../audio/fixed/quantizer.ts'
import { fixedTables } from '../audio/fixed/tables.ts'
import { compileC } from '../compile/c/compile-c.ts'
import { renderFrontend } from '../compile/c/frontend.ts'
import type { CModel } from '../compile/c/render.ts'
import type { Semantics } from '../compile/program.ts'
import type { Host } from '../core/host.ts'
import type { Graph } from '../graph/graph.ts'
import { buildFirmware } from './build.ts'
import type { FirmwareSizes } from './elf-sizes.ts'
import { type ImageDescription, type ImageListener, type ImageModel, imageSource } from './image-source.ts'
import type { Port } from './port.ts'

/** C files of a folder of `firmware-bridge`. */
async function filesIn(host: Host, part: 'audio' | 'runtime'): Promise<readonly string[]> {
  const folder = host.files.join(host.packageFolder, 'firmware-bridge', part)
  const names = await host.files.list(folder)
  return names.filter((name) => name.endsWith('.c')).map((name) => host.files.join(folder, name))
}

/** First 8 bytes of the SHA-256 of a model's C, comments left out, as hexadecimal digits: what tells models apart. */
export async function modelHash(host: Host, graph: Graph, semantics: Semantics): Promise<string> {
  const model = compileC(graph, { target: 'portable', semantics, name: 'model' })
  const text = [...model.files.values()].join('\0').replaceAll(/\/\*[\s\S]*?\*\//g, '')
  return (await host.sha256(new TextEncoder().encode(text))).slice(0, 16)
}

/** A model to put into a firmware, in the canonical form. */
export interface GivenModel {
  readonly name: string
  readonly graph: Graph
  readonly semantics: Semantics
  readonly benchmark?: string
  readonly answersError?: boolean
}

/** Renders a model for the place that it has in a firmware. @throws MilliwattError OP_UNSUPPORTED */
export async function imageModel(host: Host, given: GivenModel, index: number): Promise<ImageModel> {
  const { name, graph, semantics, benchmark = name, answersError = false } = given
  const model = compileC(graph, { target: 'portable', semantics, name: `model_${index}` })
  return { model, name, hash: await modelHash(host, graph, semantics), benchmark, answersError }
}

/** Where to build, and how. */
export interface BridgeBuild {
  /** Folder for the C files and the firmware. */
  readonly folder: string
  /** `-Os` by default. */
  readonly flags?: readonly string[]
}

/** A firmware that was built. */
export interface BuiltImage {
  readonly elf: string
  readonly sizes: FirmwareSizes
}

/** Files of the front end of a firmware's first model, the common ones in `firmware-bridge/audio` included. */
async function frontendFiles(host: Host, folder: string, { features }: ImageListener, { model }: ImageModel) {
  const { dtype, scale, zeroPoint } = model.manifest.inputs[0]!
  const isBytes = dtype === 'int8' || dtype === 'uint8'
  // A net that takes floats gets the features themselves.
  const quantizer = isBytes ? columnQuantizer(scale, zeroPoint, dtype) : columnQuantizer(1, 0, 'int8')
  for (const [name, text] of renderFrontend(fixedTables(features), quantizer))
    await host.files.write(host.files.join(folder, name), text)
  return [host.files.join(folder, 'frontend_tables.c'), ...(await filesIn(host, 'audio'))]
}

/** Writes the C of a model's files into a folder; their paths. */
async function writeModel(host: Host, folder: string, { files, manifest }: CModel): Promise<string> {
  for (const [name, text] of files) await host.files.write(host.files.join(folder, name), text)
  return host.files.join(folder, `${manifest.name}.c`)
}

/** What a compiler needs of a firmware besides its port. */
export interface ImageFiles {
  readonly files: readonly string[]
  readonly flags: readonly string[]
}

/** Writes the C of a firmware into a folder and names all its files, those of the runtime included. */
export async function writeImage(host: Host, image: ImageDescription, folder: string): Promise<ImageFiles> {
  const models: string[] = []
  for (const { model } of image.models) models.push(await writeModel(host, folder, model))
  const main = host.files.join(folder, 'image.c')
  await host.files.write(main, imageSource(image))
  const { listener } = image
  const frontend = listener ? await frontendFiles(host, folder, listener, image.models[0]!) : []
  return {
    files: [main, ...models, ...frontend, ...(await filesIn(host, 'runtime'))],
    flags: ['-DMILLIWATT_LAYERS', ...(listener ? ['-DBRIDGE_LISTENS'] : [])],
  }
}

/**
 * Builds the firmware of a board: runtime, port and models.
 * @throws MilliwattError FIRMWARE_BUILD with what the compiler said
 */
export async function buildBridge(
  host: Host,
  port: Port,
  image: ImageDescription,
  { folder, flags = ['-Os'] }: BridgeBuild,
): Promise<BuiltImage> {
  const { files, flags: needed } = await writeImage(host, image, folder)
  const elf = host.files.join(folder, 'firmware.elf')
  const sources = { files, includes: [folder], flags: [...flags, ...needed] }
  return { elf, sizes: await buildFirmware(host, port, sources, elf) }
}
