import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as ort from 'onnxruntime-web'
import { describe, expect, it } from 'vitest'
import { readModel } from '../../../src/formats/list.ts'
import { interpret } from '../../../src/graph/reference/interpret.ts'
import { fromOnnxLayout, toOnnxLayout, toQdq } from '../../support/qdq.ts'
import { sharedPath } from '../../support/shared.ts'

const folder = sharedPath('data', 'mlperf-tiny')
const models = ['kws_ref_model', 'pretrainedResnet_quant', 'vww_96_int8', 'ad01_int8', 'str_ww_ref_model']
ort.env.wasm.numThreads = 1
ort.env.logLevel = 'error'

describe.skipIf(!folder)('fp32 semantics on MLPerf Tiny (needs ../shared/data/mlperf-tiny)', () => {
  it.each(models)(
    'every layer of %s equals onnxruntime bit for bit',
    async (model) => {
      const { graph } = readModel(readFileSync(join(folder!, 'models', `${model}.tflite`)), model)
      const shapeOf = (name: string) => graph.tensors.get(name)!.shape as number[]
      const [name, layers] = [graph.inputs[0]!, graph.nodes.map((node) => node.outputs[0]!)]
      const shape = shapeOf(name)
      const length = shape.reduce((a, b) => a * b, 1)
      const bytes = readFileSync(join(folder!, 'golden', `${model}.in.bin`))
      const session = await ort.InferenceSession.create(toQdq(graph, layers))
      const dims = shape.length === 4 ? [shape[0]!, shape[3]!, shape[1]!, shape[2]!] : shape
      for (let number = 0; number < 10; number++) {
        const x = Int8Array.from(bytes.subarray(number * length, (number + 1) * length))
        const theirs = await session.run({ [name]: new ort.Tensor('uint8', toOnnxLayout(x, shape), dims) })
        const ours = interpret(graph, [x], 'fp32')
        const different = layers.filter((layer) => {
          const expected = fromOnnxLayout(theirs[layer]!.data as Uint8Array, shapeOf(layer))
          return Buffer.compare(Buffer.from(expected.buffer), Buffer.from(ours.get(layer)!.buffer)) !== 0
        })
        expect(different).toEqual([])
      }
      await session.release()
    },
    120_000,
  )
})
