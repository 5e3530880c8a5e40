import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { canonicalGraph, node, perTensor, tensor } from '../support/tflite-graphs.ts'
import { numbers } from './random-layer.ts'

const [height, width, middle] = [5, 4, 40]

/** Convolution, depthwise convolution, convolution, fully connected over all pixels; many channels cannot leave their bounds. */
function chain(seed: number, zero: number, pad: number): Graph {
  const next = numbers(seed)
  const int8 = (length: number) => Int8Array.from({ length }, () => Math.round((next() * 2 - 1) * 40))
  const biases = (length: number) => Int32Array.from({ length }, () => Math.round((next() * 2 - 1.4) * 60000))
  const weights = (name: string, ...shape: readonly number[]) =>
    tensor(name, 'int8', shape, { quantization: perTensor(0.01), values: int8(shape.reduce((a, b) => a * b, 1)) })
  const value = (name: string, shape: readonly number[], zeroPoint = zero) =>
    tensor(name, 'int8', shape, { quantization: perTensor(0.1, zeroPoint) })
  const bias = (name: string, length: number) => tensor(name, 'int32', [length], { values: biases(length) })
  const size = (length: number) => length + 2 * pad - 2
  const plain = { padTop: 0, padBottom: 0, padLeft: 0, padRight: 0, strideH: 1, strideW: 1, dilationH: 1, dilationW: 1 }
  const padded = { ...plain, padTop: pad, padBottom: pad, padLeft: pad, padRight: pad, depthMultiplier: 1 }
  const pixels = [1, size(height), size(width)]
  return canonicalGraph(
    [
      value('x', [1, height, width, 5], 3),
      weights('w1', middle, 1, 1, 5),
      bias('b1', middle),
      value('h1', [1, height, width, middle]),
      weights('w2', 1, 3, 3, middle),
      bias('b2', middle),
      value('h2', [...pixels, middle]),
      weights('w3', 10, 1, 1, middle),
      bias('b3', 10),
      value('h3', [...pixels, 10]),
      weights('w4', 3, 10 * size(height) * size(width)),
      bias('b4', 3),
      value('y', [1, 3], 5),
    ],
    [
      node('conv_2d', ['x', 'w1', 'b1'], ['h1'], { ...plain, activation: 'relu' }),
      node('depthwise_conv_2d', ['h1', 'w2', 'b2'], ['h2'], { ...padded, activation: 'relu6' }),
      node('conv_2d', ['h2', 'w3', 'b3'], ['h3'], { ...plain, activation: 'none' }),
      node('fully_connected', ['h3', 'w4', 'b4'], ['y'], { activation: 'none', keepNumDims: 0 }),
    ],
    ['x'],
    ['y'],
  )
}

describe('exact pruning', () => {
  for (const semantics of ['tflm', 'fp32'] as const)
    it(`changes no output, ${semantics}`, () => {
      let dropped = 0
      fc.assert(
        fc.property(fc.integer(), fc.constantFrom(-128, -100, 0, 20), fc.constantFrom(0, 1), (seed, zero, pad) => {
          const graph = chain(seed, zero, pad)
          const model = instantiate(compileGraph(graph, { semantics }).wasm)
          if (
            model.manifest.layers[1]!.outputBytes <
            compileGraph(graph, { semantics, prune: false }).manifest.layers[1]!.outputBytes
          )
            dropped++
          const next = numbers(seed + 1)
          const values = Int8Array.from({ length: height * width * 5 }, () => Math.floor(next() * 256) - 128)
          model.inputs[0]!.data.set(values)
          model.run()
          expect(model.outputs[0]!.data).toEqual(interpret(graph, [values], semantics).get('y'))
        }),
        { numRuns: 60 },
      )
      expect(dropped).toBeGreaterThan(20)
    })
})
