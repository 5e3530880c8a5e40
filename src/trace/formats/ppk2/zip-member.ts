import { Inflate } from 'fflate'
import { MilliwattError, messageOf } from '../../../core/errors.ts'
import type { FileReader } from '../../../core/host.ts'
import { crc32 } from '../../crc32.ts'
import type { ZipMember } from './zip-directory.ts'

/** Deflate packs at most 1032 to 1, so that one piece gives at most 16 MB. */
const pieceBytes = 16 * 1024

/**
 * Content of a member in pieces.
 * @throws MilliwattError TRACE_INVALID where it is cut or damaged
 */
export async function* memberContent(reader: FileReader, member: ZipMember, path: string): AsyncGenerator<Uint8Array> {
  const damaged = (detail: string) => new MilliwattError('TRACE_INVALID', path, `${member.name}: ${detail}.`)
  const head = await reader.read(member.offset, member.offset + 30)
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  if (head.length < 30 || view.getUint32(0, true) !== 0x04034b50) throw damaged('its header is damaged')
  if (member.method !== 0 && member.method !== 8) throw damaged(`its packing (${member.method}) is not known`)
  const start = member.offset + 30 + view.getUint16(26, true) + view.getUint16(28, true)
  const end = start + member.packedBytes
  if (end > reader.sizeBytes) throw damaged('it was cut')
  const unpack = member.method === 8 ? inflating() : (piece: Uint8Array) => [piece]
  let crc = 0
  let size = 0
  for (let at = start; at < end; at += pieceBytes) {
    const piece = await reader.read(at, Math.min(end, at + pieceBytes))
    for (const content of unpacked(unpack, piece, at + pieceBytes >= end, damaged)) {
      crc = crc32(content, crc)
      size += content.length
      if (size > member.sizeBytes) throw damaged('it is longer than it says')
      yield content
    }
  }
  if (size !== member.sizeBytes) throw damaged('it is shorter than it says')
  if (crc !== member.crc) throw damaged('its check sum is wrong')
}

type Unpack = (piece: Uint8Array, isLast: boolean) => readonly Uint8Array[]

function unpacked(
  unpack: Unpack,
  piece: Uint8Array,
  isLast: boolean,
  damaged: (detail: string) => Error,
): readonly Uint8Array[] {
  try {
    return unpack(piece, isLast)
  } catch (error) {
    throw damaged(messageOf(error))
  }
}

function inflating(): Unpack {
  let out: Uint8Array[] = []
  const inflate = new Inflate((content) => {
    if (content.length > 0) out.push(content)
  })
  return (piece, isLast) => {
    out = []
    inflate.push(piece, isLast)
    return out
  }
}

/** A short member as text. @throws MilliwattError TRACE_INVALID where it is longer or damaged */
export async function memberText(
  reader: FileReader,
  member: ZipMember,
  path: string,
  longestBytes: number,
): Promise<string> {
  if (member.sizeBytes > longestBytes) {
    throw new MilliwattError('TRACE_INVALID', path, `${member.name}: ${member.sizeBytes} bytes cannot be right.`)
  }
  const decoder = new TextDecoder()
  let text = ''
  for await (const piece of memberContent(reader, member, path)) text += decoder.decode(piece, { stream: true })
  return text + decoder.decode()
}
