import type { ConvStep, DepthwiseStep, PoolStep, Program, Requantization, Step, Value } from '../program.ts'
import { channelGroups } from './channel-groups.ts'
import { type Ranges, rangesOf, tighten, touchesPadding } from './ranges.ts'

/** Blocks of channels are never split: a partial block costs as much as a whole one, and stores slower. */
const blockChannels = 8

/** Whether a channel of a value that convolutions read can be folded into their biases. */
function isFoldable(value: Value, channel: number, consumers: readonly Step[], ranges: Ranges): boolean {
  const readers = consumers.filter((step): step is ConvStep => step.kind === 'conv')
  if (readers.length === 0) return true
  const range = ranges.get(value.name)!
  const constant = range.low[channel]! === range.high[channel]!
  const silent = range.low[channel]! === value.zeroPoint
  return constant && readers.every((step) => silent || !touchesPadding(step))
}

/** The channels to keep of a group of `count`: those that vary, filled up to whole blocks. */
function keep(count: number, droppable: readonly boolean[]): readonly number[] {
  const all = Array.from({ length: count }, (_, channel) => channel)
  const needed = droppable.filter((drop) => !drop).length
  const rounded = Math.max(blockChannels, Math.ceil(needed / blockChannels) * blockChannels)
  if (rounded >= count) return all
  let spare = rounded - needed
  return all.filter((channel) => !droppable[channel] || spare-- > 0)
}

const pick = <T extends Int32Array | Float32Array | Float64Array>(values: T, channels: readonly number[]): T =>
  (values.constructor as unknown as { from(list: number[]): T }).from(channels.map((channel) => values[channel]!))

function pickRequantization(r: Requantization, channels: readonly number[]): Requantization {
  return {
    ...r,
    bias: pick(r.bias, channels),
    multipliers: pick(r.multipliers, channels),
    shifts: pick(r.shifts, channels),
    scales: pick(r.scales, channels),
    low: pick(r.low, channels),
    high: pick(r.high, channels),
  }
}

/** Channels that stay, of a value that has `count` for the step which asks. */
type Kept = (value: Value, count: number) => readonly number[]

function pruneValue(value: Value, kept: Kept): Value {
  const count = value.shape.at(-1) ?? 1
  const channels = kept(value, count).length
  return channels === count ? value : { ...value, shape: [...value.shape.slice(0, -1), channels] }
}

function pruneConv(step: ConvStep, kept: Kept, ranges: Ranges): ConvStep {
  const { geometry: g } = step
  const input = step.inputs[0]!
  const [from, to] = [kept(input, g.inputChannels), kept(step.output, g.outputChannels)]
  const taps = g.filterHeight * g.filterWidth
  const depth = g.inputChannels
  const weights = new Int8Array(to.length * taps * from.length)
  const bias = pick(step.requantize.bias, to)
  const constants = ranges.get(input.name)!.low
  const live = new Set(from)
  let at = 0
  to.forEach((channel, index) => {
    for (let tap = 0; tap < taps; tap++) {
      const start = (channel * taps + tap) * depth
      for (const k of from) weights[at++] = step.weights[start + k]!
      for (let k = 0; k < depth; k++)
        if (!live.has(k)) bias[index]! += step.weights[start + k]! * (constants[k]! - input.zeroPoint)
    }
  })
  return {
    ...step,
    inputs: [pruneValue(input, kept)],
    output: pruneValue(step.output, kept),
    weights,
    macs: (step.macs / (g.inputChannels * g.outputChannels)) * from.length * to.length,
    geometry: { ...g, inputChannels: from.length, outputChannels: to.length },
    requantize: { ...pickRequantization(step.requantize, to), bias },
  }
}

function pruneDepthwise(step: DepthwiseStep, kept: Kept): DepthwiseStep {
  const { geometry: g } = step
  const channels = kept(step.output, g.outputChannels)
  if (channels.length === g.outputChannels) return step
  const taps = g.filterHeight * g.filterWidth
  const weights = new Int8Array(taps * channels.length)
  for (let tap = 0; tap < taps; tap++)
    channels.forEach((channel, index) => {
      weights[tap * channels.length + index] = step.weights[tap * g.outputChannels + channel]!
    })
  return {
    ...step,
    inputs: [pruneValue(step.inputs[0]!, kept)],
    output: pruneValue(step.output, kept),
    weights,
    macs: (step.macs / g.outputChannels) * channels.length,
    geometry: { ...g, inputChannels: channels.length, outputChannels: channels.length },
    requantize: pickRequantization(step.requantize, channels),
  }
}

function prunePool(step: PoolStep, kept: Kept): PoolStep {
  const count = kept(step.output, step.geometry.outputChannels).length
  return {
    ...step,
    inputs: [pruneValue(step.inputs[0]!, kept)],
    output: pruneValue(step.output, kept),
    geometry: { ...step.geometry, inputChannels: count, outputChannels: count },
  }
}

function pruneStep(step: Step, kept: Kept, ranges: Ranges): Step {
  switch (step.kind) {
    case 'conv': {
      const tight = { ...step, requantize: tighten(step, ranges.get(step.inputs[0]!.name)!) }
      return pruneConv(tight, kept, ranges)
    }
    case 'depthwise':
      return pruneDepthwise({ ...step, requantize: tighten(step, ranges.get(step.inputs[0]!.name)!) }, kept)
    case 'average-pool':
    case 'max-pool':
      return prunePool(step, kept)
    case 'reshape':
      return { ...step, inputs: [pruneValue(step.inputs[0]!, kept)], output: pruneValue(step.output, kept) }
    default:
      return step
  }
}

/**
 * Exact pruning: channels that interval analysis proves constant for every input are not computed; what they
 * contribute goes into the biases behind them. Outputs stay the same bit for bit.
 */
export function pruneProgram(program: Program): Program {
  const ranges = rangesOf(program)
  const groups = channelGroups(program)
  const plans = new Map<string, readonly number[]>()
  for (const group of groups) {
    const count = group.values[0]!.shape.at(-1) ?? 1
    const droppable = Array.from({ length: count }, (_, channel) =>
      group.values.every((value) => isFoldable(value, channel, group.consumers(value), ranges)),
    )
    const channels = keep(count, droppable)
    for (const value of group.values) plans.set(value.name, channels)
  }
  const kept: Kept = (value, count) => plans.get(value.name) ?? Array.from({ length: count }, (_, channel) => channel)
  return { ...program, steps: program.steps.map((step) => pruneStep(step, kept, ranges)) }
}
