import { MilliwattError } from '../../core/errors.ts'

/** Bytes that belong at an address of a chip's memory. */
export interface ImagePart {
  readonly address: number
  readonly bytes: Uint8Array
}

const addressEnd = 2 ** 32
/** What flash holds before it is written. */
const erased = 0xff
const mostFlatBytes = 64 * 1024 * 1024

/** Bytes of all parts together. */
export function partBytes(parts: readonly ImagePart[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

/**
 * The same memory in as few parts as possible, in order of address; empty parts are left out, and repeated ones.
 * @param where names the image in errors
 * @throws MilliwattError IMAGE_INVALID where parts overlap or leave 32 bits of address
 */
export function joinParts(parts: readonly ImagePart[], where: string): readonly ImagePart[] {
  const sorted = parts.filter(({ bytes }) => bytes.length > 0).sort((a, b) => a.address - b.address)
  const isRepeated = (part: ImagePart, before: ImagePart | undefined) =>
    before?.address === part.address && equalBytes(before.bytes, part.bytes)
  const runs: { address: number; end: number; pieces: Uint8Array[] }[] = []
  for (const { address, bytes } of sorted.filter((part, index) => !isRepeated(part, sorted[index - 1]))) {
    const end = address + bytes.length
    if (address < 0 || end > addressEnd) throw wrongAddress(where, address, 'is beyond 32 bits')
    const last = runs.at(-1)
    if (last && address < last.end) throw wrongAddress(where, address, 'is given twice')
    if (last && address === last.end) {
      last.pieces.push(bytes)
      last.end = end
    } else runs.push({ address, end, pieces: [bytes] })
  }
  return runs.map(({ address, end, pieces }) => ({ address, bytes: joinBytes(pieces, end - address) }))
}

function joinBytes(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

function wrongAddress(where: string, address: number, problem: string): MilliwattError {
  return new MilliwattError('IMAGE_INVALID', where, `Address 0x${address.toString(16)} ${problem}.`)
}

/**
 * The image as one run of bytes from an address on, 0xff where no part says what they hold.
 * @throws MilliwattError IMAGE_INVALID for parts below the address, or so far apart that the run has over 64 MiB
 */
export function flatBytes(parts: readonly ImagePart[], address: number, where: string): Uint8Array {
  const end = Math.max(...parts.map((part) => part.address + part.bytes.length))
  const below = parts.find((part) => part.address < address)
  if (below) throw wrongAddress(where, below.address, `is below 0x${address.toString(16)}, where the flash begins`)
  if (end - address > mostFlatBytes) throw wrongAddress(where, end, 'is too far behind the first')
  const flat = new Uint8Array(end - address).fill(erased)
  for (const part of parts) flat.set(part.bytes, part.address - address)
  return flat
}

/**
 * Checks that an image stays within a flash.
 * @param bytes the flash has so many; null leaves its end unchecked
 * @throws MilliwattError IMAGE_WRONG_BOARD, which names the address
 */
export function checkPlace(parts: readonly ImagePart[], address: number, bytes: number | null, where: string): void {
  const end = bytes === null ? addressEnd : address + bytes
  const outside = parts.find((part) => part.address < address || part.address + part.bytes.length > end)
  if (!outside) return
  const last = outside.address + outside.bytes.length - 1
  const held = `It holds bytes from 0x${outside.address.toString(16)} to 0x${last.toString(16)}`
  const room = `the board's flash reaches from 0x${address.toString(16)} to 0x${(end - 1).toString(16)}`
  throw new MilliwattError('IMAGE_WRONG_BOARD', where, `${held}; ${room}.`)
}

/** Whether two runs of bytes are the same. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}

/**
 * The same memory as whole pages, each at a multiple of their size, in order of address; 0xff where no part says what
 * they hold.
 */
export function toPages(parts: readonly ImagePart[], pageBytes: number): readonly ImagePart[] {
  const pages = new Map<number, Uint8Array>()
  for (const { address, bytes } of parts) {
    const first = address - (address % pageBytes)
    for (let page = first; page < address + bytes.length; page += pageBytes) {
      const from = Math.max(page, address)
      const held = pages.get(page) ?? new Uint8Array(pageBytes).fill(erased)
      held.set(bytes.subarray(from - address, page + pageBytes - address), from - page)
      pages.set(page, held)
    }
  }
  return [...pages].map(([address, bytes]) => ({ address, bytes })).sort((a, b) => a.address - b.address)
}
