import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import type { Semantics } from '../../src/compile/program.ts'
import { readModel } from '../../src/formats/list.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { sharedPath } from '../support/shared.ts'
import { numbers } from './random-layer.ts'

const data = sharedPath('data/mlperf-tiny')
const models = [
  'kws_ref_model',
  'pretrainedResnet_quant',
  'vww_96_int8',
  'ad01_int8',
  'str_ww_ref_model',
  'micro_speech_quantized',
  'hello_world_int8',
]

/** Every value between the layers, not only the outputs. */
describe.skipIf(data === null)('MLPerf Tiny, every value as the reference interpreter has it', () => {
  for (const semantics of ['tflm', 'fp32'] as const satisfies readonly Semantics[])
    it.each(models)(`%s, ${semantics}`, (name) => {
      const { graph } = readModel(readFileSync(`${data}/models/${name}.tflite`), name)
      const model = instantiate(compileGraph(graph, { semantics, keepAll: true }).wasm)
      const pruned = instantiate(compileGraph(graph, { semantics }).wasm)
      const length = model.inputs[0]!.data.length
      for (const seed of [3, 77]) {
        const next = numbers(seed)
        const values = Int8Array.from({ length }, () => Math.floor(next() * 256) - 128)
        model.inputs[0]!.data.set(values)
        model.run()
        pruned.inputs[0]!.data.set(values)
        pruned.run()
        expect(pruned.outputs[0]!.data).toEqual(model.outputs[0]!.data)
        const expected = interpret(graph, [values], semantics)
        for (const [value, offset] of Object.entries(model.manifest.values)) {
          const wanted = expected.get(value) as Int8Array
          const actual = new Int8Array(model.memory, offset, wanted.length)
          if (Buffer.compare(Buffer.from(actual), Buffer.from(wanted)) !== 0)
            expect([value, actual]).toEqual([value, wanted])
        }
      }
    })
})

const floatModels = ['ad01_fp32', 'hello_world_float', 'kws_ref_model_float32', 'pretrainedResnet']

describe.skipIf(data === null)('MLPerf Tiny in float32, within 1e-4 of the reference interpreter', () => {
  it.each(floatModels)('%s', (name) => {
    const { graph } = readModel(readFileSync(`${data}/models/${name}.tflite`), name)
    const model = instantiate(compileGraph(graph).wasm)
    const next = numbers(5)
    const values = Float32Array.from(model.inputs[0]!.data, () => next() * 2 - 1)
    model.inputs[0]!.data.set(values)
    model.run()
    const expected = interpret(graph, [values], 'fp32').get(model.outputs[0]!.name) as Float32Array
    const most = Math.max(...expected.map(Math.abs))
    expected.forEach((value, at) => {
      expect(Math.abs(model.outputs[0]!.data[at]! - value)).toBeLessThan(1e-4 * most)
    })
  })
})
