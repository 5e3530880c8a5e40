import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileC } from '../../../src/compile/c/compile-c.ts'
import type { Graph } from '../../../src/graph/graph.ts'
import { interpret } from '../../../src/graph/reference/interpret.ts'
import type { Values } from '../../../src/graph/reference/values.ts'
import { needs } from '../../support/needs.ts'
import { floatLayerGraph, layerPlan, numbers } from '../random-layer.ts'
import { buildAndRun } from './build-and-run.ts'
import { buildsHere } from './builds.ts'
import { opGraphs } from './op-graphs.ts'

const arrays = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, float32: Float32Array } as const

function arrayOf(graph: Graph, name: string) {
  return arrays[graph.tensors.get(name)!.dtype as keyof typeof arrays]
}

/** Random inputs of a graph; some floats lie on halves. */
function inputsOf(graph: Graph, seed: number): Values[] {
  const next = numbers(seed)
  return graph.inputs.map((name) => {
    const length = (graph.tensors.get(name)!.shape as readonly number[]).reduce((a, b) => a * b, 1)
    const values = new (arrayOf(graph, name))(length)
    if (!(values instanceof Float32Array)) return values.map(() => Math.floor(next() * 65536))
    return values.map(() => (next() < 0.2 ? Math.round(next() * 20 - 10) / 3 : next() * 16 - 8))
  })
}

const bytesOf = (values: Values) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

function expectValues(actual: Values, expected: Values, tolerance: number): void {
  if (!(expected instanceof Float32Array)) expect(actual).toEqual(expected)
  else
    expected.forEach((value, at) => {
      if (!Number.isFinite(value)) expect(actual[at]).toBe(value)
      else expect(Math.abs(Number(actual[at]) - value)).toBeLessThanOrEqual(tolerance * Math.abs(value))
    })
}

const floatLayers = fc.sample(layerPlan, { numRuns: 40, seed: 5 }).flatMap((plan) => floatLayerGraph(plan) ?? [])

needs('cc')('operators in C equal the reference interpreter', () => {
  describe.each(buildsHere().slice(0, 3))('$name', ({ target, ...build }) => {
    const run = (graphs: readonly Graph[], semantics: 'tflm' | 'fp32') => {
      const inputs = graphs.map((graph, index) => inputsOf(graph, index + 1))
      const jobs = graphs.map((graph, index) => ({
        model: compileC(graph, { target, semantics }),
        inputs: [Buffer.concat(inputs[index]!.map(bytesOf))],
      }))
      return { inputs, results: buildAndRun(jobs, build) }
    }

    it.each(['tflm', 'fp32'] as const)('%s', { timeout: 240_000 }, (semantics) => {
      const names = Object.keys(opGraphs)
      const { inputs, results } = run(Object.values(opGraphs), semantics)
      names.forEach((name, index) => {
        const graph = opGraphs[name]!
        const expected = interpret(graph, inputs[index]!, semantics).get(graph.outputs[0]!)!
        const actual = new (arrayOf(graph, graph.outputs[0]!))(
          results[index]![0]!.buffer as ArrayBuffer,
          0,
          expected.length,
        )
        expect([name, actual.length]).toEqual([name, expected.length])
        expectValues(actual, expected, 2e-7)
      })
    })

    it('layers of floats, bit for bit', { timeout: 240_000 }, () => {
      const { inputs, results } = run(floatLayers, 'fp32')
      floatLayers.forEach((graph, index) => {
        const expected = interpret(graph, inputs[index]!, 'fp32').get('y')!
        expectValues(new Float32Array(results[index]![0]!.buffer as ArrayBuffer), expected, 0)
      })
    })
  })

  it('survives what is not a number', () => {
    const names = [
      'quantize to int8',
      'exp float32',
      'tanh float32',
      'logistic float32',
      'softmax float32',
      'elu float32',
    ]
    const values = new Float32Array(48).fill(Number.NaN)
    values.set([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30, -1e30], 1)
    const jobs = names.map((name) => {
      const graph = opGraphs[name]!
      const length = (graph.tensors.get('a')!.shape as readonly number[]).reduce((a, b) => a * b, 1)
      return { model: compileC(graph, { target: 'portable' }), inputs: [bytesOf(values.slice(0, length))] }
    })
    const results = buildAndRun(jobs, buildsHere()[0]!)
    names.forEach((name, index) => {
      const made = new (arrayOf(opGraphs[name]!, 'y'))(results[index]![0]!.buffer as ArrayBuffer)
      expect([name, made[0]]).toEqual([name, name.startsWith('quantize') ? 33 : Number.NaN])
    })
  })
})
