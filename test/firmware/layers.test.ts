import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compileC } from '../../src/compile/c/compile-c.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { layerGraph, layerPlan, numbers } from '../compile/random-layer.ts'
import { needs } from '../support/needs.ts'
import { emulatedPorts } from './board-models.ts'
import { runOnBoard } from './run-on-board.ts'

const graphs = fc.sample(layerPlan, { numRuns: 60, seed: 77 }).flatMap((plan) => layerGraph(plan) ?? [])

const inputs = graphs.map((graph, index) => {
  const next = numbers(index + 1)
  const length = (graph.tensors.get('x')!.shape as readonly number[]).reduce((a, b) => a * b, 1)
  return Int8Array.from({ length }, () => Math.floor(next() * 256) - 128)
})

const cases = emulatedPorts.flatMap((port) => [
  { port, semantics: 'tflm' as const, optimise: '-O2' },
  { port, semantics: 'fp32' as const, optimise: '-Os' },
])

needs('a compiler for Cortex-M')('random layers as firmware', () => {
  needs('an emulator of Cortex-M')('in the emulator', () => {
    it.each(cases)(
      'equal the reference interpreter: $port, $semantics',
      { timeout: 240_000 },
      async ({ port, semantics, optimise }) => {
        const jobs = graphs.map((graph, index) => {
          return { model: compileC(graph, { target: 'portable', semantics }), inputs: [new Uint8Array(inputs[index]!)] }
        })
        const { outputs } = await runOnBoard(jobs, { port, flags: [optimise] })
        graphs.forEach((graph, index) => {
          const expected = interpret(graph, [inputs[index]!], semantics).get('y')
          expect(new Int8Array(outputs[index]![0]!.buffer)).toEqual(expected)
        })
      },
    )
  })
})
