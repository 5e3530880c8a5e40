import { describe, expect, it } from 'vitest'
import { constantNumbers } from '../../src/formats/convert/constants.ts'
import { modelFacts } from '../../src/graph/facts.ts'
import type { Graph, Tensor } from '../../src/graph/graph.ts'
import { checkGraph } from '../../src/graph/spec.ts'
import { evaluateGraph } from '../../src/loop/evaluate-graph.ts'
import { channelSpaces } from '../../src/quantize/channel-spaces.ts'
import { equaliseGraph } from '../../src/quantize/equalise.ts'
import { answersOf, signalToNoiseDb } from '../../src/quantize/output-error.ts'
import { pruneChannels } from '../../src/quantize/prune.ts'
import { removeChannels } from '../../src/quantize/surgeon.ts'
import { canonicalGraph, node, tensor } from '../support/tflite-graphs.ts'
import { smallInputs, smallNet } from './nets.ts'

const samples = smallInputs(24)
const nearness = (a: Graph, b: Graph) =>
  signalToNoiseDb(
    answersOf(evaluateGraph(a, ['l']), ['l'], samples),
    answersOf(evaluateGraph(b, ['l']), ['l'], samples),
  )

function withValues(graph: Graph, name: string, change: (value: number, index: number) => number): Graph {
  const old = graph.tensors.get(name)!
  const values = Float32Array.from(constantNumbers(old)!, change)
  const changed: Tensor = { ...old, data: new Uint8Array(values.buffer) }
  return { ...graph, tensors: new Map([...graph.tensors, [name, changed]]) }
}

const spread = (graph: Graph, name: string, unitOf: (index: number) => number, units: number) => {
  const most = new Float64Array(units)
  constantNumbers(graph.tensors.get(name))!.forEach((value, index) => {
    most[unitOf(index)] = Math.max(most[unitOf(index)]!, Math.abs(value))
  })
  return Math.max(...most) / Math.min(...most)
}

describe('cross-layer equalisation', () => {
  it('brings channels of unlike size together and leaves the answers what they are', () => {
    const unlike = withValues(smallNet(), 'w1', (value, index) => value * 4 ** (Math.floor(index / 18) % 4))
    const equal = equaliseGraph(unlike)
    const unit = (index: number) => Math.floor(index / 18)
    expect(spread(equal, 'w1', unit, 8)).toBeLessThan(0.5 * spread(unlike, 'w1', unit, 8))
    expect(nearness(unlike, equal)).toBeGreaterThan(100)
  })

  it('does not touch layers before a bounded activation', () => {
    const bounded = smallNet({ activation: 'relu6' })
    const equal = equaliseGraph(bounded)
    for (const name of ['w1', 'w2']) expect(equal.tensors.get(name)!.data).toEqual(bounded.tensors.get(name)!.data)
  })
})

describe('removing channels', () => {
  it('costs nothing where a channel is the sum of two others', () => {
    const draws = smallInputs(40, 7).flatMap(([values]) => [...values!])
    const rows = Array.from({ length: 200 }, (_, at) => {
      const [a, b, c] = [draws[3 * at]!, draws[3 * at + 1]!, draws[3 * at + 2]!]
      return [a, b, c, a + b]
    })
    const means = Float64Array.from([0, 1, 2, 3], (c) => rows.reduce((sum, row) => sum + row[c]!, 0) / rows.length)
    const covariance = [0, 1, 2, 3].map((i) =>
      Float64Array.from(
        [0, 1, 2, 3],
        (j) => rows.reduce((sum, row) => sum + (row[i]! - means[i]!) * (row[j]! - means[j]!), 0) / rows.length,
      ),
    )
    const weights = [Float64Array.of(1, 2, 3, 4)]
    const { kept, weights: left, gains } = removeChannels(weights, { means, covariance }, 3)
    expect(kept.length).toBe(3)
    for (const row of rows.slice(0, 20)) {
      const before = row.reduce((sum, value, c) => sum + value * weights[0]![c]!, 0)
      const after = kept.reduce((sum, c, at) => sum + row[c]! * left[0]![at]!, gains[0]!)
      expect(after).toBeCloseTo(before, 1)
    }
  })

  it('moves the part of a constant channel into the bias', () => {
    const moments = { means: Float64Array.of(5, 0), covariance: [Float64Array.of(0, 0), Float64Array.of(0, 1)] }
    const { kept, gains } = removeChannels([Float64Array.of(2, 3)], moments, 1)
    expect(kept).toEqual([1])
    expect(gains[0]).toBeCloseTo(10, 6)
  })

  it('finds the channels that hang together, past depthwise layers and pools', () => {
    const spaces = channelSpaces(smallNet())
    expect(spaces.map(({ tensors }) => tensors)).toEqual([
      ['a1', 'a2'],
      ['a3', 'p', 'f'],
    ])
    expect(spaces[1]!.consumers.map(({ node: { op } }) => op)).toEqual(['fully_connected'])
  })

  it('leaves a legal graph with less to compute that answers like the whole one', () => {
    const whole = smallNet({ channels: 16 })
    const pruned = pruneChannels(whole, 0.25, samples, evaluateGraph)
    checkGraph(pruned, 'pruned')
    expect(modelFacts(pruned).macs).toBeLessThan(modelFacts(whole).macs!)
    const units = (name: string) => Number(pruned.tensors.get(name)!.shape![0])
    expect(units('w1') + units('w3')).toBe(24)
    expect(pruned.tensors.get('w2')!.shape).toEqual([1, 3, 3, units('w1')])
    expect(pruned.tensors.get('f')!.shape).toEqual([1, units('w3')])
    expect(nearness(whole, pruned)).toBeGreaterThan(8)
    expect(pruneChannels(whole, 0, samples, evaluateGraph)).toEqual(whole)
  })

  it('keeps both sides of a residual alike by leaving them whole', () => {
    const half = (name: string, shape: readonly number[]) =>
      tensor(name, 'float32', shape, {
        values: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, at) => ((at * 7) % 11) / 11 - 0.5),
      })
    const window = {
      strideH: 1,
      strideW: 1,
      dilationH: 1,
      dilationW: 1,
      padTop: 0,
      padBottom: 0,
      padLeft: 0,
      padRight: 0,
      activation: 'relu',
    }
    const graph = canonicalGraph(
      [
        tensor('x', 'float32', [1, 2, 2, 8]),
        ...[1, 2, 3].flatMap((at) => [
          half(`w${at}`, [8, 1, 1, 8]),
          half(`b${at}`, [8]),
          tensor(`c${at}`, 'float32', [1, 2, 2, 8]),
        ]),
        tensor('sum', 'float32', [1, 2, 2, 8]),
      ],
      [
        node('conv_2d', ['x', 'w1', 'b1'], ['c1'], window),
        node('conv_2d', ['c1', 'w2', 'b2'], ['c2'], window),
        node('add', ['c1', 'c2'], ['sum'], { activation: 'none' }),
        node('conv_2d', ['sum', 'w3', 'b3'], ['c3'], window),
      ],
      ['x'],
      ['c3'],
    )
    const inputs = smallInputs(8).map(([values]) => [values!.slice(0, 32)])
    const pruned = pruneChannels(graph, 0.5, inputs, evaluateGraph)
    expect(pruned.tensors.get('w2')!.shape).toEqual([8, 1, 1, 8])
    expect(answersOf(evaluateGraph(pruned, ['c3']), ['c3'], inputs)).toEqual(
      answersOf(evaluateGraph(graph, ['c3']), ['c3'], inputs),
    )
  })
})
