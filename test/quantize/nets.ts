import { random } from '../../src/core/random.ts'
import type { Graph, Tensor } from '../../src/graph/graph.ts'
import { canonicalGraph, node, tensor } from '../support/tflite-graphs.ts'

const window = { strideH: 1, strideW: 1, dilationH: 1, dilationW: 1 }
const same = { padTop: 1, padBottom: 1, padLeft: 1, padRight: 1 }
const none = { padTop: 0, padBottom: 0, padLeft: 0, padRight: 0 }

function normal(name: string, shape: readonly number[], deviation: number, seed: number): Tensor {
  const draw = random(seed)
  const length = shape.reduce((a, b) => a * b, 1)
  return tensor(name, 'float32', shape, { values: Float32Array.from({ length }, () => deviation * draw.normal()) })
}

/** A float net of a convolution, a depthwise and a pointwise one, a pool, and a dense layer that chooses among three. */
export function smallNet({ channels = 8, activation = 'relu', seed = 1 } = {}): Graph {
  const c = channels
  return canonicalGraph(
    [
      tensor('x', 'float32', [1, 6, 5, 2]),
      normal('w1', [c, 3, 3, 2], 0.3, seed),
      normal('b1', [c], 0.1, seed + 1),
      tensor('a1', 'float32', [1, 6, 5, c]),
      normal('w2', [1, 3, 3, c], 0.3, seed + 2),
      normal('b2', [c], 0.1, seed + 3),
      tensor('a2', 'float32', [1, 6, 5, c]),
      normal('w3', [c, 1, 1, c], 0.5, seed + 4),
      normal('b3', [c], 0.1, seed + 5),
      tensor('a3', 'float32', [1, 6, 5, c]),
      tensor('p', 'float32', [1, 1, 1, c]),
      tensor('s', 'int32', [2], { values: Int32Array.of(1, c) }),
      tensor('f', 'float32', [1, c]),
      normal('w4', [3, c], 1, seed + 6),
      normal('b4', [3], 0.2, seed + 7),
      tensor('l', 'float32', [1, 3]),
      tensor('y', 'float32', [1, 3]),
    ],
    [
      node('conv_2d', ['x', 'w1', 'b1'], ['a1'], { ...window, ...same, activation }),
      node('depthwise_conv_2d', ['a1', 'w2', 'b2'], ['a2'], { ...window, ...same, depthMultiplier: 1, activation }),
      node('conv_2d', ['a2', 'w3', 'b3'], ['a3'], { ...window, ...none, activation }),
      node('average_pool_2d', ['a3'], ['p'], {
        strideH: 6,
        strideW: 5,
        filterH: 6,
        filterW: 5,
        activation: 'none',
        ...none,
      }),
      node('reshape', ['p', 's'], ['f'], {}),
      node('fully_connected', ['f', 'w4', 'b4'], ['l'], {
        activation: 'none',
        weightsFormat: 0,
        keepNumDims: 0,
        asymmetricQuantizeInputs: 0,
      }),
      node('softmax', ['l'], ['y'], { beta: 1 }),
    ],
    ['x'],
    ['y'],
  )
}

/** Inputs of `smallNet`: smooth in part, so that neighbours have something in common. */
export function smallInputs(count: number, seed = 100): readonly (readonly Float32Array[])[] {
  return Array.from({ length: count }, (_, at) => {
    const draw = random(seed + at)
    const level = draw.normal()
    return [Float32Array.from({ length: 60 }, () => level + 0.6 * draw.normal())]
  })
}
