import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { buildBridge, type GivenModel, imageModel } from './bridge-image.ts'
import { compilerVersion } from './build.ts'
import { readElfParts } from './elf-parts.ts'
import type { FirmwareSizes } from './elf-sizes.ts'
import { writeIntelHex } from './flash/intel-hex.ts'
import { writeUf2 } from './flash/uf2.ts'
import type { ImageManifest } from './image-manifest.ts'
import type { ImageListener } from './image-source.ts'
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

/**
 * Builds the firmware of a board with one model in it, as the file that its flasher takes. The same compiler makes the same
 * bytes, wherever it runs.
 * @param folder where to build
 * @throws MilliwattError FIRMWARE_BUILD, also for a port that says of no file; OP_UNSUPPORTED
 */
export async function buildPrebuilt(host: Host, port: Port, given: PrebuiltModel, folder: string): Promise<Prebuilt> {
  const { image } = port
  if (!image) throw new MilliwattError('FIRMWARE_BUILD', port.id, 'Its port.json names no file for a flasher.')
  const model = await imageModel(host, given, 0)
  const { id: board, clockHz } = port
  const description = { board, clockHz, vendor: 'milliwatt', version: '1', models: [model], listener: given.listener }
  const built = await buildBridge(host, port, description, { folder, flags })
  const elf = await host.files.readBytes(built.elf)
  const file = imageFile(elf, image)
  const listed = {
    format: image.format,
    file: `${given.family}.${image.format}`,
    bytes: file.length,
    sha256: await host.sha256(file),
  }
  const manifest: ImageManifest = {
    version: 1,
    board: port.id,
    model: { name: given.family, sha256: given.sha256, hash: model.hash },
    files: [listed],
    address: readElfParts(elf)[0]!.address.toString(16).padStart(8, '0'),
    toolchain: await compilerVersion(host),
  }
  return { manifest, file, sizes: built.sizes }
}
