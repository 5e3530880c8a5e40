import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileC } from '../../../src/compile/c/compile-c.ts'
import type { Semantics } from '../../../src/compile/program.ts'
import { interpret } from '../../../src/graph/reference/interpret.ts'
import { needs } from '../../support/needs.ts'
import { layerGraph, layerPlan, numbers } from '../random-layer.ts'
import { buildAndRun } from './build-and-run.ts'
import { buildsHere } from './builds.ts'

const plans = fc.sample(layerPlan, { numRuns: 40, seed: 20 })

/** Layers with inputs and what the reference interpreter makes of them. */
function layerCases(semantics: Semantics) {
  return plans.flatMap((plan) => {
    const graph = layerGraph(plan)
    if (!graph) return []
    const size = (graph.tensors.get('x')!.shape as readonly number[]).reduce((a, b) => a * b, 1)
    const next = numbers(plan.seed + 7)
    const values = Int8Array.from({ length: size }, () => Math.floor(next() * 256) - 128)
    return [{ plan, graph, values, expected: interpret(graph, [values], semantics).get('y') as Int8Array }]
  })
}

needs('cc')('layers in C equal the reference interpreter', () => {
  describe.each(buildsHere())('$name', ({ target, ...build }) => {
    it.each(['tflm', 'fp32'] as const)('%s', { timeout: 240_000 }, (semantics) => {
      const cases = layerCases(semantics)
      const jobs = cases.map(({ graph, values }) => ({
        model: compileC(graph, { target, semantics }),
        inputs: [new Uint8Array(values.buffer)],
      }))
      const results = buildAndRun(jobs, build)
      cases.forEach(({ plan, expected }, index) => {
        const actual = new Int8Array(results[index]![0]!.buffer)
        if (Buffer.compare(Buffer.from(actual.buffer), Buffer.from(expected.buffer)) !== 0)
          expect({ plan, actual }).toEqual({ plan, actual: expected })
      })
    })
  })
})
