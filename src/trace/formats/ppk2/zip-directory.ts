import { MilliwattError } from '../../../core/errors.ts'
import type { FileReader } from '../../../core/host.ts'

/** A member of a zip archive. */
export interface ZipMember {
  readonly name: string
  /** 0 stored, 8 deflated. */
  readonly method: number
  readonly crc: number
  readonly packedBytes: number
  readonly sizeBytes: number
  /** Where its own header lies. */
  readonly offset: number
}

/** The end record without its comment, and the longest comment. */
const [endBytes, longestComment] = [22, 65_535] as const
const longestDirectory = 1 << 20

const invalid = (path: string, detail: string) => new MilliwattError('TRACE_INVALID', path, detail)

/**
 * Members of a zip archive, by the directory at its end (APPNOTE 6.3, sections 4.3.12 and 4.3.16).
 * @throws MilliwattError TRACE_INVALID where it is cut or damaged, or needs zip64
 */
export async function readDirectory(reader: FileReader, path: string): Promise<readonly ZipMember[]> {
  const tailStart = Math.max(0, reader.sizeBytes - endBytes - longestComment)
  const tail = await reader.read(tailStart, reader.sizeBytes)
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength)
  let at = tail.length - endBytes
  while (at >= 0 && view.getUint32(at, true) !== 0x06054b50) at--
  if (at < 0) throw invalid(path, 'The archive has no directory: it was cut, or is no zip.')
  const count = view.getUint16(at + 10, true)
  const bytes = view.getUint32(at + 12, true)
  const offset = view.getUint32(at + 16, true)
  if (count === 0xffff || offset === 0xffffffff) throw invalid(path, 'Archives of the zip64 kind are not read.')
  if (bytes > longestDirectory || offset + bytes > reader.sizeBytes) throw invalid(path, 'Its directory is damaged.')
  return members(await reader.read(offset, offset + bytes), count, path)
}

function members(directory: Uint8Array, count: number, path: string): readonly ZipMember[] {
  const view = new DataView(directory.buffer, directory.byteOffset, directory.byteLength)
  const found: ZipMember[] = []
  for (let at = 0; found.length < count; ) {
    if (at + 46 > directory.length || view.getUint32(at, true) !== 0x02014b50)
      throw invalid(path, 'Its directory is damaged.')
    const nameBytes = view.getUint16(at + 28, true)
    found.push({
      name: new TextDecoder().decode(directory.subarray(at + 46, at + 46 + nameBytes)),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packedBytes: view.getUint32(at + 20, true),
      sizeBytes: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    })
    at += 46 + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  }
  return found
}
