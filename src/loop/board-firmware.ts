import { semanticsOf } from '../backends/compiled.ts'
import { loadCatalogue } from '../catalogue/load.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { imageModel } from '../firmware/bridge-image.ts'
import { cardListener } from '../firmware/card-listener.ts'
import { boardNamed } from '../firmware/flash/prepare.ts'
import type { ImageListener } from '../firmware/image-source.ts'
import { listPorts, readPort } from '../firmware/port.ts'
import { buildFirmwareFile, type FirmwareFile } from '../firmware/prebuilt.ts'
import { segmentIn } from '../formats/forms.ts'
import { loadTargets } from '../targets/load.ts'
import { loadVariant, type VariantOptions } from './raw-engine.ts'

/** What firmware to build. */
export interface BoardFirmwareOptions extends VariantOptions {
  /** Id or short name of a board that there is a port for. */
  readonly board: string
  /** `m-model` of MLPerf Tiny's protocol; the model's name by default. */
  readonly benchmark?: string
  /** The protocol's energy mode: its timestamps are edges of the marker pin. */
  readonly energy?: boolean
}

/** A firmware that was built, and for what. */
export interface BoardFirmware extends FirmwareFile {
  readonly board: string
  /** No emulator runs it: it is to be flashed. */
  readonly isMetal: boolean
  readonly model: string
  readonly arenaBytes: number
  readonly spotsWords: boolean
}

async function portOf(host: Host, name: string) {
  const { id } = boardNamed(await loadTargets(host), name)
  const ports = await listPorts(host)
  if (ports.includes(id)) return readPort(host, id)
  throw new MilliwattError(
    'TARGET_UNKNOWN',
    id,
    `There is no port of the firmware for it, only for: ${ports.join(', ')}.`,
  )
}

/** How a variant spots words, where its card tells. */
async function listenerOf(host: Host, model: string, variant: string): Promise<ImageListener | null> {
  const { card } = await loadCatalogue(host, model)
  return card && cardListener(card, variant)
}

/**
 * Builds the firmware of a board with a model of one's own.
 * @throws MilliwattError MODEL_*, VARIANT_*, TARGET_UNKNOWN, OP_UNSUPPORTED, FIRMWARE_BUILD with what the compiler said
 */
export async function buildBoardFirmware(
  host: Host,
  model: string,
  options: BoardFirmwareOptions,
): Promise<BoardFirmware> {
  const port = await portOf(host, options.board)
  const variant = await loadVariant(host, model, options)
  const { graph } = segmentIn(variant.segment, 'canonical')
  const { benchmark = variant.name } = options
  const given = { name: variant.name, graph, semantics: semanticsOf(variant.segment), benchmark }
  const rendered = await imageModel(host, given, 0)
  const listener = await listenerOf(host, model, variant.name)
  const folder = host.files.join(host.cacheFolder, 'firmware', `${port.id}-${rendered.hash}`)
  const image = { models: [rendered], ...(listener ? { listener } : {}) }
  const built = await buildFirmwareFile(host, port, image, folder, options.energy ? ['-DBRIDGE_ENERGY'] : [])
  const { arenaBytes } = rendered.model.manifest
  return {
    ...built,
    board: port.id,
    isMetal: port.machine === undefined,
    model: variant.name,
    arenaBytes,
    spotsWords: listener !== null,
  }
}
