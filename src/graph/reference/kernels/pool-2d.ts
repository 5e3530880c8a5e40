import { activationRange, clamp } from '../activation.ts'
import { roundHalfEven } from '../fixed-point.ts'
import {
  attribute,
  type Call,
  input,
  isFloat,
  type Kernel,
  numeric,
  output,
  unsupported,
  zeroPoint,
} from '../kernel.ts'
import { eachPosition, type Tap, tapsAt, windowOf } from './window.ts'

type Reduce = (elements: ArrayLike<number>, taps: readonly Tap[], channel: number) => number

function pool(call: Call, reduce: Reduce): void {
  const [x, out] = [input(call, 0), output(call)]
  const window = windowOf(call, x, out, attribute(call, 'filterH'), attribute(call, 'filterW'))
  const range = activationRange(call, out)
  const [elements, data] = [numeric(call, x), numeric(call, out)]
  eachPosition(window, (batch, row, column, index) => {
    const taps = tapsAt(window, batch, row, column)
    for (let channel = 0; channel < window.outputC; channel++)
      data[index + channel] = clamp(reduce(elements, taps, channel), range)
  })
}

/** Mean of integers as TFLite divides: halves away from zero. Padding does not count. */
const integerMean: Reduce = (elements, taps, channel) => {
  const sum = taps.reduce((total, tap) => total + elements[tap.index + channel]!, 0)
  const half = Math.floor(taps.length / 2)
  return Math.trunc((sum > 0 ? sum + half : sum - half) / taps.length)
}

/** Mean of the steps from the zero point with halves to even, as onnxruntime. */
const evenMean =
  (zero: number): Reduce =>
  (elements, taps, channel) => {
    const sum = taps.reduce((total, tap) => total + elements[tap.index + channel]! - zero, 0)
    return zero + roundHalfEven(Math.fround(sum / taps.length))
  }

const floatMean: Reduce = (elements, taps, channel) => {
  const sum = taps.reduce((total, tap) => Math.fround(total + elements[tap.index + channel]!), 0)
  return Math.fround(sum / taps.length)
}

/** AVERAGE_POOL_2D: input and output share their quantisation. */
export const averagePool2d: Kernel = (call) => {
  const x = input(call, 0)
  if (isFloat(x)) pool(call, floatMean)
  else pool(call, call.semantics === 'tflm' ? integerMean : evenMean(zeroPoint(x)))
}

/** MAX_POOL_2D. */
export const maxPool2d: Kernel = (call) =>
  pool(call, (elements, taps, channel) =>
    taps.reduce((most, tap) => Math.max(most, elements[tap.index + channel]!), Number.NEGATIVE_INFINITY),
  )

/** L2_POOL_2D of floats: the root of the mean of squares. */
export const l2Pool2d: Kernel = (call) => {
  if (!isFloat(input(call, 0))) throw unsupported(call, `on ${input(call, 0).tensor.dtype} is missing`)
  pool(call, (elements, taps, channel) => {
    const squares = taps.reduce((sum, tap) => Math.fround(sum + Math.fround(elements[tap.index + channel]! ** 2)), 0)
    return Math.fround(Math.sqrt(Math.fround(squares / taps.length)))
  })
}
