import { multiplyByQuantizedMultiplier, roundHalfEven } from '../../graph/reference/fixed-point.ts'
import type { ConvStep, DepthwiseStep, Program, Requantization, Step, Value } from '../program.ts'

/** Smallest and largest int8 that each channel (last dimension) of a value can hold. */
export interface Range {
  readonly low: Int16Array
  readonly high: Int16Array
}

/** Ranges by value name. */
export type Ranges = ReadonlyMap<string, Range>

const channelsOf = (value: Value) => value.shape.at(-1) ?? 1

function fullRange(value: Value): Range {
  return { low: new Int16Array(channelsOf(value)).fill(-128), high: new Int16Array(channelsOf(value)).fill(127) }
}

/** What an accumulator becomes. */
function requantizeOne(r: Requantization, channel: number, accumulator: number): number {
  const fixed = { multiplier: r.multipliers[channel]!, shift: r.shifts[channel]! }
  const scaled =
    r.semantics === 'tflm'
      ? multiplyByQuantizedMultiplier(accumulator, fixed)
      : roundHalfEven(Math.fround(Math.fround(accumulator) * r.scales[channel]!))
  return Math.min(Math.max(scaled + r.zeroPoint, r.min), r.max)
}

/** Whether some tap of a filter may lie on the padding. */
export function touchesPadding({ geometry: g }: ConvStep | DepthwiseStep): boolean {
  const bottom = (g.outputHeight - 1) * g.strideHeight + (g.filterHeight - 1) * g.dilationHeight - g.padTop
  const right = (g.outputWidth - 1) * g.strideWidth + (g.filterWidth - 1) * g.dilationWidth - g.padLeft
  return g.padTop > 0 || g.padLeft > 0 || bottom >= g.inputHeight || right >= g.inputWidth
}

/** The requantisation with reachable accumulators that follow from the ranges of the input's channels. */
export function tighten(step: ConvStep | DepthwiseStep, input: Range): Requantization {
  const { geometry: g, requantize: r, weights } = step
  const zero = step.inputs[0]!.zeroPoint
  const padded = touchesPadding(step)
  const low = Float64Array.from(r.bias)
  const high = Float64Array.from(r.bias)
  const taps = g.filterHeight * g.filterWidth
  const depth = g.inputChannels
  // A fully connected layer may read several pixels as one row: channels repeat.
  const channelsIn = input.low.length
  const include = (channel: number, index: number, weight: number) => {
    const from = index % channelsIn
    const smallest = padded ? Math.min(input.low[from]! - zero, 0) : input.low[from]! - zero
    const largest = padded ? Math.max(input.high[from]! - zero, 0) : input.high[from]! - zero
    low[channel]! += weight > 0 ? weight * smallest : weight * largest
    high[channel]! += weight > 0 ? weight * largest : weight * smallest
  }
  const channels = g.outputChannels
  for (let channel = 0; channel < channels; channel++)
    for (let tap = 0; tap < taps; tap++) {
      if (step.kind === 'depthwise')
        include(channel, Math.floor((channel * depth) / channels), weights[tap * channels + channel]!)
      else for (let k = 0; k < depth; k++) include(channel, k, weights[(channel * taps + tap) * depth + k]!)
    }
  return { ...r, low, high }
}

function outputRange(step: Step, ranges: ReadonlyMap<string, Range>): Range {
  const input = ranges.get(step.inputs[0]?.name ?? '')
  if ((step.kind === 'conv' || step.kind === 'depthwise') && input) {
    const r = tighten(step, input)
    return {
      low: Int16Array.from(r.low, (accumulator, channel) => requantizeOne(r, channel, accumulator)),
      high: Int16Array.from(r.high, (accumulator, channel) => requantizeOne(r, channel, accumulator)),
    }
  }
  if ((step.kind === 'average-pool' || step.kind === 'max-pool') && input)
    return {
      low: input.low.map((value) => Math.min(Math.max(value, step.min), step.max)),
      high: input.high.map((value) => Math.min(Math.max(value, step.min), step.max)),
    }
  if (step.kind === 'reshape' && input && input.low.length === channelsOf(step.output)) return input
  return fullRange(step.output)
}

/** Interval analysis of a program, channel by channel, from the whole range of its inputs. */
export function rangesOf(program: Program): Ranges {
  const ranges = new Map<string, Range>()
  for (const { value } of program.states) ranges.set(value.name, fullRange(value))
  for (const value of program.inputs) ranges.set(value.name, fullRange(value))
  for (const step of program.steps) ranges.set(step.output.name, outputRange(step, ranges))
  return ranges
}
