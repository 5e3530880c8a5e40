import { chains } from './bench-chains.ts'
import { type BenchLayer, type BenchType, conv, dense, depthwise, pointwise, repeated, same } from './bench-layer.ts'

/** A model that is timed whole: layers one after another, the output of one the input of the next. */
export interface Bench {
  /** Says all of it, so that a kept figure is found again. */
  readonly name: string
  readonly dtype: BenchType
  readonly layers: readonly BenchLayer[]
  /** 0 is timed first, so that every place soon has figures; 2 are networks. */
  readonly tier: number
}

const say = ({ op, height, width, channels, outputs, filterH, filterW, stride, weights }: BenchLayer): string =>
  `${op} ${height}x${width} ${channels}>${outputs} ${filterH}x${filterW}/${stride}${weights ? ` ${weights}` : ''}`

/** Name under which the figure of a single layer is kept. */
export function layerName(dtype: BenchType, layer: BenchLayer): string {
  return `${dtype} layer: ${say(layer)}`
}

function nameOf(dtype: BenchType, layers: readonly BenchLayer[]): string {
  const parts = layers.map(say)
  return `${dtype}: ${[...new Set(parts)].join(', ')}; ${parts.length}`
}

const mixed = (layer: BenchLayer, weights: 'int8' | 'by channel') => ({ ...layer, weights })

/** What is timed in one type alone. */
const special: readonly (readonly [BenchType, readonly BenchLayer[]])[] = [
  ['int8', repeated([mixed(dense(64, 64), 'by channel')], 4)],
  ['int8', repeated([mixed(dense(320, 24), 'by channel'), mixed(dense(24, 320), 'by channel')], 2)],
  ['int8', [mixed(dense(24, 8), 'by channel')]],
  ['int8', [mixed(dense(96, 10), 'by channel'), same('softmax', [1, 1], 10)]],
  ['int8', [same('quantize', [1, 60], 10)]],
  ['int8', [same('quantize', [24, 24], 3)]],
  ['int8', [same('quantize', [40, 40], 3)]],
  ['int8', [same('quantize', [1, 30], 8)]],
  ['int8', [same('quantize', [1, 60], 12), same('reshape', [60, 12], 1)]],
  ['int8', [same('dequantize', [1, 1], 10)]],
  ['int8', [mixed(dense(32, 10), 'by channel'), same('dequantize', [1, 1], 10)]],
  ['int8', [same('dequantize', [8, 8], 16)]],
  ['int8', [same('dequantize', [1, 1], 40)]],
  ['float32', repeated([mixed(pointwise([20, 6], 48, 48), 'int8')], 3)],
  ['float32', repeated([mixed(pointwise([10, 10], 64, 64), 'int8')], 3)],
  ['float32', repeated([mixed(conv([14, 14], 16, 16), 'int8')], 3)],
  ['float32', [mixed(conv([48, 10], 1, 48, [8, 4], 2), 'int8')]],
  ['float32', [mixed(conv([44, 12], 1, 72, [10, 4], 2), 'int8')]],
  ['float32', repeated([depthwise([22, 6], 64), mixed(pointwise([22, 6], 64, 64), 'int8')], 2)],
  ['float32', repeated([depthwise([28, 5], 56), mixed(pointwise([28, 5], 56, 56), 'int8')], 2)],
  ['float32', repeated([mixed(dense(128, 128), 'int8')], 3)],
]

const toBench = (dtype: BenchType, layers: readonly BenchLayer[], tier: number): Bench => {
  return { name: nameOf(dtype, layers), dtype, layers, tier }
}

/** In steps of the golden ratio: any first part of it is spread over all. */
export function spreadOut<T>(all: readonly T[]): readonly T[] {
  const order = all.map((item, index) => ({ item, at: (index * 0.6180339887) % 1 }))
  return order.sort((a, b) => a.at - b.at).map(({ item }) => item)
}

const all: readonly Bench[] = [
  ...chains.flatMap((all, tier) =>
    all.flatMap((layers) => [toBench('int8', layers, tier), toBench('float32', layers, tier)]),
  ),
  ...special.map(([dtype, layers]) => toBench(dtype, layers, 1)),
]

/**
 * All microbenchmarks: what every place is timed on, coarse ones first. Whole networks come before single kinds of layers,
 * since they alone tell what layers cost one after another; those of a tier in such an order that a part of them says much.
 */
export const benches: readonly Bench[] = [0, 2, 1].flatMap((tier) => {
  const those = all.filter((bench) => bench.tier === tier)
  return tier === 1 ? spreadOut(those) : those
})
