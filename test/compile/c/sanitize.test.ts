import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileC } from '../../../src/compile/c/compile-c.ts'
import { interpret } from '../../../src/graph/reference/interpret.ts'
import { needs } from '../../support/needs.ts'
import { layerGraph, layerPlan, numbers } from '../random-layer.ts'
import { buildAndRun } from './build-and-run.ts'
import { buildsHere } from './builds.ts'

const graphs = fc.sample(layerPlan, { numRuns: 30, seed: 99 }).flatMap((plan) => layerGraph(plan) ?? [])
const sanitizers = ['-fsanitize=undefined,address', '-fno-sanitize-recover=all', '-g']

needs('cc')('C under the sanitizers for addresses and undefined behaviour', () => {
  const builds = buildsHere().filter(({ name }) => name === 'portable' || name === 'this processor')
  describe.each(builds)('$name', ({ target, ...build }) => {
    it('reads and writes only what is its own', { timeout: 240_000 }, () => {
      const inputs = graphs.map((graph, index) => {
        const next = numbers(index + 1)
        const length = (graph.tensors.get('x')!.shape as readonly number[]).reduce((a, b) => a * b, 1)
        return Int8Array.from({ length }, () => Math.floor(next() * 256) - 128)
      })
      const jobs = graphs.map((graph, index) => {
        return { model: compileC(graph, { target }), inputs: [new Uint8Array(inputs[index]!.buffer)] }
      })
      const results = buildAndRun(jobs, { ...build, flags: [...build.flags, ...sanitizers] })
      graphs.forEach((graph, index) => {
        const actual = new Int8Array(results[index]![0]!.buffer)
        expect(actual).toEqual(interpret(graph, [inputs[index]!], 'tflm').get('y'))
      })
    })
  })
})
