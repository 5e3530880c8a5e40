import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readModel } from '../../../src/formats/list.ts'
import { interpret } from '../../../src/graph/reference/interpret.ts'
import { sharedPath } from '../../support/shared.ts'

const folder = sharedPath('data', 'mlperf-tiny')
const models = ['kws_ref_model', 'pretrainedResnet_quant', 'vww_96_int8', 'ad01_int8', 'str_ww_ref_model']

/** Consecutive tensors of a file of concatenated int8 tensors. */
function tensorsOf(path: string, length: number): readonly Int8Array[] {
  const bytes = readFileSync(path)
  return Array.from({ length: bytes.length / length }, (_, index) =>
    Int8Array.from(bytes.subarray(index * length, (index + 1) * length)),
  )
}

describe.skipIf(!folder)('reference interpreter on MLPerf Tiny (needs ../shared/data/mlperf-tiny)', () => {
  it.each(models)(
    '%s equals the reference kernels of TensorFlow Lite Micro bit for bit',
    (model) => {
      const { graph } = readModel(readFileSync(join(folder!, 'models', `${model}.tflite`)), model)
      const lengthOf = (name: string) => (graph.tensors.get(name)!.shape as number[]).reduce((a, b) => a * b, 1)
      const [input, output] = [graph.inputs[0]!, graph.outputs[0]!]
      const inputs = tensorsOf(join(folder!, 'golden', `${model}.in.bin`), lengthOf(input))
      const outputs = tensorsOf(join(folder!, 'golden', `${model}.out.bin`), lengthOf(output))
      expect(inputs).toHaveLength(40)
      expect(inputs.map((tensor) => interpret(graph, [tensor], 'tflm').get(output))).toEqual(outputs)
    },
    120_000,
  )
})
