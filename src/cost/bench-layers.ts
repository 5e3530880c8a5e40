import {
  autoencoder,
  average,
  type BenchLayer,
  type BenchType,
  conv,
  dense,
  depthwise,
  globalPool,
  head,
  pointwise,
  repeated,
  residual,
  same,
  separable,
  temporal,
} from './bench-layer.ts'

/** A model that is timed whole: layers one after another, the output of one the input of the next. */
export interface Bench {
  /** Says all of it, so that a kept figure is found again. */
  readonly name: string
  readonly dtype: BenchType
  readonly layers: readonly BenchLayer[]
  /** 0 is timed first, so that every place soon has figures. */
  readonly tier: number
}

/** Chains that are timed at every place, coarse ones first. */
const chains: readonly (readonly (readonly BenchLayer[])[])[] = [
  [
    repeated([pointwise([7, 7], 96, 96)], 4),
    repeated([depthwise([14, 14], 48)], 4),
    repeated([conv([14, 14], 24, 24)], 3),
    repeated([dense(192, 192)], 4),
    [same('add', [4, 4], 8)],
    separable(
      conv([40, 40], 3, 16, [3, 3], 2),
      [
        [24, 1],
        [48, 2],
        [96, 2],
        [96, 1],
      ],
      8,
    ),
  ],
  [
    [same('add', [20, 20], 32)],
    repeated([same('add', [20, 20], 32)], 4),
    repeated([same('add', [4, 4], 8)], 4),
    repeated([same('add', [32, 32], 16)], 4),
    repeated([same('add', [8, 8], 48)], 4),
    [pointwise([56, 56], 8, 8)],
    repeated([pointwise([56, 56], 8, 8)], 4),
    [pointwise([4, 4], 16, 16)],
    repeated([pointwise([4, 4], 16, 16)], 4),
    [pointwise([20, 20], 40, 40)],
    repeated([pointwise([20, 20], 40, 40)], 4),
    repeated([pointwise([24, 6], 48, 48)], 4),
    repeated([pointwise([20, 6], 72, 72)], 4),
    repeated([pointwise([4, 4], 128, 128)], 4),
    repeated([pointwise([3, 4], 224, 224)], 4),
    repeated([pointwise([7, 7], 128, 128)], 4),
    repeated([pointwise([5, 5], 160, 160)], 4),
    repeated([pointwise([14, 14], 64, 64)], 4),
    repeated([pointwise([22, 1], 112, 112)], 4),
    repeated([pointwise([1, 1], 96, 96)], 4),
    repeated([pointwise([40, 40], 8, 16), pointwise([40, 40], 16, 8)], 2),
    repeated([pointwise([20, 20], 16, 32), pointwise([20, 20], 32, 16)], 2),
    repeated([pointwise([10, 10], 32, 64), pointwise([10, 10], 64, 32)], 2),
    repeated([pointwise([7, 7], 64, 128), pointwise([7, 7], 128, 64)], 2),
    repeated([pointwise([4, 4], 128, 256), pointwise([4, 4], 256, 128)], 2),
    repeated([pointwise([2, 2], 256, 256)], 3),
    repeated([depthwise([56, 56], 8)], 4),
    repeated([depthwise([40, 40], 8)], 4),
    repeated([depthwise([28, 28], 16)], 4),
    repeated([depthwise([20, 20], 32)], 4),
    repeated([depthwise([24, 6], 48)], 4),
    repeated([depthwise([22, 6], 64)], 4),
    repeated([depthwise([14, 14], 32)], 4),
    repeated([depthwise([10, 10], 64)], 4),
    repeated([depthwise([7, 7], 128)], 4),
    repeated([depthwise([5, 5], 96)], 4),
    repeated([depthwise([4, 4], 256)], 4),
    [depthwise([56, 56], 16, 2), depthwise([28, 28], 16, 2), depthwise([14, 14], 16, 2)],
    [depthwise([40, 40], 32, 2), depthwise([20, 20], 32, 2), depthwise([10, 10], 32, 2)],
    [depthwise([28, 28], 64, 2), depthwise([14, 14], 64, 2), depthwise([7, 7], 64, 2)],
    [depthwise([14, 14], 128, 2), depthwise([7, 7], 128, 2), depthwise([4, 4], 128, 2)],
    [depthwise([32, 1], 48, 1, [3, 1]), depthwise([30, 1], 48, 1, [5, 1]), depthwise([26, 1], 48, 1, [9, 1])],
    [depthwise([24, 1], 96, 1, [6, 1]), depthwise([19, 1], 96, 1, [12, 1]), depthwise([8, 1], 96, 1, [8, 1])],
    [depthwise([23, 1], 144, 1, [8, 1]), depthwise([16, 1], 144, 1, [16, 1])],
    repeated([depthwise([30, 6], 48, 1, [5, 3])], 4),
    repeated([depthwise([30, 6], 48, 1, [7, 3])], 4),
    repeated([depthwise([14, 6], 96, 1, [5, 3])], 4),
    repeated([depthwise([20, 4], 80, 1, [7, 3])], 4),
    repeated([depthwise([36, 4], 24, 1, [5, 3])], 4),
    repeated([depthwise([36, 4], 24, 1, [7, 3])], 4),
    repeated([depthwise([12, 12], 40, 1, [5, 4])], 4),
    [depthwise([40, 10], 56, 2, [7, 3]), depthwise([20, 5], 56, 2, [7, 3]), depthwise([10, 3], 56, 2, [5, 3])],
    repeated([depthwise([28, 6], 72, 1, [5, 3]), pointwise([28, 6], 72, 72)], 2),
    repeated([depthwise([20, 5], 40, 1, [7, 3]), pointwise([20, 5], 40, 40)], 2),
    repeated([conv([28, 28], 16, 16)], 3),
    repeated([conv([40, 40], 8, 8)], 3),
    repeated([conv([20, 20], 16, 16)], 3),
    repeated([conv([14, 14], 32, 32)], 3),
    repeated([conv([10, 10], 48, 48)], 3),
    repeated([conv([7, 7], 64, 64)], 3),
    repeated([conv([5, 5], 96, 96)], 3),
    [conv([40, 40], 8, 16, [3, 3], 2), conv([20, 20], 16, 32, [3, 3], 2), conv([10, 10], 32, 64, [3, 3], 2)],
    [conv([28, 28], 24, 32, [3, 3], 2), conv([14, 14], 32, 48, [3, 3], 2), conv([7, 7], 48, 96, [3, 3], 2)],
    [conv([20, 20], 16, 32, [1, 1], 2), conv([10, 10], 32, 64, [1, 1], 2)],
    [conv([80, 80], 3, 8, [3, 3], 2)],
    [conv([56, 56], 3, 16, [3, 3], 2)],
    [conv([28, 28], 3, 16)],
    [conv([40, 40], 3, 24)],
    [conv([28, 28], 1, 16)],
    [conv([40, 10], 1, 48, [8, 4], 2)],
    [conv([48, 12], 1, 64, [10, 3], 2)],
    [conv([49, 8], 1, 32, [8, 5], 2)],
    repeated([dense(64, 64)], 4),
    repeated([dense(96, 96)], 4),
    repeated([dense(24, 24)], 4),
    [dense(16, 16)],
    repeated([dense(512, 96), dense(96, 512)], 2),
    repeated([dense(160, 16), dense(16, 160)], 2),
    repeated([dense(768, 160), dense(160, 768)], 2),
    repeated([dense(320, 10), dense(10, 320)], 2),
    [dense(64, 12)],
    [dense(256, 2)],
    [...head([7, 7], 64, 10)],
    [...head([24, 6], 48, 12)],
    [...head([4, 4], 192, 3)],
    [...head([10, 10], 32, 20)],
    [globalPool([20, 20], 32)],
    [globalPool([8, 8], 48)],
    [globalPool([30, 5], 24)],
    [average([30, 5], 24)],
    [average([14, 14], 64)],
    [average([36, 6], 48), same('reshape', [1, 1], 48), dense(48, 8)],
    repeated([depthwise([30, 5], 16)], 4),
    repeated([depthwise([36, 4], 32)], 4),
    repeated([depthwise([28, 5], 72)], 4),
    repeated([depthwise([12, 3], 128)], 4),
    repeated([pointwise([30, 5], 16, 16)], 4),
    repeated([pointwise([36, 5], 32, 32)], 4),
    [conv([60, 10], 1, 16, [10, 4], 2)],
    [conv([72, 8], 1, 32, [10, 4], 2)],
    [conv([44, 10], 1, 72, [10, 4], 2)],
    [depthwise([30, 1], 64, 1, [3, 1]), pointwise([28, 1], 64, 96)],
    [depthwise([28, 1], 112, 1, [5, 1]), pointwise([24, 1], 112, 112)],
    [depthwise([26, 1], 128, 1, [9, 1])],
    [depthwise([14, 1], 128, 1, [14, 1])],
    [depthwise([36, 1], 40, 1, [4, 1])],
    [same('reshape', [24, 12], 1)],
    [same('reshape', [12, 12], 8)],
    [globalPool([3, 3], 256)],
    [same('softmax', [1, 1], 10)],
    [same('softmax', [1, 1], 64)],
    [same('reshape', [1, 1], 64), same('softmax', [1, 1], 64)],
    repeated([same('logistic', [14, 14], 16)], 3),
    repeated([{ ...same('max_pool_2d', [28, 28], 16), filterH: 2, filterW: 2, stride: 2 }], 1),
    repeated([{ ...same('average_pool_2d', [28, 28], 16), filterH: 2, filterW: 2, stride: 2 }], 1),
  ],
  [
    separable(
      conv([48, 10], 1, 48, [8, 4], 2),
      [
        [48, 1],
        [48, 1],
        [48, 1],
      ],
      10,
    ),
    separable(
      conv([80, 80], 3, 8, [3, 3], 2),
      [
        [16, 1],
        [32, 2],
        [32, 1],
        [64, 2],
        [64, 1],
        [128, 2],
        [128, 1],
        [128, 1],
        [192, 2],
      ],
      2,
    ),
    separable(
      conv([56, 56], 1, 16, [3, 3], 2),
      [
        [32, 1],
        [64, 2],
        [64, 1],
        [64, 2],
      ],
      5,
    ),
    residual(28, [16, 24, 48], 10),
    residual(20, [24, 48, 64], 4),
    separable(
      conv([60, 10], 1, 24, [10, 4], 2),
      [
        [24, 1],
        [24, 1],
        [24, 1],
        [24, 1],
      ],
      8,
    ),
    separable(
      conv([44, 10], 1, 72, [10, 4], 2),
      [
        [72, 1],
        [72, 1],
        [72, 1],
      ],
      12,
    ),
    separable(
      conv([64, 64], 3, 8, [3, 3], 2),
      [
        [16, 1],
        [24, 2],
        [24, 1],
        [48, 2],
        [48, 1],
        [96, 2],
        [96, 1],
        [192, 2],
        [192, 1],
      ],
      2,
    ),
    autoencoder(512, 96, 12),
    autoencoder(320, 160, 16),
    temporal(24, 32, 96),
    temporal(36, 48, 144),
  ],
]

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
  ['int8', [same('quantize', [1, 60], 12), same('reshape', [60, 12], 1)]],
  ['int8', [same('dequantize', [1, 1], 10)]],
  ['int8', [mixed(dense(32, 10), 'by channel'), same('dequantize', [1, 1], 10)]],
  ['int8', [same('dequantize', [8, 8], 16)]],
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

/** All microbenchmarks: what every place is timed on, coarse ones first; those of a tier so that a part of them says much. */
export const benches: readonly Bench[] = [0, 1, 2].flatMap((tier) => {
  const those = all.filter((bench) => bench.tier === tier)
  return tier === 1 ? spreadOut(those) : those
})
