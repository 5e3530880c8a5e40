import { MilliwattError } from '../../../core/errors.ts'
import { attribute, type Call, input, type Kernel, numeric, output } from '../kernel.ts'
import { toNumbers } from '../values.ts'
import { shrink, wideDynamicFunction } from './gain.ts'
import { scaledLogarithm } from './logarithm.ts'
import { roundedSquareRoot } from './square-root.ts'

/** The number at a place of a table. @throws MilliwattError MODEL_ILLEGAL where the table ends before it */
function entry(call: Call, table: readonly number[], at: number): number {
  const value = table[at]
  if (value !== undefined) return value
  const hint = `A channel reaches for entry ${at} of a table of ${table.length}.`
  throw new MilliwattError('MODEL_ILLEGAL', call.node.name, hint)
}

/**
 * SignalFilterBank: every bin counts with its weight in one channel and with the rest in the next. Inputs: energies,
 * weights, rests, and for each channel (one before the first included) its first bin, first weight and width.
 */
export const signalFilterBank: Kernel = (call) => {
  const [energies, weights, rests, bins, starts, widths] = [0, 1, 2, 3, 4, 5].map((index) =>
    toNumbers(input(call, index).data),
  ) as [
    readonly number[],
    readonly number[],
    readonly number[],
    readonly number[],
    readonly number[],
    readonly number[],
  ]
  const out = output(call).data as BigUint64Array
  let carried = 0n
  for (let channel = 0; channel <= attribute(call, 'numChannels'); channel++) {
    let [sum, rest] = [carried, 0n]
    const [bin, start] = [entry(call, bins, channel), entry(call, starts, channel)]
    for (let at = 0; at < entry(call, widths, channel); at++) {
      const energy = BigInt(entry(call, energies, bin + at))
      sum += energy * BigInt(entry(call, weights, start + at))
      rest += energy * BigInt(entry(call, rests, start + at))
    }
    if (channel > 0) out[channel - 1] = sum
    carried = rest
  }
}

/** SignalFilterBankSquareRoot: rounded root, shifted right by the second input. */
export const signalFilterBankSquareRoot: Kernel = (call) => {
  const shift = Number(input(call, 1).data[0]!)
  const out = numeric(call, output(call))
  for (const [at, value] of (input(call, 0).data as BigUint64Array).entries())
    out[at] = roundedSquareRoot(value) >>> shift
}

/**
 * SignalFilterBankSpectralSubtraction: takes an estimate of the noise off every channel, a low-pass filter of the
 * signal, which is kept between runs and is the second output. Odd channels have coefficients of their own.
 */
export const signalSpectralSubtraction: Kernel = (call) => {
  const [signal, out, estimate] = [input(call, 0), output(call), output(call, 1)].map((each) => numeric(call, each))
  const key = output(call, 1).tensor.name
  const noise = call.variables.get(key) ?? new Uint32Array(signal!.length)
  const option = (name: string) => BigInt(attribute(call, name))
  const [bits, extraBits] = [option('spectralSubtractionBits'), attribute(call, 'smoothingBits')]
  const clamping = attribute(call, 'clamping') !== 0
  const even = [option('smoothing'), option('oneMinusSmoothing')] as const
  const odd = [option('alternateSmoothing'), option('alternateOneMinusSmoothing')] as const
  for (let at = 0; at < signal!.length; at++) {
    const scaled = (signal![at]! << extraBits) >>> 0
    const [newer, older] = at % 2 === 0 ? even : odd
    const filtered = BigInt.asUintN(64, BigInt(scaled) * newer + BigInt(noise[at]!) * older) >> bits
    const level = Number(BigInt.asUintN(32, filtered))
    estimate![at] = clamping ? Math.min(level, scaled) : level
    const least = Number(BigInt.asUintN(32, (BigInt(signal![at]!) * option('minSignalRemaining')) >> bits))
    out![at] = Math.max(least, (scaled - Math.min(level, scaled)) >>> extraBits)
  }
  call.variables.set(key, estimate!.slice())
}

/** SignalPCAN: gain control per channel by the noise estimate (second input) through a table of gains (third). */
export const signalPcan: Kernel = (call) => {
  const [signal, noise, table, out] = [input(call, 0), input(call, 1), input(call, 2), output(call)].map((each) =>
    numeric(call, each),
  )
  const shift = BigInt(attribute(call, 'snrShift'))
  for (let at = 0; at < signal!.length; at++) {
    const gain = BigInt(wideDynamicFunction(noise![at]!, table!) >>> 0)
    const ratio = BigInt.asUintN(64, BigInt(signal![at]!) * gain) >> shift
    out![at] = shrink(Number(BigInt.asUintN(32, ratio)))
  }
}

/** SignalFilterBankLog: logarithm times a scale, at most 32767; 0 of what is at most 1. */
export const signalFilterBankLog: Kernel = (call) => {
  const [x, out] = [numeric(call, input(call, 0)), numeric(call, output(call))]
  const [bits, scale] = [attribute(call, 'inputCorrectionBits'), attribute(call, 'outputScale')]
  for (let at = 0; at < x.length; at++) {
    const value = (x[at]! << bits) >>> 0
    out[at] = value > 1 ? Math.min(32767, scaledLogarithm(value, scale)) : 0
  }
}
