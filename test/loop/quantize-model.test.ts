import { describe, expect, it } from 'vitest'
import { constantNumbers } from '../../src/formats/convert/constants.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { evaluateGraph } from '../../src/loop/evaluate-graph.ts'
import { judgeGraph, largestAt } from '../../src/loop/judge-graph.ts'
import type { LabelledSample } from '../../src/loop/labelled-samples.ts'
import { type QuantizeRequest, quantizeModel } from '../../src/loop/quantize-model.ts'
import { smallInputs, smallNet } from '../quantize/nets.ts'

const labels = { labels: ['a', 'b', 'c'], quiet: [] }

/** Samples with what the float model answers as their truth. */
function samplesOf(graph: Graph, count: number, seed: number, known = true): readonly LabelledSample[] {
  const evaluate = evaluateGraph(graph, ['y'])
  return smallInputs(count, seed).map((inputs, at) => {
    const expected = labels.labels[largestAt(evaluate(inputs).get('y')!)]!
    return { clip: `${at}`, inputs, ...(known ? { expected } : {}) }
  })
}

function request(graph: Graph, changes: Partial<QuantizeRequest> = {}): QuantizeRequest {
  return {
    graph,
    kinds: ['float32', 'int8', 'mixed', 'int16', 'int4', 'pruned'],
    calibration: samplesOf(graph, 40, 500),
    evaluation: samplesOf(graph, 200, 1000),
    labels,
    maxDrop: null,
    wide: 'int16',
    border: 'int8',
    prune: [0.25],
    ...changes,
  }
}

/** Channels that lie close together far from 0, so that 255 steps over the whole range confuse the classes. */
function delicate(): Graph {
  const graph = smallNet({ channels: 16 })
  const offset = 500
  const weights = constantNumbers(graph.tensors.get('w4'))!
  const sums = [0, 1, 2].map((unit) => weights.slice(16 * unit, 16 * unit + 16).reduce((sum, value) => sum + value, 0))
  const moved = (name: string, by: (index: number) => number) => {
    const tensor = graph.tensors.get(name)!
    const values = Float32Array.from(constantNumbers(tensor)!, (value, index) => value + by(index))
    return [name, { ...tensor, data: new Uint8Array(values.buffer) }] as const
  }
  const tensors = new Map([...graph.tensors, moved('b3', () => offset), moved('b4', (unit) => -offset * sums[unit]!)])
  return { ...graph, tensors }
}

describe('making variants of a float model', () => {
  it('gives one of every kind that is asked for, each compared with the float one', async () => {
    const stages: number[] = []
    const family = await quantizeModel(
      request(smallNet({ channels: 16 }), { onProgress: ({ done, total }) => stages.push(done / total) }),
    )
    expect(family.measure).toBe('accuracy')
    expect(family.variants.map(({ suffix }) => suffix)).toEqual(['float32', 'int8', 'int16x8', 'int4', 'pruned25-int8'])
    const [float, int8, int16, int4] = family.variants
    expect(float!.accuracy!.accuracy).toBe(1)
    expect(int8!.drop).toBeLessThan(0.05)
    expect(int16!.signalToNoiseDb).toBeGreaterThan(int8!.signalToNoiseDb!)
    expect(int8!.signalToNoiseDb).toBeGreaterThan(int4!.signalToNoiseDb!)
    expect(family.layers.map(({ op }) => op).sort()).toEqual([
      'conv_2d',
      'conv_2d',
      'depthwise_conv_2d',
      'fully_connected',
    ])
    expect(family.layers.map(({ aloneDb }) => aloneDb)).toEqual(
      [...family.layers.map(({ aloneDb }) => aloneDb)].sort((a, b) => a - b),
    )
    expect([...stages].sort((a, b) => a - b)).toEqual(stages)
    expect(Math.max(...stages)).toBeLessThanOrEqual(1)
  })

  it.each(['int16', 'float32'] as const)(
    'makes the layers that need it %s, until no more is lost than allowed',
    async (wide) => {
      const graph = delicate()
      const plain = await quantizeModel(request(graph, { kinds: ['int8'] }))
      const drop = plain.variants[1]!.drop!
      expect(drop).toBeGreaterThan(0.1)
      const mixed = await quantizeModel(request(graph, { kinds: ['int8', 'mixed'], maxDrop: 0.05, wide }))
      const [, int8, made] = mixed.variants
      expect(int8!.exceeds).toBe(true)
      expect(made!.suffix).toBe(`mixed-${wide}`)
      expect(made!.drop).toBeLessThanOrEqual(0.05)
      expect(made!.exceeds).toBe(false)
      expect(made!.recipe!.wide.size).toBeGreaterThan(0)
      expect(made!.recipe!.wide.size).toBeLessThanOrEqual(graph.nodes.length)
    },
  )

  it('counts agreement with the float model where nobody knows the truth, and nothing where there is no choice', async () => {
    const graph = smallNet({ channels: 16 })
    const unknown = { evaluation: samplesOf(graph, 50, 1000, false), kinds: ['int8'] as const }
    const agreed = await quantizeModel(request(graph, unknown))
    expect(agreed.measure).toBe('agreement')
    expect(agreed.variants[0]!.accuracy!.accuracy).toBe(1)
    const none = await quantizeModel(request(graph, { ...unknown, labels: null }))
    expect(none.measure).toBe(null)
    expect(none.variants[1]!.accuracy).toBe(null)
    expect(none.variants[1]!.signalToNoiseDb).toBeGreaterThan(20)
  })

  it('stops when it is told to', async () => {
    const stop = new AbortController()
    const running = quantizeModel(
      request(smallNet(), { signal: stop.signal, onProgress: ({ done }) => done === 5 && stop.abort() }),
    )
    await expect(running).rejects.toThrow(/abort/i)
  })
})

describe('judging a graph', () => {
  it('takes the surest keyword among the windows of a clip', () => {
    const graph = smallNet()
    const evaluate = evaluateGraph(graph, ['y'])
    const [first, second] = smallInputs(2).map((inputs) => ({ clip: 'one', inputs, expected: 'b' }))
    const report = judgeGraph(evaluate, 'y', [first!, second!], labels)!
    expect(report.total).toBe(1)
    expect(report.confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(1)
  })
})
