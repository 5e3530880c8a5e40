import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFft } from '../../src/audio/fft.ts'

function slowTransform(values: readonly number[]): readonly (readonly [number, number])[] {
  return values.map((_, k) => {
    let [re, im] = [0, 0]
    values.forEach((value, n) => {
      re += value * Math.cos((-2 * Math.PI * k * n) / values.length)
      im += value * Math.sin((-2 * Math.PI * k * n) / values.length)
    })
    return [re, im] as const
  })
}

describe('createFft', () => {
  it('equals the definition of the transform', () => {
    fc.assert(
      fc.property(
        fc
          .constantFrom(2, 4, 8, 64)
          .chain((size) => fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: size, maxLength: size })),
        (values) => {
          const re = Float64Array.from(values)
          const im = new Float64Array(values.length)
          createFft(values.length).transform(re, im)
          slowTransform(values).forEach(([wantedRe, wantedIm], k) => {
            expect(re[k]).toBeCloseTo(wantedRe, 9)
            expect(im[k]).toBeCloseTo(wantedIm, 9)
          })
        },
      ),
    )
  })

  it('refuses sizes that are no power of two', () => {
    for (const size of [0, 1, 3, 100]) expect(() => createFft(size)).toThrow(RangeError)
  })
})
