import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMilliwattError } from '../../src/core/errors.ts'
import { readNpy } from '../../src/formats/npy.ts'
import { npyBytes } from '../support/npy.ts'

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return isMilliwattError(error) ? `${error.code}: ${error.message}` : String(error)
  }
  return 'nothing thrown'
}

describe('NumPy files', () => {
  it('give back what was written, whatever the version of the format', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 60 }),
        fc.constantFrom(1, 2, 3),
        (values, version) => {
          const { shape, values: read } = readNpy(
            npyBytes(Float32Array.from(values), [values.length], { version }),
            'a.npy',
          )
          expect(shape).toEqual([values.length])
          expect([...read]).toEqual([...Float32Array.from(values)])
        },
      ),
    )
  })

  it('of integers and doubles become floats, of any shape', () => {
    expect(readNpy(npyBytes(Int8Array.of(-1, 2, 3, -128), [2, 2]), 'a.npy')).toEqual({
      shape: [2, 2],
      values: Float32Array.of(-1, 2, 3, -128),
    })
    expect([...readNpy(npyBytes(Float64Array.of(0.5), [1, 1]), 'a.npy').values]).toEqual([0.5])
    expect([...readNpy(npyBytes(Int16Array.of(-300), []), 'a.npy').values]).toEqual([-300])
  })

  it('that are cut, in Fortran order, of text, or none are refused with what is wrong', () => {
    const good = npyBytes(Float32Array.of(1, 2), [2])
    expect(codeOf(() => readNpy(good.subarray(0, 130), 'a.npy'))).toContain('wants 8 bytes, it holds 2')
    expect(codeOf(() => readNpy(good.subarray(0, 20), 'a.npy'))).toContain('CALIBRATION_DATA')
    expect(codeOf(() => readNpy(npyBytes(Float32Array.of(1), [1], { fortran: true }), 'a.npy'))).toContain('Fortran')
    expect(codeOf(() => readNpy(npyBytes(Float32Array.of(1), [1], { descr: '<U4' }), 'a.npy'))).toContain('"<U4"')
    expect(codeOf(() => readNpy(new Uint8Array(40), 'a.npy'))).toContain('does not begin like a NumPy file')
  })

  it('that are damaged anywhere give an error of ours or numbers', () => {
    fc.assert(
      fc.property(fc.nat(150), fc.nat(255), (at, byte) => {
        const bytes = npyBytes(Float32Array.of(1, 2, 3), [3])
        if (at < bytes.length) bytes[at] = byte
        expect(codeOf(() => readNpy(bytes, 'a.npy'))).toMatch(/^(CALIBRATION_DATA|nothing thrown)/)
      }),
      { numRuns: 500 },
    )
  })
})
