import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dequantizeValues, quantizeValues } from '../../src/graph/quantized-values.ts'

const spec = (dtype: 'int8' | 'uint8' | 'int16', scale: number, zeroPoint: number) => ({
  name: 'x',
  dtype,
  quantization: { scales: [scale], zeroPoints: [zeroPoint], axis: null },
})

describe('quantizeValues', () => {
  it('rounds ties away from zero and saturates', () => {
    expect([...quantizeValues(spec('int8', 1, 0), [0.5, -0.5, 1.5, 200, -200])]).toEqual([1, -1, 2, 127, -128])
    expect([...quantizeValues(spec('uint8', 0.5, 10), [0, 1, -100])]).toEqual([10, 12, 0])
    expect([...quantizeValues(spec('int16', 1, 0), [40000])]).toEqual([32767])
  })

  it('comes back within half a step in range', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-3, max: 10, noNaN: true }),
        fc.integer({ min: -128, max: 127 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (scale, zeroPoint, share) => {
          const s = spec('int8', scale, zeroPoint)
          const real = scale * (-128 - zeroPoint + 255 * share)
          const [back] = dequantizeValues(s, quantizeValues(s, [real]))
          expect(Math.abs(back! - real)).toBeLessThanOrEqual(scale * 0.5001)
        },
      ),
    )
  })

  it('takes the scale and zero point of a loaded model as well', () => {
    const loaded = { dtype: 'int8', quantization: { scale: 0.5, zeroPoint: 3 } } as const
    expect([...quantizeValues(loaded, [1, -1])]).toEqual([5, 1])
    expect([...dequantizeValues(loaded, Int8Array.of(5, 1))]).toEqual([1, -1])
  })

  it('refuses NaN and elements of another type', () => {
    expect(() => quantizeValues(spec('int8', 1, 0), [0, Number.NaN])).toThrow(/Element 1 is no number/)
    expect(() => dequantizeValues(spec('int8', 1, 0), Uint8Array.of(1))).toThrow(/are in Uint8Array/)
  })

  it('refuses plain tensors and scales a channel', () => {
    expect(() => quantizeValues({ name: 'x', dtype: 'float32' }, [1])).toThrow(/without a scale/)
    const channels = { ...spec('int8', 1, 0), quantization: { scales: [1, 2], zeroPoints: [0, 0], axis: 0 } }
    expect(() => dequantizeValues(channels, [1])).toThrow(/a scale a channel/)
  })
})
