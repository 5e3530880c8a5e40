import type { Geometry } from '../program.ts'
import { add, binary, int, mul } from './expressions.ts'
import type { Expression } from './loops.ts'
import { eachPosition, eachSource, eachTap, type Position } from './window.ts'
import type { LoopWriter, Variable } from './writer.ts'

/** Arithmetic of a layer that sums products: in which type, and what becomes of the sums. */
export interface Products {
  /** A new sum. */
  start(): Variable
  /** Adds one product, of elements by index. */
  take(sum: Variable, xIndex: Expression, weightIndex: Expression): void
  /** The output of a channel's sum: bias, scale, zero point, activation. */
  finish(sum: Expression, channel: Expression): Expression
}

/** Convolutions differ in where they read, and in which weight meets which channel. */
export interface ConvolutionForm {
  /** First input channel of an output channel, of a sum over `depth` channels. */
  first(g: Geometry, depth: number, channel: Expression): Expression
  /** Index of the weight of the first of these channels. */
  weight(g: Geometry, depth: number, channel: Expression, tap: Expression): Expression
  readonly taps: typeof eachTap
}

const ohwi = (g: Geometry, depth: number, channel: Expression, tap: Expression) =>
  mul(add(mul(channel, g.filterHeight * g.filterWidth), tap), depth)

/** Weights OHWI; in groups where the weights have fewer channels than the input. */
export const plainForm: ConvolutionForm = {
  first: (g, depth, channel) => {
    const groups = g.inputChannels / depth
    return groups === 1 ? int(0) : mul(binary('div', channel, g.outputChannels / groups), depth)
  },
  weight: ohwi,
  taps: eachTap,
}

/** Weights 1HWC; output channel c reads input channel c / multiplier. The depth is 1. */
export const depthwiseForm: ConvolutionForm = {
  first: (g, _, channel) => binary('div', channel, g.outputChannels / g.inputChannels),
  weight: (g, _, channel, tap) => add(mul(tap, g.outputChannels), channel),
  taps: eachTap,
}

/** Weights OHWI of a filter that slides over the output. */
export const transposedForm: ConvolutionForm = { first: () => int(0), weight: ohwi, taps: eachSource }

/** Writes a convolution, one product after the other. */
export function convolve(
  w: LoopWriter,
  g: Geometry,
  form: ConvolutionForm,
  depth: number,
  products: Products,
  store: (at: Expression, value: Expression) => void,
): void {
  const emitChannel = (position: Position, channel: Expression) => {
    const sum = products.start()
    const first = w.let(form.first(g, depth, channel))
    form.taps(w, g, position, (tap, pixel) => {
      const [from, weight] = [w.let(add(pixel, first)), w.let(form.weight(g, depth, channel, tap))]
      w.loop(depth, (c) => products.take(sum, add(from, c), add(weight, c)))
    })
    store(add(position.first, channel), products.finish(sum, channel))
  }
  eachPosition(w, g, (position) => {
    w.loop(g.outputChannels, (channel) => emitChannel(position, channel))
  })
}
