import { describe, expect, it } from 'vitest'
import { npuCost, npuTransferS } from '../../src/cost/npu-cost.ts'
import { type NpuModel, npuModels } from '../../src/cost/npu-model.ts'
import { npuProblem } from '../../src/cost/npu-support.ts'
import { workingSets } from '../../src/cost/working-set.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { fakeHost } from '../../src/hosts/fake.ts'
import { loadTargets } from '../../src/targets/load.ts'
import { canonicalGraph, node, perChannel, perTensor, smallNetwork, tensor } from '../support/tflite-graphs.ts'

const { accelerators } = await loadTargets(fakeHost({ readsDisk: true }))
const models = new Map([...accelerators.values()].flatMap(npuModels).map((model) => [model.id, model]))
const modelOf = (id: string): NpuModel => models.get(id)!
const example = modelOf('example-npu-64')

/** One int8 convolution, 3×3×2 to 16 channels of 8×8, with these attributes. */
function convolution(attributes: Readonly<Record<string, number>> = {}, type: 'int8' | 'float32' = 'int8'): Graph {
  const quantization = (scale: number) => (type === 'int8' ? { quantization: perTensor(scale) } : {})
  const weights =
    type === 'int8'
      ? { quantization: perChannel(Array(16).fill(0.01), 0), values: new Int8Array(16 * 18) }
      : { values: new Float32Array(16 * 18) }
  const pads = { padTop: 1, padBottom: 1, padLeft: 1, padRight: 1 }
  const plain = { strideH: 1, strideW: 1, dilationH: 1, dilationW: 1, activation: 'none', version: 3 }
  return canonicalGraph(
    [
      tensor('x', type, [1, 8, 8, 2], quantization(0.1)),
      tensor('w', type, [16, 3, 3, 2], weights),
      tensor('b', 'int32', [16], { quantization: perChannel(Array(16).fill(0.001), 0), values: new Int32Array(16) }),
      tensor('y', type, [1, 8, 8, 16], quantization(0.2)),
    ],
    [node('conv_2d', ['x', 'w', 'b'], ['y'], { ...plain, ...pads, ...attributes })],
    ['x'],
    ['y'],
  )
}

const problemOf = (graph: Graph, model: NpuModel, at = 0) => npuProblem(graph.nodes[at]!, model, graph)

describe('what a simulated accelerator charges', () => {
  it('is the declared formula: a convolution by hand', () => {
    // 64 MACs a cycle at 100 MHz, half of them used; 8 MACs an output element; 400 cycles; weights fit the cache.
    const macs = 8 * 8 * 16 * 18
    const computeS = (400 + Math.max(macs / (64 * 0.5), (1024 * 8) / 64)) / 100e6
    const transferS = (128 + 1024) / 100e6
    const cost = npuCost(convolution(), example)
    expect(cost.nodes).toHaveLength(1)
    expect(cost.nodes[0]).toMatchObject({ weightsS: 0, spillS: 0 })
    expect(cost.nodes[0]!.computeS).toBeCloseTo(computeS, 12)
    expect(cost.transferS).toBeCloseTo(transferS, 12)
    expect(cost.latencyS).toBeCloseTo(2e-5 + transferS + computeS, 12)
    expect(cost.energyJ).toBeCloseTo(0.05 * (2e-5 + transferS + computeS), 14)
    expect(npuTransferS(example, 100)).toBeCloseTo(1e-6, 12)
    expect(npuTransferS(modelOf('ethos-u55-128'), 100)).toBe(0)
  })

  it('takes weights in while it computes, all or what does not stay inside', () => {
    const bytes = 16 * 18 + 16 * 4
    const slow = npuCost(convolution(), { ...example, parameterCacheBytes: 0, dmaBytesPerS: 1e6 }).nodes[0]!
    expect(slow.weightsS).toBeCloseTo(bytes / 1e6, 12)
    expect(slow.latencyS).toBe(slow.weightsS)
    const half = npuCost(convolution(), { ...example, parameterCacheBytes: 100, dmaBytesPerS: 1e6 }).nodes[0]!
    expect(half.weightsS).toBeCloseTo((bytes - 100) / 1e6, 12)
  })

  it('charges activations beyond the SRAM twice, or refuses the node', () => {
    const graph = convolution()
    const spilled = npuCost(graph, { ...example, sramBytes: 1000 }).nodes[0]!
    expect(spilled.spillS).toBeCloseTo((2 * 152) / 200e6, 14)
    expect(spilled.latencyS).toBeCloseTo(spilled.computeS + spilled.spillS, 12)
    expect(problemOf(graph, { ...example, sramBytes: 1000 })).toBeNull()
    const refused = { ...modelOf('ethos-u55-128'), sramBytes: 1000 }
    expect(problemOf(graph, refused)).toBe('its activations take 1152 bytes, the SRAM has 1000')
  })

  it('counts pools by their windows and free operators as nothing', () => {
    const { nodes } = npuCost(smallNetwork(), modelOf('ethos-u55-128'))
    const [conv, pool, reshape] = nodes
    expect(conv!.computeS).toBeCloseTo(Math.max((27 * 18) / (128 * 0.85), (27 * 64) / 128) / 500e6, 14)
    expect(pool!.computeS).toBeCloseTo(Math.max((3 * 9) / (128 * 0.125), (3 * 64) / 128) / 500e6, 14)
    expect(reshape!.latencyS).toBe(0)
  })

  it('is never more with more MACs, and has no energy where no rail is declared', () => {
    const ids = ['ethos-u55-32', 'ethos-u55-64', 'ethos-u55-128', 'ethos-u55-256']
    const latencies = ids.map((id) => npuCost(convolution(), modelOf(id)).latencyS)
    expect(latencies).toEqual([...latencies].sort((a, b) => b - a))
    expect(npuCost(convolution(), modelOf('ethos-u55-32')).energyJ).toBeNull()
    const coral = npuCost(convolution(), modelOf('coral-edge-tpu-usb'))
    expect(coral.energyJ).toBeCloseTo(2 * coral.latencyS, 12)
  })
})

