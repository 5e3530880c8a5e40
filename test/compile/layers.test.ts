import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import type { Semantics, Simd } from '../../src/compile/program.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { layerGraph, layerPlan, numbers } from './random-layer.ts'

describe('compiled layers equal the reference interpreter', () => {
  for (const semantics of ['tflm', 'fp32'] as const satisfies readonly Semantics[])
    for (const simd of ['simd128', 'scalar'] as const satisfies readonly Simd[])
      it(`${semantics}, ${simd}`, () => {
        fc.assert(
          fc.property(layerPlan, (plan) => {
            const graph = layerGraph(plan)
            if (!graph) return
            const model = instantiate(compileGraph(graph, { semantics, simd }).wasm)
            const next = numbers(plan.seed + 7)
            const input = model.inputs[0]!.data as Int8Array
            const values = Int8Array.from({ length: input.length }, () => Math.floor(next() * 256) - 128)
            input.set(values)
            model.run()
            expect(model.outputs[0]!.data).toEqual(interpret(graph, [values], semantics).get('y'))
          }),
          { numRuns: simd === 'scalar' ? 150 : 400 },
        )
      })
})
