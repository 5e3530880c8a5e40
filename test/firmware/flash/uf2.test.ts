import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readUf2, readUf2Families, writeUf2 } from '../../../src/firmware/flash/uf2.ts'
import { imageParts, joined } from './support/arbitrary-parts.ts'

const rp2040 = 0xe48bff56
const words = (file: Uint8Array, block: number) => new DataView(file.buffer, file.byteOffset + 512 * block, 512)
const refusal = (problem: string) =>
  expect.objectContaining({ code: 'IMAGE_INVALID', detail: expect.stringContaining(problem) })
const bytes = (length: number) => Uint8Array.from({ length }, (_, index) => index)

describe('UF2', () => {
  it('holds every byte at its address, and 0xff in the pages that it fills up', () => {
    fc.assert(
      fc.property(imageParts, (parts) => {
        const image = readUf2(writeUf2(parts, rp2040))
        expect(image.familyId).toBe(rp2040)
        const given = new Map(parts.flatMap(({ address, bytes }) => [...bytes].map((byte, i) => [address + i, byte])))
        let held = 0
        for (const { address, bytes } of image.parts) {
          expect([address % 256, bytes.length % 256]).toEqual([0, 0])
          for (const [i, byte] of bytes.entries()) {
            if (given.has(address + i)) held++
            if (byte !== (given.get(address + i) ?? 0xff)) throw new Error(`wrong byte at ${address + i}`)
          }
        }
        expect(held).toBe(given.size)
      }),
      { numRuns: 60 },
    )
  })

  it('fills sectors up to the last page, which the RP2040 wants', () => {
    const file = writeUf2(
      [
        { address: 0x10000300, bytes: bytes(4) },
        { address: 0x10002500, bytes: bytes(4) },
      ],
      rp2040,
    )
    const addresses = Array.from({ length: file.length / 512 }, (_, block) => words(file, block).getUint32(12, true))
    const pages = (from: number, to: number) => Array.from({ length: (to - from) / 256 }, (_, i) => from + 256 * i)
    expect(addresses).toEqual([...pages(0x10000000, 0x10001000), ...pages(0x10002000, 0x10002600)])
  })

  it('refuses a file that was cut anywhere, or is empty', () => {
    const file = writeUf2([{ address: 0x10000000, bytes: bytes(1000) }], rp2040)
    fc.assert(
      fc.property(fc.nat({ max: file.length - 1 }), (length) => {
        expect(() => readUf2(file.subarray(0, length))).toThrow(refusal(''))
      }),
    )
  })

  it('refuses blocks that are damaged, twice there, or disagree', () => {
    const change = (block: number, offset: number, value: number) => {
      const file = writeUf2([{ address: 0x10000000, bytes: bytes(1000) }], rp2040)
      words(file, block).setUint32(offset, value, true)
      return () => readUf2(file)
    }
    expect(change(1, 0, 7)).toThrow(refusal('does not begin and end'))
    expect(change(1, 508, 7)).toThrow(refusal('does not begin and end'))
    expect(change(1, 8, 0x3000)).toThrow(refusal('container'))
    expect(change(2, 12, 0x10000080)).toThrow(refusal('0x10000080 is given twice'))
    expect(change(1, 16, 477)).toThrow(refusal('477 bytes'))
    expect(change(1, 20, 0)).toThrow(refusal('number 0 is there twice'))
    expect(change(1, 20, 9)).toThrow(refusal('number 9 of 4'))
    expect(change(1, 24, 5)).toThrow(refusal('4 blocks and of 5'))
    expect(change(1, 28, 5)).toThrow(refusal('3 of its 4 blocks'))
  })

  it('reads files for several families, without a family, and with the block against erratum E10', () => {
    const first = writeUf2([{ address: 0x10000000, bytes: bytes(600) }], rp2040)
    const second = writeUf2([{ address: 0x26000, bytes: bytes(256) }], 0xada52840)
    expect(readUf2Families(joined(first, second)).map(({ familyId }) => familyId)).toEqual([rp2040, 0xada52840])
    const dummy = writeUf2([{ address: 0x10ffff00, bytes: new Uint8Array(256).fill(0xef) }], 0xe48bff57)
    const last = dummy.slice(-512)
    words(last, 0).setUint32(20, 0, true)
    words(last, 0).setUint32(24, 2, true)
    expect(readUf2(joined(last, first)).familyId).toBe(rp2040)
    expect(() => readUf2(joined(first, second))).toThrow(refusal('2 families'))
    words(second, 0).setUint32(8, 0, true)
    expect(readUf2(second.slice(0, 512)).familyId).toBe(null)
    words(second, 0).setUint32(8, 1, true)
    expect(() => readUf2(second.slice(0, 512))).toThrow(refusal('No block'))
  })

  it('answers any bytes with an image or a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2048 }), (noise) => {
        expect(() => readUf2(noise)).toThrow(refusal(''))
      }),
    )
  })

  it('refuses parts that overlap, or none', () => {
    const part = { address: 0, bytes: bytes(10) }
    expect(() => writeUf2([part, { ...part, address: 9 }], 1)).toThrow(refusal('twice'))
    expect(() => writeUf2([{ ...part, address: 0xfffffffa }], 1)).toThrow(refusal('32 bits'))
    expect(() => writeUf2([], 1)).toThrow(refusal('nothing'))
  })
})
