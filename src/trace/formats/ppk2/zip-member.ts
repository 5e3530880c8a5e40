import { MilliwattError, messageOf } from '../../../core/errors.ts'
import { filePieces } from '../../../core/file-pieces.ts'
import type { FileReader } from '../../../core/host.ts'
import { crc32 } from '../../crc32.ts'
import type { ZipMember } from './zip-directory.ts'

const [stored, deflated] = [0, 8]

/**
 * Content of a member in pieces; the platform's own inflate unpacks.
 * @throws MilliwattError TRACE_INVALID where it is cut or damaged
 */
export async function* memberContent(reader: FileReader, member: ZipMember, path: string): AsyncGenerator<Uint8Array> {
  const damaged = (detail: string) => new MilliwattError('TRACE_INVALID', path, `${member.name}: ${detail}.`)
  const head = await reader.read(member.offset, member.offset + 30)
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  if (head.length < 30 || view.getUint32(0, true) !== 0x04034b50) throw damaged('its header is damaged')
  if (member.method !== stored && member.method !== deflated)
    throw damaged(`its packing (${member.method}) is not known`)
  const start = member.offset + 30 + view.getUint16(26, true) + view.getUint16(28, true)
  const end = start + member.packedBytes
  if (end > reader.sizeBytes) throw damaged('it was cut')
  const pieces = filePieces(reader, start, end)
  let crc = 0
  let size = 0
  for await (const content of member.method === deflated ? inflated(pieces, damaged) : pieces) {
    crc = crc32(content, crc)
    size += content.length
    if (size > member.sizeBytes) throw damaged('it is longer than it says')
    yield content
  }
  if (size !== member.sizeBytes) throw damaged('it is shorter than it says')
  if (crc !== member.crc) throw damaged('its check sum is wrong')
}

async function* inflated(
  pieces: AsyncIterable<Uint8Array>,
  damaged: (detail: string) => Error,
): AsyncGenerator<Uint8Array> {
  const stream = new DecompressionStream('deflate-raw')
  const packed = stream.writable.getWriter()
  const feed = async () => {
    for await (const piece of pieces) await packed.write(piece as Uint8Array<ArrayBuffer>)
    await packed.close()
  }
  // Damage shows on both ends of the stream; it is told where the content is read.
  feed().catch(() => {})
  const content = stream.readable.getReader()
  try {
    for (;;) {
      const chunk = await content.read().catch((error: unknown) => {
        throw damaged(messageOf(error))
      })
      if (chunk.done) return
      yield chunk.value
    }
  } finally {
    await content.cancel().catch(() => {})
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
