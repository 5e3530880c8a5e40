import { z } from 'zod'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'

/** Formats of files with firmware. */
export const imageFormats = ['uf2', 'hex', 'bin', 'elf'] as const

/** A format of files with firmware. */
export type ImageFormat = (typeof imageFormats)[number]

/** One file of a prebuilt image, beside its manifest. */
export interface ImageFile {
  readonly format: ImageFormat
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

/**
 * `firmware-bridge/images/BOARD/manifest.json`: what the firmware images of a board hold and how they were built.
 * Readers refuse versions that they do not know.
 */
export interface ImageManifest {
  readonly version: 1
  /** Id of a file in `targets/boards`. */
  readonly board: string
  /** The model inside: its name in the catalogue, and the file that it was compiled from. */
  readonly model: {
    readonly name: string
    readonly sha256: string
    /** First 8 bytes of the SHA-256 of its C, as 16 hexadecimal digits: what the firmware tells of it. */
    readonly hash: string
  }
  /** The same firmware in every format that the board's flashers take, the one to prefer first. */
  readonly files: readonly [ImageFile, ...ImageFile[]]
  /** Where the first byte of the .bin file belongs, as hex of eight digits. */
  readonly address: string
  /** What it was built with, such as `arm-none-eabi-gcc 12.2.1`. */
  readonly toolchain: string
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex')
const file = z.strictObject({
  format: z.enum(imageFormats),
  file: z.string().regex(/^[\w.-]+$/, 'must be a file beside the manifest'),
  bytes: z.int().positive(),
  sha256,
})

/** Schema of an image's manifest. */
const imageManifestSchema: z.ZodType<ImageManifest> = z.strictObject({
  version: z.literal(1),
  board: z.string().min(1),
  model: z.strictObject({
    name: z.string().min(1),
    sha256,
    hash: z.string().regex(/^[0-9a-f]{16}$/, 'must be 16 lower-case hex digits'),
  }),
  files: z.tuple([file], file),
  address: z.string().regex(/^[0-9a-f]{8}$/, 'must be eight lower-case hex digits'),
  toolchain: z.string().min(1),
})

/** What a user calls an image: its files' name without ending, or the model inside. */
export function imageNames({ files, model }: ImageManifest): readonly [string, ...string[]] {
  return [files[0].file.replace(/\.\w+$/, ''), model.name]
}

/** Folder of the prebuilt images, one folder a board. */
export function imagesFolder(host: Host): string {
  return host.files.join(host.packageFolder, 'firmware-bridge', 'images')
}

/**
 * Reads the manifest of a board's prebuilt images; null where the board has none.
 * @throws MilliwattError IMAGE_INVALID for a manifest that does not follow its schema, IMAGE_WRONG_BOARD for another board's
 */
export async function readImageManifest(host: Host, board: string): Promise<ImageManifest | null> {
  const path = host.files.join(imagesFolder(host), board, 'manifest.json')
  if (!(await host.files.stat(path))) return null
  const manifest = parseManifest(path, await host.files.readText(path))
  if (manifest.board !== board)
    throw new MilliwattError('IMAGE_WRONG_BOARD', path, `It is for "${manifest.board}", not for "${board}".`)
  return manifest
}

/**
 * The prebuilt firmware of an emulated board, as an ELF file; null where there is none, or none with the model of this hash.
 * @param hash of the only model that is wanted; any by default
 * @throws MilliwattError as `readImageManifest`
 */
export async function prebuiltElf(host: Host, board: string, hash?: string): Promise<string | null> {
  const manifest = await readImageManifest(host, board)
  const elf = manifest?.files.find(({ format }) => format === 'elf')
  if (!manifest || !elf || (hash !== undefined && manifest.model.hash !== hash)) return null
  return host.files.join(imagesFolder(host), board, elf.file)
}

function parseManifest(path: string, text: string): ImageManifest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new MilliwattError('IMAGE_INVALID', path, `It is not JSON: ${messageOf(error)}.`, error)
  }
  const read = imageManifestSchema.safeParse(value)
  if (read.success) return read.data
  const issue = read.error.issues[0]
  const field = issue?.path.map(String).join('.') || '(whole file)'
  throw new MilliwattError('IMAGE_INVALID', path, `Field ${field}: ${issue?.message ?? 'is wrong'}.`)
}
