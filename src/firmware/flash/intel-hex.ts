import { MilliwattError } from '../../core/errors.ts'
import { type ImagePart, joinParts } from './image-part.ts'

/** Record types of Intel's "Hexadecimal Object File Format Specification", revision A, 1988. */
const types = { data: 0, end: 1, segment: 2, startSegment: 3, linear: 4, startLinear: 5 } as const

const recordBytes = 16
const bankBytes = 0x10000

/**
 * Writes an Intel HEX file with 16 bytes a line.
 * @throws MilliwattError IMAGE_INVALID for parts that overlap, or none
 */
export function writeIntelHex(parts: readonly ImagePart[]): string {
  const joined = joinParts(parts, 'HEX image')
  if (joined.length === 0) throw invalid('HEX image', 'It holds nothing')
  const lines: string[] = []
  let bank = 0
  for (const { address, bytes } of joined) {
    let at = address
    while (at < address + bytes.length) {
      const here = Math.floor(at / bankBytes)
      if (here !== bank) lines.push(toRecord(types.linear, 0, Uint8Array.of(here >> 8, here & 0xff)))
      bank = here
      const end = Math.min(at - (at % recordBytes) + recordBytes, address + bytes.length)
      lines.push(toRecord(types.data, at % bankBytes, bytes.subarray(at - address, end - address)))
      at = end
    }
  }
  return `${[...lines, toRecord(types.end, 0, new Uint8Array())].join('\n')}\n`
}

function toRecord(type: number, address: number, bytes: Uint8Array): string {
  const record = [bytes.length, address >> 8, address & 0xff, type, ...bytes]
  const sum = record.reduce((total, byte) => total + byte, 0)
  return `:${[...record, -sum & 0xff].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('')}`
}

/** One line. */
interface HexRecord {
  readonly type: number
  readonly address: number
  readonly bytes: Uint8Array
}

/**
 * Reads an Intel HEX file.
 * @param where names the file in errors
 * @throws MilliwattError IMAGE_INVALID for a file that is cut off (no end record), damaged, or overlaps itself
 */
export function readIntelHex(text: string, where = 'HEX image'): readonly ImagePart[] {
  const parts: ImagePart[] = []
  let base = 0
  let wraps = false
  let ended = false
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    if (line === '') continue
    const place = `Line ${index + 1}`
    if (ended) throw invalid(where, `${place} comes behind the end record`)
    const { type, address, bytes } = readRecord(line, where, place)
    if (type === types.data) parts.push(...(wraps ? wrapped : straight)(base, address, bytes))
    else if (type === types.end) ended = true
    else if (type === types.segment || type === types.linear) {
      wraps = type === types.segment
      base = wordOf(bytes, where, place) * (wraps ? 16 : bankBytes)
    } else if (type !== types.startSegment && type !== types.startLinear) throw unknownType(type, where, place)
  }
  if (!ended) throw invalid(where, 'It has no end record: it is cut off, or no Intel HEX file')
  const joined = joinParts(parts, where)
  if (joined.length === 0) throw invalid(where, 'It holds nothing')
  return joined
}

function straight(base: number, address: number, bytes: Uint8Array): readonly ImagePart[] {
  return [{ address: base + address, bytes }]
}

/** In a segment, what goes beyond its end goes on at its beginning. */
function wrapped(base: number, address: number, bytes: Uint8Array): readonly ImagePart[] {
  const first = Math.min(bytes.length, bankBytes - address)
  return [
    { address: base + address, bytes: bytes.subarray(0, first) },
    { address: base, bytes: bytes.subarray(first) },
  ]
}

function readRecord(line: string, where: string, place: string): HexRecord {
  if (!/^:([0-9a-fA-F]{2}){5,}$/.test(line)) throw invalid(where, `${place} is no record of an Intel HEX file`)
  const bytes = Uint8Array.from({ length: (line.length - 1) / 2 }, (_, at) =>
    Number.parseInt(line.slice(1 + 2 * at, 3 + 2 * at), 16),
  )
  if (bytes.length !== bytes[0]! + 5)
    throw invalid(where, `${place} says that it holds ${bytes[0]} bytes, and holds ${bytes.length - 5}`)
  if (bytes.reduce((sum, byte) => sum + byte, 0) % 256 !== 0) throw invalid(where, `${place} has a wrong checksum`)
  return { type: bytes[3]!, address: bytes[1]! * 256 + bytes[2]!, bytes: bytes.subarray(4, -1) }
}

function wordOf(bytes: Uint8Array, where: string, place: string): number {
  if (bytes.length !== 2) throw invalid(where, `${place} has an address of ${bytes.length} bytes in place of 2`)
  return bytes[0]! * 256 + bytes[1]!
}

/** Types above 9 come in files for several boards at once, as editors for the micro:bit write them. */
function unknownType(type: number, where: string, place: string): MilliwattError {
  const universal = type >= 10 && type <= 14 ? ': this is a file for several boards; take the one for yours alone' : ''
  return invalid(where, `${place} has the record type ${type}, which is not one of Intel's${universal}`)
}

function invalid(where: string, problem: string): MilliwattError {
  return new MilliwattError('IMAGE_INVALID', where, `${problem}.`)
}
