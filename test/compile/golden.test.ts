import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import type { Simd } from '../../src/compile/program.ts'
import { readModel } from '../../src/formats/list.ts'
import { sharedPath } from '../support/shared.ts'

const data = sharedPath('data/mlperf-tiny')
const models = ['kws_ref_model', 'pretrainedResnet_quant', 'vww_96_int8', 'ad01_int8', 'str_ww_ref_model']

describe.skipIf(data === null)('MLPerf Tiny, bit for bit as TFLite Micro', () => {
  for (const simd of ['scalar', 'simd128'] as const satisfies readonly Simd[])
    it.each(models)(`%s, ${simd}`, (name) => {
      const { graph } = readModel(readFileSync(`${data}/models/${name}.tflite`), name)
      const model = instantiate(compileGraph(graph, { simd }).wasm)
      const input = new Int8Array(readFileSync(`${data}/golden/${name}.in.bin`))
      const expected = new Int8Array(readFileSync(`${data}/golden/${name}.out.bin`))
      const [from, to] = [model.inputs[0]!.data as Int8Array, model.outputs[0]!.data as Int8Array]
      const actual = new Int8Array(expected.length)
      for (let at = 0; at * from.length < input.length; at++) {
        from.set(input.subarray(at * from.length, (at + 1) * from.length))
        model.run()
        actual.set(to, at * to.length)
      }
      expect(actual).toEqual(expected)
    })
})
