import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readModel } from '../../src/formats/list.ts'
import { modelFacts, outputMacs } from '../../src/graph/facts.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { inferShapes } from '../../src/graph/shapes.ts'
import { sharedPath } from '../support/shared.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

/** The graph with the shapes of everything that nodes make forgotten. */
function withoutShapes(graph: Graph): Graph {
  const made = new Set(graph.nodes.flatMap((node) => node.outputs))
  const tensors = [...graph.tensors].map(([name, tensor]) => [
    name,
    made.has(name) ? { ...tensor, shape: null } : tensor,
  ])
  return { ...graph, tensors: new Map(tensors as never) }
}

describe('facts of canonical graphs', () => {
  it('tell type, multiply-accumulates, parameters and bytes', () => {
    expect(modelFacts(smallNetwork())).toEqual({
      dtype: 'int8',
      parameters: 54 + 3 + 12,
      weightBytes: 54 + 12 + 12,
      macs: 3 * 3 * 3 * 18 + 12,
      ops: [
        ['conv_2d', 1],
        ['average_pool_2d', 1],
        ['reshape', 1],
        ['fully_connected', 1],
        ['softmax', 1],
      ],
    })
  })

  it('tell what one output alone costs', () => {
    const graph = smallNetwork()
    const early = { ...graph, outputs: [...graph.outputs, graph.nodes[1]!.outputs[0]!] }
    expect(early.outputs.map((output) => outputMacs(early, output))).toEqual([3 * 3 * 3 * 18 + 12, 3 * 3 * 3 * 18])
    expect(outputMacs(early, 'nothing')).toBe(0)
  })

  it('infer the shapes that a file need not tell', () => {
    expect(inferShapes(withoutShapes(smallNetwork()))).toEqual(inferShapes(smallNetwork()))
  })
})

const models = sharedPath('data', 'mlperf-tiny', 'models')

describe.skipIf(!models)('facts of MLPerf Tiny (needs ../shared/data/mlperf-tiny)', () => {
  it.each([
    ['kws_ref_model', 'int8', 2656768],
    ['kws_ref_model_float32', 'float32+int8 weights', 2656768],
    ['pretrainedResnet_quant', 'int8', 12501632],
    ['vww_96_int8', 'int8', 7489664],
    ['ad01_int8', 'int8', 264192],
    ['str_ww_ref_model', 'int8', 826368],
    ['ad01_fp32', 'float32', 264192],
  ])('%s computes in %s with %i multiply-accumulates', (name, dtype, macs) => {
    const { graph } = readModel(readFileSync(join(models!, `${name}.tflite`)), name)
    expect(modelFacts(graph)).toMatchObject({ dtype, macs })
    expect(inferShapes(withoutShapes(graph))).toEqual(inferShapes(graph))
  })
})
