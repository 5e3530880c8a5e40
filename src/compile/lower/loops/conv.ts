import { add, binary, mul } from '../../loops/expressions.ts'
import type { Expression, LoopsStep } from '../../loops/loops.ts'
import { LoopWriter } from '../../loops/writer.ts'
import type { Geometry } from '../../program.ts'
import { attribute, type LowerContext, refuse } from '../context.ts'
import { geometryOf } from '../geometry.ts'
import { productsOf } from './products.ts'
import { optionalSource, type Source, sourceAt, targetAt } from './source.ts'
import { eachPosition, eachSource, eachTap, type Position } from './window.ts'

/** conv_2d, depthwise_conv_2d and transpose_conv differ in where they read, and in which weight meets which channel. */
interface Form {
  /** Numbers of the inputs: activations, weights, bias. */
  readonly inputs: readonly [number, number, number]
  /** Channels that one product sums over. */
  depth(g: Geometry, weights: Source): number
  /** First input channel of an output channel. */
  first(g: Geometry, depth: number, channel: Expression): Expression
  weight(g: Geometry, depth: number, channel: Expression, tap: Expression): Expression
  readonly taps: typeof eachTap
}

const ohwi = (g: Geometry, depth: number, channel: Expression, tap: Expression) =>
  mul(add(mul(channel, g.filterHeight * g.filterWidth), tap), depth)

const forms: Readonly<Record<string, Form>> = {
  conv_2d: {
    inputs: [0, 1, 2],
    depth: (_, { value }) => value.shape[3]!,
    // Groups where the weights have fewer channels than the input.
    first: (g, depth, channel) =>
      depth === g.inputChannels
        ? mul(channel, 0)
        : mul(binary('div', channel, g.outputChannels / (g.inputChannels / depth)), depth),
    weight: ohwi,
    taps: eachTap,
  },
  depthwise_conv_2d: {
    inputs: [0, 1, 2],
    depth: () => 1,
    first: (g, _, channel) => binary('div', channel, g.outputChannels / g.inputChannels),
    weight: (g, _, channel, tap) => add(mul(tap, g.outputChannels), channel),
    taps: eachTap,
  },
  transpose_conv: {
    inputs: [2, 1, 3],
    depth: (_, { value }) => value.shape[3]!,
    first: (_, __, channel) => mul(channel, 0),
    weight: ohwi,
    taps: eachSource,
  },
}

/** A stride that a transposed convolution has not got is refused: the filter slides over the output by 1 or more. */
function requireGeometry(context: LowerContext, g: Geometry, depth: number): void {
  const groups = g.inputChannels / depth
  const multiple = Number.isInteger(groups) && g.outputChannels % groups === 0
  if (!multiple || attribute(context, 'strideH', 1) < 1) throw refuse(context, 'its weights do not fit its input')
}

/** Any convolution of any types: conv_2d (in groups too), depthwise_conv_2d, transpose_conv. */
export function lowerConvLoops(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const form = forms[context.node.op]!
  const [x, weights] = [sourceAt(w, context, form.inputs[0]), sourceAt(w, context, form.inputs[1])]
  const out = targetAt(w, context)
  const [, height, width] = weights.value.shape as [number, number, number, number]
  const g = geometryOf(context, x.value, out.value, { height, width })
  const depth = form.depth(g, weights)
  requireGeometry(context, g, depth)
  const channels = g.outputChannels
  const products = productsOf(w, context, {
    x,
    weights,
    bias: optionalSource(w, context, form.inputs[2]),
    out,
    channels,
  })
  const emitChannel = (position: Position, channel: Expression) => {
    const sum = products.start()
    const first = w.let(form.first(g, depth, channel))
    form.taps(w, g, position, (tap, pixel) => {
      const [from, weight] = [w.let(add(pixel, first)), w.let(form.weight(g, depth, channel, tap))]
      w.loop(depth, (c) => products.take(sum, add(from, c), add(weight, c)))
    })
    out.store(add(position.first, channel), products.finish(sum, channel))
  }
  eachPosition(w, g, (position) => {
    w.loop(channels, (channel) => emitChannel(position, channel))
  })
  const pixels = g.batches * (form.taps === eachTap ? g.outputHeight * g.outputWidth : g.inputHeight * g.inputWidth)
  const macs = pixels * channels * g.filterHeight * g.filterWidth * depth
  return w.step(context.node, out.value, `${context.node.op} ${x.value.dtype}`, macs)
}
