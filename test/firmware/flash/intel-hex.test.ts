import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { joinParts } from '../../../src/firmware/flash/image-part.ts'
import { readIntelHex, writeIntelHex } from '../../../src/firmware/flash/intel-hex.ts'
import { imageParts } from './support/arbitrary-parts.ts'

const refusal = (problem: string) =>
  expect.objectContaining({ code: 'IMAGE_INVALID', detail: expect.stringContaining(problem) })
const end = ':00000001FF\n'

describe('Intel HEX', () => {
  it('gives back what was written, whatever ends the lines', () => {
    fc.assert(
      fc.property(imageParts, fc.constantFrom('\n', '\r\n', '\r'), (parts, newline) => {
        const text = writeIntelHex(parts).replaceAll('\n', newline)
        expect(readIntelHex(text)).toEqual(joinParts(parts, ''))
      }),
      { numRuns: 60 },
    )
  })

  it('reads the lines of the specification', () => {
    const text = `:020000021200EA\n:04FFFE00010203 04F5\n${end}`.replace(' ', '')
    expect(readIntelHex(text)).toEqual([
      { address: 0x12000, bytes: Uint8Array.of(3, 4) },
      { address: 0x21ffe, bytes: Uint8Array.of(1, 2) },
    ])
    expect(readIntelHex(`:020000040800F2\n:0100000055AA\n:0400000508000000EF\n${end}`)).toEqual([
      { address: 0x8000000, bytes: Uint8Array.of(0x55) },
    ])
  })

  it('refuses a file that was cut, a changed digit, and lines of other kinds', () => {
    const text = writeIntelHex([{ address: 0x1fff8, bytes: Uint8Array.from({ length: 64 }, (_, i) => i) }])
    fc.assert(
      fc.property(fc.nat({ max: text.length - 2 }), (length) => {
        expect(() => readIntelHex(text.slice(0, length))).toThrow(refusal(''))
      }),
    )
    fc.assert(
      fc.property(fc.nat({ max: text.length - 2 }), fc.constantFrom(...'0123456789ABCDEF'), (at, digit) => {
        fc.pre(text[at] !== '\n' && text[at] !== digit)
        expect(() => readIntelHex(text.slice(0, at) + digit + text.slice(at + 1))).toThrow(refusal('Line'))
      }),
    )
    expect(() => readIntelHex(`${end}:0100000055AA\n`)).toThrow(refusal('behind the end'))
    expect(() => readIntelHex(end)).toThrow(refusal('nothing'))
    expect(() => readIntelHex(`:0100000055AA\n:0100000056A9\n${end}`)).toThrow(refusal('given twice'))
    expect(readIntelHex(`:0100000055AA\n:0100000055AA\n${end}`)).toEqual([{ address: 0, bytes: Uint8Array.of(0x55) }])
    expect(() => readIntelHex(':0400000A9903C0DEB8\n')).toThrow(refusal('for several boards'))
    expect(() => readIntelHex(':0100000458A3\n')).toThrow(refusal('1 bytes in place of 2'))
  })
})
