import { MilliwattError } from '../../core/errors.ts'

/** Bytes that belong at an address of a chip's memory. */
export interface ImagePart {
  readonly address: number
  readonly bytes: Uint8Array
}

const addressEnd = 2 ** 32

/** Bytes of all parts together. */
export function partBytes(parts: readonly ImagePart[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

/**
 * The same memory in as few parts as possible, in order of address; empty parts are left out.
 * @param where names the image in errors
 * @throws MilliwattError IMAGE_INVALID where parts overlap or leave 32 bits of address
 */
export function joinParts(parts: readonly ImagePart[], where: string): readonly ImagePart[] {
  const sorted = parts.filter(({ bytes }) => bytes.length > 0).sort((a, b) => a.address - b.address)
  const runs: { address: number; end: number; pieces: Uint8Array[] }[] = []
  for (const { address, bytes } of sorted) {
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
