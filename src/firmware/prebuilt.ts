import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { buildBridge, type GivenModel, imageModel } from './bridge-image.ts'
import { compilerVersion } from './build.ts'
import { readElfParts } from './elf-parts.ts'
import type { FirmwareSizes } from './elf-sizes.ts'
import { writeIntelHex } from './flash/intel-hex.ts'
import { writeUf2 } from './flash/uf2.ts'
import type { ImageManifest } from './image-manifest.ts'
import type { ImageDescription, ImageListener } from './image-source.ts'
import type { Port, PortImage } from './port.ts'

/** The model of a prebuilt image: a variant of a family, the SHA-256 of its file, and how it spots words. */
export interface PrebuiltModel extends GivenModel {
  /** As the catalogue calls it, and people who flash it. */
  readonly family: string
  readonly sha256: string
  readonly listener: ImageListener
}

/** A prebuilt image: the file that a board's flasher takes, and its manifest. */
export interface Prebuilt {
  readonly manifest: ImageManifest
  readonly file: Uint8Array
  readonly sizes: FirmwareSizes
}

/** Flash and RAM in bytes as the README of firmware-bridge shows them: `32 124, 20 532`. */
export function sizesText({ flashBytes, ramBytes }: FirmwareSizes): string {
  const grouped = (bytes: number) => String(bytes).replaceAll(/\B(?=(\d{3})+$)/g, ' ')
  return `${grouped(flashBytes)}, ${grouped(ramBytes)}`
}

/** Speed counts more than flash, of which these boards have plenty; names of functions and files are left out. */
const flags: readonly string[] = ['-O2', '-s']

/** From the first byte to the last; what no part says is erased flash. */
function writeBin(elf: Uint8Array): Uint8Array {
  const parts = readElfParts(elf)
  const [first, last] = [parts[0]!.address, parts.at(-1)!]
  const bin = new Uint8Array(last.address + last.bytes.length - first).fill(0xff)
  for (const { address, bytes } of parts) bin.set(bytes, address - first)
  return bin
}

function imageFile(elf: Uint8Array, image: PortImage): Uint8Array {
  if (image.format === 'uf2') return writeUf2(readElfParts(elf), Number.parseInt(image.familyId, 16))
  if (image.format === 'hex') return new TextEncoder().encode(writeIntelHex(readElfParts(elf)))
  return image.format === 'bin' ? writeBin(elf) : elf
}

/** A firmware as the file that a board's flasher takes. */
export interface FirmwareFile {
  readonly format: PortImage['format']
  readonly file: Uint8Array
  /** Where its first byte belongs. */
  readonly address: number
  readonly sizes: FirmwareSizes
}

/**
 * Builds a firmware as the file that the board's flasher takes. The same compiler makes the same bytes, wherever it runs.
 * @param folder where to build
 * @param more flags of the compiler beside the usual ones
 * @throws MilliwattError FIRMWARE_BUILD, also for a port that says of no file
 */
export async function buildFirmwareFile(
  host: Host,
  port: Port,
  { models, listener }: Pick<ImageDescription, 'models' | 'listener'>,
  folder: string,
  more: readonly string[] = [],
): Promise<FirmwareFile> {
  const { id: board, clockHz, image } = port
  if (!image) throw new MilliwattError('FIRMWARE_BUILD', board, 'Its port.json names no file for a flasher.')
  const about = { board, clockHz, vendor: 'milliwatt', version: '1', models, ...(listener ? { listener } : {}) }
  const built = await buildBridge(host, port, about, { folder, flags: [...flags, ...more] })
  const elf = await host.files.readBytes(built.elf)
  const address = readElfParts(elf)[0]!.address
  return { format: image.format, file: imageFile(elf, image), address, sizes: built.sizes }
}

/**
 * Builds a prebuilt image of a board.
 * @param folder where to build
 * @throws MilliwattError FIRMWARE_BUILD, OP_UNSUPPORTED
 */
export async function buildPrebuilt(host: Host, port: Port, given: PrebuiltModel, folder: string): Promise<Prebuilt> {
  const model = await imageModel(host, given, 0)
  const { listener } = given
  const { format, file, address, sizes } = await buildFirmwareFile(host, port, { models: [model], listener }, folder)
  const name = `${given.family}.${format}`
  const manifest: ImageManifest = {
    version: 1,
    board: port.id,
    model: { name: given.family, sha256: given.sha256, hash: model.hash },
    files: [{ format, file: name, bytes: file.length, sha256: await host.sha256(file) }],
    address: address.toString(16).padStart(8, '0'),
    toolchain: await compilerVersion(host),
  }
  return { manifest, file, sizes }
}
