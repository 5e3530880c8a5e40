import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { CTarget } from '../../../src/compile/c/choose.ts'
import { compileC } from '../../../src/compile/c/compile-c.ts'
import type { CModel } from '../../../src/compile/c/render.ts'
import { readModel } from '../../../src/formats/list.ts'
import { interpret } from '../../../src/graph/reference/interpret.ts'
import { needs } from '../../support/needs.ts'
import { sharedPath } from '../../support/shared.ts'
import { numbers } from '../random-layer.ts'
import { buildAndRun } from './build-and-run.ts'
import { buildsHere } from './builds.ts'

const data = sharedPath('data/mlperf-tiny')
const models = ['kws_ref_model', 'pretrainedResnet_quant', 'vww_96_int8', 'ad01_int8', 'str_ww_ref_model']
const graphOf = (name: string) => readModel(readFileSync(`${data}/models/${name}.tflite`), name).graph

const compiled = new Map<CTarget, readonly CModel[]>()

/** The models, compiled once for all builds. */
function modelsFor(target: CTarget): readonly CModel[] {
  const made = compiled.get(target) ?? models.map((name) => compileC(graphOf(name), { target }))
  compiled.set(target, made)
  return made
}

const builds = buildsHere()

needs('cc')('MLPerf Tiny in C', () => {
  describe.skipIf(data === null)('bit for bit as TFLite Micro', () => {
    it.each(builds.slice(0, 4))('$name', { timeout: 240_000 }, ({ target, ...build }) => {
      const jobs = modelsFor(target).map((model, index) => {
        return { model, inputs: [new Uint8Array(readFileSync(`${data}/golden/${models[index]}.in.bin`))] }
      })
      const results = buildAndRun(jobs, build)
      models.forEach((name, index) => {
        const expected = readFileSync(`${data}/golden/${name}.out.bin`)
        expect([name, Buffer.concat(results[index]!).equals(expected)]).toEqual([name, true])
      })
    })

    it('with float scales: as the reference interpreter', { timeout: 240_000 }, () => {
      const { target, ...build } = builds.find(({ name }) => name === 'this processor')!
      const graphs = models.map(graphOf)
      const inputs = graphs.map((graph) => {
        const length = (graph.tensors.get(graph.inputs[0]!)!.shape as readonly number[]).reduce((a, b) => a * b, 1)
        const next = numbers(length)
        return Int8Array.from({ length }, () => Math.floor(next() * 256) - 128)
      })
      const jobs = graphs.map((graph, index) => {
        const model = compileC(graph, { target, semantics: 'fp32' })
        return { model, inputs: [new Uint8Array(inputs[index]!.buffer)] }
      })
      const results = buildAndRun(jobs, build)
      graphs.forEach((graph, index) => {
        const expected = interpret(graph, [inputs[index]!], 'fp32').get(graph.outputs[0]!)
        expect(new Int8Array(results[index]![0]!.buffer)).toEqual(expected)
      })
    })
  })
})
