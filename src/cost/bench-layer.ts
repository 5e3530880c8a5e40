/** A layer of a microbenchmark: lengths of input, filter and output. */
export interface BenchLayer {
  readonly op:
    | 'conv_2d'
    | 'depthwise_conv_2d'
    | 'fully_connected'
    | 'average_pool_2d'
    | 'max_pool_2d'
    | 'add'
    | 'softmax'
    | 'logistic'
    | 'mean'
    | 'quantize'
    | 'dequantize'
    | 'reshape'
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly outputs: number
  readonly filterH: number
  readonly filterW: number
  readonly stride: number
  /** How the weights are quantised where that is not usual: int8 for floats, a scale a channel for dense layers. */
  readonly weights?: 'int8' | 'by channel'
}

/** Types that are timed. */
export type BenchType = 'int8' | 'float32'

const plain = { filterH: 1, filterW: 1, stride: 1 } as const

type Lengths = readonly [height: number, width: number]

/** Pointwise convolution. */
export const pointwise = ([height, width]: Lengths, channels: number, outputs: number): BenchLayer => {
  return { ...plain, op: 'conv_2d', height, width, channels, outputs }
}

/** Convolution, 3×3 unless said otherwise. */
export const conv = (
  [height, width]: Lengths,
  channels: number,
  outputs: number,
  [filterH, filterW]: Lengths = [3, 3],
  stride = 1,
): BenchLayer => ({ op: 'conv_2d', height, width, channels, outputs, filterH, filterW, stride })

/** Depthwise convolution, 3×3 unless said otherwise. */
export const depthwise = (
  [height, width]: Lengths,
  channels: number,
  stride = 1,
  [filterH, filterW]: Lengths = [3, 3],
): BenchLayer => {
  return { op: 'depthwise_conv_2d', height, width, channels, outputs: channels, filterH, filterW, stride }
}

/** Fully connected layer. */
export const dense = (channels: number, outputs: number): BenchLayer => {
  return { ...plain, op: 'fully_connected', height: 1, width: 1, channels, outputs }
}

/** An operator whose output is as long as its input. */
export const same = (op: BenchLayer['op'], [height, width]: Lengths, channels: number): BenchLayer => {
  return { ...plain, op, height, width, channels, outputs: channels }
}

/** Average over all positions. */
export const globalPool = ([height, width]: Lengths, channels: number): BenchLayer => {
  return { ...same('average_pool_2d', [height, width], channels), filterH: height, filterW: width, stride: 1 }
}

/** Mean over all positions, as an operator of its own. */
export const average = (size: Lengths, channels: number): BenchLayer => ({ ...same('mean', size, channels) })

/** The same layers several times over. */
export const repeated = (layers: readonly BenchLayer[], times: number): readonly BenchLayer[] =>
  Array.from({ length: times }, () => layers).flat()

/** Head of a classifier: average over all positions, a dense layer, softmax. */
export const head = (size: Lengths, channels: number, classes: number): readonly BenchLayer[] => [
  globalPool(size, channels),
  same('reshape', [1, 1], channels),
  dense(channels, classes),
  same('softmax', [1, 1], classes),
]

/** Depthwise and pointwise in turn: `size channels` through `outputs[i]` with strides; ends in a head. */
export function separable(
  first: BenchLayer,
  blocks: readonly (readonly [outputs: number, stride: number])[],
  classes: number,
): readonly BenchLayer[] {
  const layers = [first]
  let { height, width, outputs: channels } = first
  ;[height, width] = [Math.ceil(height / first.stride), Math.ceil(width / first.stride)]
  for (const [outputs, stride] of blocks) {
    layers.push(depthwise([height, width], channels, stride))
    ;[height, width] = [Math.ceil(height / stride), Math.ceil(width / stride)]
    layers.push(pointwise([height, width], channels, outputs))
    channels = outputs
  }
  return [...layers, ...head([height, width], channels, classes)]
}

/** 3×3 convolutions with sums in between. */
export function residual(size: number, widths: readonly number[], classes: number): readonly BenchLayer[] {
  const layers = [conv([size, size], 3, widths[0]!)]
  let [length, channels] = [size, widths[0]!]
  for (const [index, width] of widths.entries()) {
    const stride = index === 0 ? 1 : 2
    layers.push(conv([length, length], channels, width, [3, 3], stride))
    length = Math.ceil(length / stride)
    layers.push(conv([length, length], width, width), same('add', [length, length], width))
    channels = width
  }
  return [...layers, ...head([length, length], channels, classes)]
}

/** Dense layers through a narrow middle. */
export const autoencoder = (wide: number, hidden: number, narrow: number): readonly BenchLayer[] => [
  dense(wide, hidden),
  ...repeated([dense(hidden, hidden)], 2),
  dense(hidden, narrow),
  dense(narrow, hidden),
  ...repeated([dense(hidden, hidden)], 2),
  dense(hidden, wide),
]

/** Layers of a keyword spotter over time alone: filters of ever greater length, without padding. */
export const temporal = (steps: number, channels: number, width: number): readonly BenchLayer[] => [
  depthwise([steps, 1], channels, 1, [3, 1]),
  pointwise([steps - 2, 1], channels, width),
  depthwise([steps - 2, 1], width, 1, [7, 1]),
  pointwise([steps - 8, 1], width, width),
  depthwise([steps - 8, 1], width, 1, [12, 1]),
  pointwise([steps - 19, 1], width, width / 4),
]
