import { MilliwattError, messageOf } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import { readElfParts } from '../elf-parts.ts'
import { type ImageFile, type ImageFormat, type ImageManifest, imageFormats, imagesFolder } from '../image-manifest.ts'
import { type ImagePart, joinParts, partBytes } from './image-part.ts'
import { readIntelHex } from './intel-hex.ts'
import { readUf2Families, type Uf2Image } from './uf2.ts'

/** Firmware to be written: the file as it lies on the disk, and what it puts where. */
export interface FlashImage {
  /** Path of the file. */
  readonly path: string
  readonly format: ImageFormat
  readonly file: Uint8Array
  /** SHA-256 of the file. */
  readonly sha256: string
  readonly parts: readonly ImagePart[]
  /** Bytes of all parts. */
  readonly bytes: number
  /** Of a prebuilt image. */
  readonly manifest: ImageManifest | null
}

/** What a board makes of an image. */
export interface ImageUse {
  readonly board: string
  /** Where a .bin file belongs. */
  readonly address: number
  /** Families of chips that the board takes in UF2 files; empty where it takes no such files. */
  readonly familyIds: readonly number[]
}

/**
 * Reads a firmware file of the user's, by its ending.
 * @throws MilliwattError IMAGE_NOT_FOUND, IMAGE_INVALID, IMAGE_WRONG_BOARD
 */
export async function readImageFile(host: Host, path: string, use: ImageUse): Promise<FlashImage> {
  const format = formatOf(path)
  if (!format) throw new MilliwattError('IMAGE_NOT_FOUND', path, 'Its ending is none of .uf2, .hex, .bin and .elf.')
  let file: Uint8Array
  try {
    file = await host.files.readBytes(path)
  } catch (error) {
    throw new MilliwattError('IMAGE_NOT_FOUND', path, `(${messageOf(error)})`, error)
  }
  return toImage(host, { path, format, file, manifest: null }, use)
}

/** The format that the ending of a path stands for; null for another ending. */
export function formatOf(path: string): ImageFormat | null {
  return imageFormats.find((format) => path.toLowerCase().endsWith(`.${format}`)) ?? null
}

/**
 * Reads a prebuilt image in the first of these formats that it has, and compares size and SHA-256 with its manifest.
 * @throws MilliwattError IMAGE_NOT_FOUND, IMAGE_INVALID, IMAGE_WRONG_BOARD
 */
export async function readPrebuiltImage(
  host: Host,
  manifest: ImageManifest,
  formats: readonly ImageFormat[],
  use: ImageUse,
): Promise<FlashImage> {
  const listed = formats.flatMap((format) => manifest.files.find((entry) => entry.format === format) ?? [])[0]
  const folder = host.files.join(imagesFolder(host), manifest.board)
  if (!listed) throw new MilliwattError('IMAGE_NOT_FOUND', folder, `It has none of ${formats.join(', ')}.`)
  const path = host.files.join(folder, listed.file)
  const file = await readListed(host, path, listed)
  const address = Number.parseInt(manifest.address, 16)
  return toImage(host, { path, format: listed.format, file, manifest }, { ...use, address })
}

async function readListed(host: Host, path: string, { bytes, sha256 }: ImageFile): Promise<Uint8Array> {
  const file = await host.files.readBytes(path).catch((error: unknown) => {
    throw new MilliwattError(
      'IMAGE_NOT_FOUND',
      path,
      `Its manifest names it, but it cannot be read (${messageOf(error)}).`,
    )
  })
  if (file.length !== bytes)
    throw new MilliwattError('IMAGE_INVALID', path, `It has ${file.length} bytes; its manifest says ${bytes}.`)
  if ((await host.sha256(file)) !== sha256)
    throw new MilliwattError('IMAGE_INVALID', path, 'Its SHA-256 is not the one that its manifest says.')
  return file
}

async function toImage(
  host: Host,
  image: Pick<FlashImage, 'path' | 'format' | 'file' | 'manifest'>,
  use: ImageUse,
): Promise<FlashImage> {
  const parts = partsOf(image.path, image.format, image.file, use)
  return { ...image, parts, bytes: partBytes(parts), sha256: await host.sha256(image.file) }
}

function partsOf(path: string, format: ImageFormat, file: Uint8Array, use: ImageUse): readonly ImagePart[] {
  if (file.length === 0) throw new MilliwattError('IMAGE_INVALID', path, 'It is empty.')
  if (format === 'uf2') return familyFor(path, readUf2Families(file, path), use).parts
  if (format === 'hex') return readIntelHex(new TextDecoder().decode(file), path)
  if (format === 'elf') return elfParts(path, file)
  return [{ address: use.address, bytes: file }]
}

const asHex = (value: number) => value.toString(16).padStart(8, '0')

/** The part of a UF2 file that is for this board. */
function familyFor(path: string, families: readonly Uf2Image[], { board, familyIds }: ImageUse): Uf2Image {
  const wanted = families.find(({ familyId }) => familyId === null || familyIds.includes(familyId))
  if (wanted) return wanted
  const held = families.map(({ familyId }) => asHex(familyId ?? 0)).join(', ')
  const takes = familyIds.length > 0 ? `takes ${familyIds.map(asHex).join(', ')}` : 'takes no UF2 files'
  throw new MilliwattError('IMAGE_WRONG_BOARD', path, `It is for chips of the family ${held}; ${board} ${takes}.`)
}

const elfHeadBytes = 52
const elfEntryBytes = 32

/** What an ELF file of 32 bits, little-endian, loads. */
function elfParts(path: string, file: Uint8Array): readonly ImagePart[] {
  const refuse = (problem: string) => new MilliwattError('IMAGE_INVALID', path, problem)
  const head = [0x7f, 0x45, 0x4c, 0x46, 1, 1]
  if (file.length < elfHeadBytes || head.some((byte, at) => file[at] !== byte))
    throw refuse('It is no ELF file of 32 bits, little-endian.')
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const [table, entryBytes, entries] = [view.getUint32(28, true), view.getUint16(42, true), view.getUint16(44, true)]
  const cut = refuse('It ends before what its head announces.')
  if (entries > 0 && (entryBytes < elfEntryBytes || table + entries * entryBytes > file.length)) throw cut
  for (let at = table; at < table + entries * entryBytes; at += entryBytes)
    if (view.getUint32(at + 4, true) + view.getUint32(at + 16, true) > file.length) throw cut
  const parts = joinParts(readElfParts(file), path)
  if (parts.length === 0) throw refuse('Nothing in it is loaded.')
  return parts
}
