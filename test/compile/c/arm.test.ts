import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileC } from '../../../src/compile/c/compile-c.ts'
import { interpret } from '../../../src/graph/reference/interpret.ts'
import { needs, toolPath } from '../../support/needs.ts'
import { layerGraph, layerPlan, numbers } from '../random-layer.ts'
import { type Build, buildAndRun } from './build-and-run.ts'

const graphs = fc.sample(layerPlan, { numRuns: 30, seed: 31 }).flatMap((plan) => layerGraph(plan) ?? [])
const machines = [
  { name: 'NEON', machine: '-march=armv8-a' },
  { name: 'NEON with dot product', machine: '-march=armv8.2-a+dotprod' },
]

needs('a compiler for 64-bit Arm')('C for 64-bit Arm', () => {
  needs('an emulator of 64-bit Arm')('in the emulator', () => {
    describe.each(machines)('$name', ({ machine }) => {
      const build = (): Build => ({
        cc: toolPath('a compiler for 64-bit Arm')!,
        runner: toolPath('an emulator of 64-bit Arm')!,
        flags: ['-std=gnu99', '-O1', '-static', '-ffp-contract=off', '-Wall', '-Wextra', '-Werror', machine],
      })
      it.each(['tflm', 'fp32'] as const)('equals the reference interpreter, %s', { timeout: 240_000 }, (semantics) => {
        const inputs = graphs.map((graph, index) => {
          const next = numbers(index + 1)
          const length = (graph.tensors.get('x')!.shape as readonly number[]).reduce((a, b) => a * b, 1)
          return Int8Array.from({ length }, () => Math.floor(next() * 256) - 128)
        })
        const jobs = graphs.map((graph, index) => {
          const model = compileC(graph, { target: 'native', semantics })
          return { model, inputs: [new Uint8Array(inputs[index]!.buffer)] }
        })
        const results = buildAndRun(jobs, build())
        graphs.forEach((graph, index) => {
          const actual = new Int8Array(results[index]![0]!.buffer)
          expect(actual).toEqual(interpret(graph, [inputs[index]!], semantics).get('y'))
        })
      })
    })
  })
})
