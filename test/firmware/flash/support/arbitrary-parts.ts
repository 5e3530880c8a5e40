import fc from 'fast-check'
import type { ImagePart } from '../../../../src/firmware/flash/image-part.ts'

/** Parts of an image that do not overlap, in any order. */
export const imageParts: fc.Arbitrary<readonly ImagePart[]> = fc
  .array(fc.tuple(fc.nat({ max: 9000 }), fc.uint8Array({ minLength: 1, maxLength: 900 })), {
    minLength: 1,
    maxLength: 5,
  })
  .chain((pieces) => {
    let address = 0x0fff_f000
    const parts = pieces.map(([gap, bytes]) => {
      const part = { address: address + gap, bytes }
      address = part.address + bytes.length
      return part
    })
    return fc.shuffledSubarray(parts, { minLength: parts.length })
  })

/** Bytes one after another. */
export function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces))
}