describe('what a simulated accelerator refuses', () => {
  it.each([
    ['float', convolution({}, 'float32'), 'it runs int8, and "x" is float32'],
    ['a stride', convolution({ strideH: 5 }), 'its stride is 5, at most 4 is taken'],
    ['a dilated kernel', convolution({ dilationW: 6 }), 'its kernel width is 13, at most 11 is taken'],
    ['its size', convolution({ dilationH: 5 }), null],
    ['its area', convolution({ dilationH: 5, dilationW: 3 }), 'its kernel size is 77, at most 64 is taken'],
  ])('%s', (_, graph, reason) => {
    expect(problemOf(graph, example)).toBe(reason)
  })

  it('operators that it has not, channels beyond its limit, and weights in float', () => {
    expect(problemOf(smallNetwork(), example, 4)).toBe('example-npu-64 does not have tflite:softmax')
    expect(npuProblem({ ...smallNetwork().nodes[0]!, domain: '' }, example)).toMatch(/does not have ai\.onnx:/)
    const narrow = {
      ...example,
      ops: new Map([...example.ops].map(([name, op]) => [name, { ...op, limits: { ...op.limits, channelCount: 8 } }])),
    }
    expect(problemOf(convolution(), narrow)).toBe('its number of channels is 16, at most 8 is taken')
    const graph = convolution()
    const hybrid = {
      ...graph,
      tensors: new Map(graph.tensors).set(
        'w',
        tensor('w', 'float32', [16, 3, 3, 2], { values: new Float32Array(288) }),
      ),
    }
    expect(problemOf(hybrid, example)).toBe('it runs int8, and the weights "w" are float32')
  })
})

it('working sets count what waits for later nodes', () => {
  const int8 = (name: string, length: number) => tensor(name, 'int8', [length], { quantization: perTensor(1) })
  const graph = canonicalGraph(
    [int8('x', 10), int8('a', 20), int8('b', 30), int8('y', 40)],
    [node('relu', ['x'], ['a']), node('relu', ['a'], ['b']), node('concatenation', ['b', 'x'], ['y'])],
    ['x'],
    ['y'],
  )
  expect(workingSets(graph)).toEqual([30, 60, 80])
})

it('every variant is called after its target, and none twice', () => {
  const all = [...accelerators.values()].flatMap(npuModels)
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
  for (const { id, target } of all) expect(id === target || id.startsWith(`${target}-`)).toBe(true)
  expect(all.map(({ id }) => id)).toEqual(
    expect.arrayContaining(['ethos-u55-32', 'ethos-u65-512', 'coral-edge-tpu-usb']),
  )
})
