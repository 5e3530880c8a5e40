import {
  attribute,
  type Call,
  input,
  isFloat,
  type Kernel,
  numeric,
  type Operand,
  output,
  unsupported,
} from '../kernel.ts'
import { wrapInt16 } from './bits.ts'
import { type FftNumbers, fftNumbers } from './fft-numbers.ts'
import { type FftPlan, fftPlan } from './fft-plan.ts'
import { inverseRealFft, realFft } from './real-fft.ts'

/** SignalWindow: samples times weights, shifted right, saturated to int16. The weights repeat. */
export const signalWindow: Kernel = (call) => {
  const [x, weights, out] = [input(call, 0), input(call, 1), output(call)].map((each) => numeric(call, each))
  const shift = attribute(call, 'shift')
  for (let at = 0; at < x!.length; at++)
    out![at] = Math.min(32767, Math.max(-32768, (x![at]! * weights![at % weights!.length]!) >> shift))
}

/** The largest magnitude as int16, in which that of −32768 is negative. */
function largestMagnitude(values: ArrayLike<number>): number {
  let most = 0
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!
    if (value > most) most = value
    else if (-value > most) most = wrapInt16(-value)
  }
  return most
}

/** SignalFftAutoScale: shifts samples left as far as the largest allows; the second output tells by how many bits. */
export const signalFftAutoScale: Kernel = (call) => {
  const [x, out, bits] = [input(call, 0), output(call), output(call, 1)].map((each) => numeric(call, each))
  const shift = Math.max(0, Math.clz32(largestMagnitude(x!)) - 17)
  for (let at = 0; at < x!.length; at++) out![at] = x![at]! << shift
  bits![0] = shift
}

function prepared(call: Call, x: Operand): { readonly numbers: FftNumbers; readonly plan: FftPlan; length: number } {
  const numbers = fftNumbers[x.tensor.dtype]
  if (!numbers) throw unsupported(call, `on ${x.tensor.dtype} is missing`)
  const length = attribute(call, 'fftLength')
  const plan = fftPlan(length / 2)
  if (!plan) throw unsupported(call, `of ${length} samples is missing: only powers of two are there`)
  return { numbers, plan, length }
}

/** SignalRfft over the last axis, filled up with zeros: int16, int32, float32. */
export const signalRfft: Kernel = (call) => {
  const x = input(call, 0)
  const { numbers, plan, length } = prepared(call, x)
  const [source, data] = [numeric(call, x), numeric(call, output(call))]
  const frame = x.shape.at(-1)!
  for (let number = 0; number * frame < source.length; number++) {
    const samples = new Float64Array(length)
    samples.set(source.subarray(number * frame, (number + 1) * frame))
    data.set(realFft(numbers, plan, samples), number * (length + 2))
  }
}

/** SignalIrfft over the last axis: int16, int32, float32 (which alone is divided by the length). */
export const signalIrfft: Kernel = (call) => {
  const x = input(call, 0)
  const { numbers, plan, length } = prepared(call, x)
  const [source, data] = [numeric(call, x), numeric(call, output(call))]
  const divisor = isFloat(x) ? length : 1
  for (let at = 0, to = 0; at < source.length; at += length + 2, to += length)
    data.set(
      inverseRealFft(numbers, plan, source.subarray(at, at + length + 2)).map((value) => value / divisor),
      to,
    )
}

/** SignalEnergy: re² + im² of bins start to end; the others stay 0. */
export const signalEnergy: Kernel = (call) => {
  const [x, out] = [numeric(call, input(call, 0)), numeric(call, output(call))]
  for (let bin = attribute(call, 'startIndex'); bin < attribute(call, 'endIndex'); bin++)
    out[bin] = x[2 * bin]! ** 2 + x[2 * bin + 1]! ** 2
}
