import { describe, expect, it } from 'vitest'
import { chainGraph } from '../../src/cost/bench-graph.ts'
import type { BenchLayer, BenchType } from '../../src/cost/bench-layer.ts'
import { graphBorder } from '../../src/cost/border.ts'
import { graphWork } from '../../src/cost/node-work.ts'
import { predictEnergy, predictNodes, predictSegment, predictTransfer, withRealRun } from '../../src/cost/predict.ts'
import { segmentMemory } from '../../src/cost/segment-memory.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'
import { knownPlace, trueLatencyS } from './support.ts'

const place = knownPlace()

const conv = (size: number, channels: number, outputs: number, filter: number): BenchLayer => ({
  op: 'conv_2d',
  height: size,
  width: size,
  channels,
  outputs,
  filterH: filter,
  filterW: filter,
  stride: 1,
})
const networks = (['int8', 'float32'] as const).flatMap((dtype: BenchType) => [
  chainGraph([conv(17, 20, 44, 1), conv(17, 44, 20, 1), conv(17, 20, 20, 3)], dtype),
  chainGraph([conv(9, 52, 100, 1), conv(9, 100, 36, 3)], dtype),
  chainGraph([conv(31, 12, 12, 3)], dtype),
])
const truthOf = (graph: (typeof networks)[number], slowness?: number) =>
  trueLatencyS(graphWork(graph), graphBorder(graph), slowness)

const errorOf = (graph: (typeof networks)[number], truthS: number, profile = place) =>
  Math.abs(predictSegment(profile, graph).latencyS / truthS - 1)

describe('predictions of a machine of known laws', () => {
  it('are right for layers that were never timed, and inside their intervals', () => {
    for (const graph of networks) {
      const guess = predictSegment(place, graph)
      const truthS = truthOf(graph)
      expect(Math.abs(guess.latencyS / truthS - 1)).toBeLessThan(0.1)
      expect(guess.low90S).toBeLessThan(truthS)
      expect(guess.high90S).toBeGreaterThan(truthS)
    }
  })

  it('of nodes, dispatch and copies add up to about those of the segment', () => {
    for (const graph of networks) {
      const { dispatchS, nodes } = predictNodes(place, graph)
      const { inputs, outputs } = graphBorder(graph)
      const copiesS = predictTransfer(null, place, inputs[0]!) + predictTransfer(place, null, outputs[0]!)
      const sumS = nodes.reduce((sum, { latencyS }) => sum + latencyS, dispatchS + copiesS)
      expect(sumS / predictSegment(place, graph).latencyS).toBeCloseTo(1, 1)
      expect(nodes).toHaveLength(graph.nodes.length)
    }
  })

  it('cost nothing to move nowhere, and more for more bytes', () => {
    const tensor = { dtype: 'int8', bytes: 1000, spatial: true }
    expect(predictTransfer(place, place, tensor)).toBe(0)
    expect(predictTransfer(null, null, tensor)).toBe(0)
    const once = predictTransfer(null, place, tensor)
    expect(predictTransfer(null, place, { ...tensor, bytes: 50_000 })).toBeGreaterThan(once)
  })

  it('know an operator that was never timed by what is nearest', () => {
    const graph = smallNetwork()
    const strange = {
      ...graph,
      nodes: graph.nodes.map((node) => (node.op === 'softmax' ? { ...node, op: 'cumsum' } : node)),
    }
    expect(predictSegment(place, strange).latencyS).toBeGreaterThan(1e-6)
  })
})

describe('a real run', () => {
  const run = (graph: (typeof networks)[number], key: string, slowness: number) => ({
    key,
    measuredAt: '2026-02-03T04:05:06.000Z',
    nodes: graphWork(graph),
    border: graphBorder(graph),
    latencyS: truthOf(graph, slowness),
    deviation: 0.02,
  })

  it('makes predictions of what ran and of its kind better, and none worse', () => {
    const slow = 1.4
    const refitted = withRealRun(place, run(networks[0]!, 'a', slow))
    const before = networks.map((graph) => errorOf(graph, truthOf(graph, slow)))
    const after = networks.map((graph) => errorOf(graph, truthOf(graph, slow), refitted))
    expect(after[0]).toBeLessThan(0.8 * before[0]!)
    after.forEach((error, index) => {
      expect(error).toBeLessThanOrEqual(before[index]! + 1e-6)
    })
  })

  it('counts more the more of them there are', () => {
    const slow = 1.4
    const held = networks[1]!
    const others = networks.filter((graph) => graph !== held)
    const refitted = others.reduce((one, graph, index) => withRealRun(one, run(graph, `${index}`, slow)), place)
    const once = withRealRun(place, run(others[0]!, '0', slow))
    const truthS = truthOf(held, slow)
    expect(errorOf(held, truthS, refitted)).toBeLessThan(errorOf(held, truthS, once))
  })

  it('leaves predictions as they are where it agrees with them', () => {
    const refitted = networks
      .slice(0, 5)
      .reduce((one, graph, index) => withRealRun(one, run(graph, `${index}`, 1)), place)
    for (const graph of networks)
      expect(errorOf(graph, truthOf(graph), refitted)).toBeLessThan(errorOf(graph, truthOf(graph)) + 0.02)
  })

  it('takes the place of an older one of its key; the oldest of many are dropped', () => {
    let profile = place
    for (let index = 0; index < 40; index++) profile = withRealRun(profile, run(networks[2]!, `${index}`, 1))
    expect(profile.runs).toHaveLength(32)
    expect(withRealRun(profile, run(networks[1]!, '39', 1)).runs.filter(({ key }) => key === '39')).toHaveLength(1)
  })
})

describe('energy and memory', () => {
  it('is power times latency, as wide as both, with the provenance of the power', () => {
    const latency = { latencyS: 1e-3, low90S: 0.9e-3, high90S: 1.1e-3 }
    expect(predictEnergy(place, latency)).toBeNull()
    const powered = knownPlace({ activeW: 2, deviation: 0.05, idleW: 1, provenance: 'measured' })
    const guess = predictEnergy(powered, latency)!
    expect(guess).toMatchObject({ energyJ: 2e-3, provenance: 'measured' })
    expect(guess.high90J / guess.energyJ).toBeGreaterThan(1.1)
    expect(guess.low90J * guess.high90J).toBeCloseTo(guess.energyJ ** 2, 9)
  })

  it('counts constants, and what is alive at once', () => {
    const graph = smallNetwork()
    const { weightBytes, arenaBytes } = segmentMemory(graph)
    expect(weightBytes).toBe([...graph.tensors.values()].reduce((sum, { data }) => sum + (data?.length ?? 0), 0))
    // The convolution reads 60 bytes and writes 27.
    expect(arenaBytes).toBe(87)
  })
})
