import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../../src/core/random.ts'
import { constantNumbers, widenInt4 } from '../../src/formats/convert/constants.ts'
import { biasCorrection } from '../../src/quantize/bias-correction.ts'
import { inverseRoot, roundRow } from '../../src/quantize/compensated-rounding.ts'
import { quantizeBias, quantizeWeights } from '../../src/quantize/weights.ts'
import { node, tensor } from '../support/tflite-graphs.ts'

const floats = (shape: readonly number[], values: readonly number[]) =>
  tensor('w', 'float32', shape, { values: Float32Array.from(values) })

describe('weights as integers', () => {
  it('are at most half a step off, each slice by its own scale', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 12, maxLength: 12 }),
        fc.constantFrom(0, 3, null),
        (values, axis) => {
          const shape = axis === 3 ? [1, 2, 2, 3] : [3, 2, 2, 1]
          const weights = floats(shape, values)
          const { tensor: made, errors } = quantizeWeights(weights, { axis, bits: 8, leastScales: [] })
          const { scales } = made.quantization!
          expect(scales.length).toBe(axis === null ? 1 : 3)
          for (const [index, error] of errors.entries()) {
            const slice = axis === null ? 0 : axis === 3 ? index % 3 : Math.floor(index / 4)
            expect(Math.abs(error)).toBeLessThanOrEqual(scales[slice]! * 0.5001)
          }
        },
      ),
    )
  })

  it('of 4 bits lie two a byte and are what the reader of int4 makes of them', () => {
    const values = Array.from({ length: 15 }, (_, at) => (at - 7) / 7)
    const { tensor: made, errors } = quantizeWeights(floats([15, 1], values), { axis: null, bits: 4, leastScales: [] })
    expect(made.dtype).toBe('int4')
    expect(made.data!.length).toBe(8)
    const integers = constantNumbers(widenInt4(made))!
    expect(Math.max(...integers.map(Math.abs))).toBe(7)
    const [scale] = made.quantization!.scales
    for (const [at, integer] of integers.entries()) expect(integer * scale! - values[at]!).toBeCloseTo(errors[at]!, 6)
  })

  it('of an empty channel have a scale, and a bias over a tiny scale fits int32', () => {
    const { tensor: made } = quantizeWeights(floats([2, 1], [0, 1e-12]), { axis: 0, bits: 8, leastScales: [0, 1e-6] })
    expect(made.quantization!.scales[0]).toBe(1)
    expect(made.quantization!.scales[1]).toBeCloseTo(1e-6, 9)
    const bias = quantizeBias(floats([1], [1e9]), [1e9], [1e-9], false)
    expect(constantNumbers(bias)).toEqual([2 ** 31 - 1])
  })
})

describe('bias correction', () => {
  it('is the mean of what the errors add, over every position of a constant input', () => {
    const draw = random(3)
    const shape = [2, 3, 3, 2]
    const errors = Float64Array.from({ length: 36 }, () => draw.normal())
    const weights = floats(shape, Array.from(errors))
    const means = Float64Array.of(0.5, -2)
    const given = biasCorrection(node('conv_2d', ['x', 'w'], ['y']), weights, errors, means)
    for (const unit of [0, 1]) {
      let sum = 0
      for (let tap = 0; tap < 9; tap++) for (const c of [0, 1]) sum += errors[(unit * 9 + tap) * 2 + c]! * means[c]!
      expect(given[unit]).toBeCloseTo(sum, 9)
    }
  })

  it('of a depthwise layer takes each channel by itself', () => {
    const weights = floats([1, 1, 2, 2], [1, 2, 3, 4])
    const given = biasCorrection(
      node('depthwise_conv_2d', ['x', 'w'], ['y']),
      weights,
      Float64Array.of(1, 2, 3, 4),
      Float64Array.of(10, 100),
    )
    expect([...given]).toEqual([40, 600])
  })
})

describe('compensated rounding', () => {
  const draw = random(5)
  const size = 12
  /** Inputs with much in common. */
  const patches = Array.from({ length: 400 }, () => {
    const common = draw.normal()
    return Float64Array.from({ length: size }, (_, at) => 1 + common * (1 + at / size) + 0.3 * draw.normal())
  })
  const moments = Array.from({ length: size }, (_, i) =>
    Float64Array.from({ length: size }, (__, j) => patches.reduce((sum, p) => sum + p[i]! * p[j]!, 0) / patches.length),
  )
  const root = inverseRoot(moments)
  const outputError = (row: Float64Array, integers: ArrayLike<number>, scale: number) =>
    patches.reduce((sum, patch) => {
      const error = patch.reduce((total, value, at) => total + value * (integers[at]! * scale - row[at]!), 0)
      return sum + error * error
    }, 0)

  it('leaves far smaller errors of sums than the nearest integers, at 4 bits', () => {
    let [own, nearest] = [0, 0]
    for (let trial = 0; trial < 50; trial++) {
      const row = Float64Array.from({ length: size }, () => draw.normal())
      const scale = Math.max(...row.map(Math.abs)) / 7
      own += outputError(row, roundRow(row, scale, 7, root), scale)
      nearest += outputError(
        row,
        Int8Array.from(row, (value) => Math.round(value / scale)),
        scale,
      )
    }
    expect(own).toBeLessThan(0.5 * nearest)
  })

  it('keeps within the integers and does nothing to weights that are integers already', () => {
    const row = Float64Array.of(7, -7, 0, 3, 1, 2, 3, 4, 5, 6, -6, -1)
    expect([...roundRow(row, 1, 7, root)]).toEqual([...row])
    const far = roundRow(
      row.map((value) => 3 * value),
      1,
      7,
      root,
    )
    expect(Math.max(...far.map(Math.abs))).toBeLessThanOrEqual(7)
  })
})
