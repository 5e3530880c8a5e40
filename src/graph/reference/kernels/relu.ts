import { activationRange, clamp } from '../activation.ts'
import { attribute, type Call, input, isFloat, type Kernel, numeric, output, scale, zeroPoint } from '../kernel.ts'
import { factorRequantize } from '../requantize.ts'
import { eachPair } from './broadcast.ts'

const rectify =
  (activation: 'relu' | 'relu6' | 'relu_n1_to_1'): Kernel =>
  (call) => {
    const [x, out] = [input(call, 0), output(call)]
    const range = activationRange(call, out, activation)
    const [source, data] = [numeric(call, x), numeric(call, out)]
    const requantize = isFloat(x) ? (value: number) => value : factorRequantize(call, scale(x) / scale(out))
    const [xZero, outZero] = isFloat(x) ? [0, 0] : [zeroPoint(x), zeroPoint(out)]
    for (let at = 0; at < source.length; at++) data[at] = clamp(outZero + requantize(source[at]! - xZero, 0), range)
  }

/** RELU, RELU6, RELU_N1_TO_1: rescaled by in / out, then cut. */
export const relu: Kernel = rectify('relu')
export const relu6: Kernel = rectify('relu6')
export const reluN1To1: Kernel = rectify('relu_n1_to_1')

/** LEAKY_RELU: TFLite computes both factors in float32, in / out and in · alpha / out. */
export const leakyRelu: Kernel = (call) => {
  const [x, out] = [input(call, 0), output(call)]
  const alpha = attribute(call, 'alpha')
  const [source, data] = [numeric(call, x), numeric(call, out)]
  const one = isFloat(x) ? (value: number) => (value > 0 ? value : Math.fround(value * alpha)) : leakySteps(call, alpha)
  for (let at = 0; at < source.length; at++) data[at] = one(source[at]!)
}

function leakySteps(call: Call, alpha: number): (value: number) => number {
  const [x, out] = [input(call, 0), output(call)]
  const range = activationRange(call, out, 'none')
  const positive = factorRequantize(call, Math.fround(scale(x) / scale(out)))
  const negative = factorRequantize(call, Math.fround(Math.fround(scale(x) * alpha) / scale(out)))
  return (value) => {
    const steps = value - zeroPoint(x)
    return clamp(zeroPoint(out) + (steps >= 0 ? positive(steps, 0) : negative(steps, 0)), range)
  }
}

/** PRELU: the slope of negative values is a tensor, broadcast. */
export const prelu: Kernel = (call) => {
  const [x, slope, out] = [input(call, 0), input(call, 1), output(call)]
  const range = activationRange(call, out, 'none')
  const [source, slopes, data] = [numeric(call, x), numeric(call, slope), numeric(call, out)]
  if (isFloat(x)) {
    eachPair(call, (i, j, at) => {
      data[at] = source[i]! >= 0 ? source[i]! : Math.fround(source[i]! * slopes[j]!)
    })
    return
  }
  const positive = factorRequantize(call, scale(x) / scale(out))
  const negative = factorRequantize(call, (scale(x) * scale(slope)) / scale(out))
  eachPair(call, (i, j, at) => {
    const steps = source[i]! - zeroPoint(x)
    const scaled = steps >= 0 ? positive(steps, 0) : negative(steps * (slopes[j]! - zeroPoint(slope)), 0)
    data[at] = clamp(zeroPoint(out) + scaled, range)
  })
}
