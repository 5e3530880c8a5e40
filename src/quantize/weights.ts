import { constantNumbers, lengthsOf, product } from '../formats/convert/constants.ts'
import { elementCount, type Tensor } from '../graph/graph.ts'
import type { Quantization } from '../graph/quantization.ts'

/** Weights as integers, with what they stand for. */
export interface QuantizedWeights {
  readonly tensor: Tensor
  /** What the integers stand for minus what the floats were, in the weights' order. */
  readonly errors: Float64Array
}

/** Which slice along an axis each element of a row-major block belongs to. */
export function sliceOf(shape: readonly number[], axis: number | null): (index: number) => number {
  if (axis === null) return () => 0
  const inner = product(shape.slice(axis + 1))
  const length = shape[axis]!
  return (index) => Math.floor(index / inner) % length
}

/** Half of the steps of signed integers of so many bits, without the lowest one: weights are symmetric. */
const highestOf = (bits: 4 | 8) => 2 ** (bits - 1) - 1

/** Weights below this are 0 for all that float32 can scale. */
const leastLargest = 1e-30

/** Shares of the largest weight at which the range may end. */
const clipShares: readonly number[] = [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45]

function errorAt(values: readonly number[], scale: number, highest: number): number {
  let sum = 0
  for (const value of values) {
    const rounded = Math.max(-highest, Math.min(highest, Math.round(value / scale)))
    sum += (rounded * scale - value) ** 2
  }
  return sum
}

/** Scale of least squared error; at 8 bits the whole range, where clipping never pays. */
function scaleOf(values: readonly number[], bits: 4 | 8): number {
  const highest = highestOf(bits)
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  if (largest < leastLargest) return 1
  if (bits === 8) return largest / highest
  const scales = clipShares.map((share) => (share * largest) / highest)
  const errors = scales.map((scale) => errorAt(values, scale, highest))
  return scales[errors.indexOf(Math.min(...errors))]!
}

function packed(values: Int8Array, bits: 4 | 8): Uint8Array {
  if (bits === 8) return new Uint8Array(values.buffer)
  const bytes = new Uint8Array(Math.ceil(values.length / 2))
  values.forEach((value, index) => {
    bytes[index >> 1]! |= (value & 15) << (index % 2 === 0 ? 0 : 4)
  })
  return bytes
}

/** How float weights are rounded to integers. */
export interface WeightRounding {
  /** Axis of the slices that have a scale each; null for one scale. */
  readonly axis: number | null
  readonly bits: 4 | 8
  /** Scales that must not be gone below, by slice: a bias over a tiny scale has no int32. */
  readonly leastScales: readonly number[]
  /** Rounds one row of weights; by default each weight to the nearest integer. */
  readonly roundRow?: RowRounding
}

/**
 * Rounds the weights that make one sum. `places` are their indexes in the tensor, `row` counts the sums.
 */
export interface RowRounding {
  /** Indexes of the weights of every sum, in the order in which they are rounded. */
  readonly rows: readonly (readonly number[])[]
  round(row: number, values: Float64Array, scale: number, highest: number): ArrayLike<number>
}

function nearest(values: readonly number[], scaleAt: (index: number) => number, highest: number): Int8Array {
  return Int8Array.from(values, (value, index) =>
    Math.max(-highest, Math.min(highest, Math.round(value / scaleAt(index)))),
  )
}

function byRows(
  values: readonly number[],
  scaleAt: (index: number) => number,
  highest: number,
  { rows, round }: RowRounding,
): Int8Array {
  const integers = new Int8Array(values.length)
  for (const [row, places] of rows.entries()) {
    const own = Float64Array.from(places, (index) => values[index]!)
    const rounded = round(row, own, scaleAt(places[0]!), highest)
    for (const [at, index] of places.entries()) integers[index] = rounded[at]!
  }
  return integers
}

/** Rounds float weights to symmetric integers, a scale a slice along `axis`. */
export function quantizeWeights(
  weights: Tensor,
  { axis, bits, leastScales, roundRow }: WeightRounding,
): QuantizedWeights {
  const shape = lengthsOf(weights)
  const values = constantNumbers(weights)!
  const slice = sliceOf(shape, axis)
  const slices: number[][] = Array.from({ length: axis === null ? 1 : shape[axis]! }, () => [])
  for (const [index, value] of values.entries()) slices[slice(index)]!.push(value)
  const scales = slices.map((own, at) => Math.fround(Math.max(scaleOf(own, bits), leastScales[at] ?? 0)))
  const highest = highestOf(bits)
  const scaleAt = (index: number) => scales[slice(index)]!
  const integers = roundRow ? byRows(values, scaleAt, highest, roundRow) : nearest(values, scaleAt, highest)
  const errors = Float64Array.from(values, (value, index) => integers[index]! * scaleAt(index) - value)
  const quantization: Quantization = {
    scales,
    zeroPoints: scales.map(() => 0),
    axis: scales.length === 1 ? null : axis,
  }
  return {
    tensor: { ...weights, dtype: bits === 4 ? 'int4' : 'int8', data: packed(integers, bits), quantization },
    errors,
  }
}

/** Integers of a bias at input scale times weight scale: int32, or int64 for int16 activations. */
export function quantizeBias(
  bias: Tensor,
  values: readonly number[],
  scales: readonly number[],
  wide: boolean,
): Tensor {
  const rounded = values.map((value, index) => Math.round(value / scales[Math.min(index, scales.length - 1)]!))
  const limit = 2 ** 31 - 1
  const data = wide
    ? BigInt64Array.from(rounded, BigInt)
    : Int32Array.from(rounded, (value) => Math.max(-limit, Math.min(limit, value)))
  return {
    name: bias.name,
    dtype: wide ? 'int64' : 'int32',
    shape: bias.shape ?? [elementCount(bias.shape) ?? values.length],
    data: new Uint8Array(data.buffer),
    quantization: {
      scales: scales.map(Math.fround),
      zeroPoints: scales.map(() => 0),
      axis: scales.length === 1 ? null : 0,
    },
  }
}
