import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import type { Semantics, Simd } from '../../src/compile/program.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { floatLayerGraph, formedLayerGraph, layerForm, layerGraph, layerPlan, numbers } from './random-layer.ts'

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

describe('compiled layers of other types and groups equal the reference interpreter', () => {
  for (const semantics of ['tflm', 'fp32'] as const satisfies readonly Semantics[])
    for (const simd of ['simd128', 'scalar'] as const satisfies readonly Simd[])
      it(`${semantics}, ${simd}`, () => {
        fc.assert(
          fc.property(layerPlan, layerForm, (plan, form) => {
            const graph = formedLayerGraph(plan, form)
            if (!graph) return
            const model = instantiate(compileGraph(graph, { semantics, simd }).wasm)
            const next = numbers(plan.seed + 7)
            const input = model.inputs[0]!.data as Int16Array
            for (let at = 0; at < input.length; at++) input[at] = next() * 65536
            const values = input.slice()
            model.run()
            expect(model.outputs[0]!.data).toEqual(interpret(graph, [values], semantics).get('y'))
          }),
          { numRuns: 150 },
        )
      })
})

describe('compiled layers of floats', () => {
  for (const simd of ['simd128', 'scalar'] as const satisfies readonly Simd[])
    it(`${simd}: as the reference interpreter${simd === 'scalar' ? ', bit for bit' : ' but for the order of sums'}`, () => {
      fc.assert(
        fc.property(layerPlan, (plan) => {
          const graph = floatLayerGraph(plan)
          if (!graph) return
          const model = instantiate(compileGraph(graph, { simd }).wasm)
          const next = numbers(plan.seed + 7)
          const values = Float32Array.from(model.inputs[0]!.data, () => next() * 2 - 1)
          model.inputs[0]!.data.set(values)
          model.run()
          const expected = interpret(graph, [values], 'fp32').get('y') as Float32Array
          if (simd === 'scalar') expect(model.outputs[0]!.data).toEqual(expected)
          const worst = model.outputs[0]!.data.map((value, at) => Math.abs(value - expected[at]!))
          expect(Math.max(...worst)).toBeLessThan(1e-4)
        }),
        { numRuns: simd === 'scalar' ? 150 : 400 },
      )
    })
})
