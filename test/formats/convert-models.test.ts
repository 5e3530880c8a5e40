import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toCanonical } from '../../src/formats/convert/to-canonical.ts'
import { toOnnx } from '../../src/formats/convert/to-onnx.ts'
import { readModel } from '../../src/formats/list.ts'
import { writeOnnx } from '../../src/formats/onnx/write.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import type { Graph } from '../../src/graph/graph.ts'
import type { Values } from '../../src/graph/reference/values.ts'
import { sharedPath } from '../support/shared.ts'
import {
  firstOutput,
  largestDifference,
  ortModel,
  randomNumbers,
  randomValues,
  throughOnnx,
} from './convert-support.ts'

const folder = sharedPath('data', 'mlperf-tiny', 'models')
const integers = [
  'kws_ref_model',
  'vww_96_int8',
  'ad01_int8',
  'pretrainedResnet_quant',
  'str_ww_ref_model',
  'micro_speech_quantized',
  'hello_world_int8',
]
const floats = ['ad01_fp32', 'hello_world_float', 'pretrainedResnet', 'vww_96_float']
const forms = integers.flatMap((model) =>
  (['int8', 'uint8'] as const).map((activations) => [model, activations] as const),
)

const load = (model: string): Graph => readModel(readFileSync(join(folder!, `${model}.tflite`)), model).graph

function inputsOf(graph: Graph, count: number): readonly Values[] {
  const random = randomNumbers(3)
  return Array.from({ length: count }, () => randomValues(graph.tensors.get(graph.inputs[0]!)!, random))
}

async function ortOutputs(bytes: Uint8Array, graph: Graph, inputs: readonly Values[]): Promise<readonly Values[]> {
  const run = await ortModel(bytes)
  const [input, output] = [graph.tensors.get(graph.inputs[0]!)!, graph.outputs[0]!]
  const results: Values[] = []
  for (const data of inputs) results.push((await run({ [input.name]: [input, data] }))[output]!)
  return results
}

describe.skipIf(!folder)('conversion of TFLite models (needs ../shared/data/mlperf-tiny)', () => {
  it.each(forms)(
    '%s to ONNX with %s activations and back to TFLite keeps every output bit',
    (model, activations) => {
      const graph = load(model)
      const canonical = throughOnnx(toOnnx(graph, { activations }))
      const back = readModel(writeTflite(canonical), model).graph
      expect(back.nodes.length).toBeLessThanOrEqual(graph.nodes.length + 1)
      for (const data of inputsOf(graph, 2))
        for (const semantics of ['tflm', 'fp32'] as const)
          expect(firstOutput(back, [data], semantics)).toEqual(firstOutput(graph, [data], semantics))
    },
    120_000,
  )

  it.each(integers)(
    '%s in onnxruntime with uint8 activations equals the interpreter',
    async (model) => {
      const graph = load(model)
      const inputs = inputsOf(graph, 4)
      const outside = await ortOutputs(writeOnnx(toOnnx(graph, { activations: 'uint8' })), graph, inputs)
      expect(outside).toEqual(inputs.map((data) => firstOutput(graph, [data], 'fp32')))
    },
    120_000,
  )

  it.each(integers)(
    '%s in onnxruntime with int8 activations stays near the interpreter',
    async (model) => {
      // On x64 onnxruntime runs int8 QDQ in floats: a sum near a tie can land on the other side, softmax enlarges it.
      const graph = load(model)
      const inputs = inputsOf(graph, 4)
      const outside = await ortOutputs(writeOnnx(toOnnx(graph)), graph, inputs)
      inputs.forEach((data, index) => {
        expect(largestDifference(outside[index]!, firstOutput(graph, [data], 'fp32'))).toBeLessThanOrEqual(32)
      })
    },
    120_000,
  )

  it.each(floats)(
    '%s keeps its outputs, and onnxruntime agrees within 1e-4',
    async (model) => {
      const graph = load(model)
      const written = toOnnx(graph)
      const inputs = inputsOf(graph, 2)
      const own = inputs.map((data) => firstOutput(graph, [data], 'fp32'))
      expect(inputs.map((data) => firstOutput(throughOnnx(written), [data], 'fp32'))).toEqual(own)
      const outside = await ortOutputs(writeOnnx(written), graph, inputs)
      outside.forEach((values, index) => {
        expect(largestDifference(values, own[index]!)).toBeLessThan(1e-4)
      })
    },
    120_000,
  )
})

const shipped = resolve(import.meta.dirname, '../../models/kws')

describe.skipIf(!existsSync(shipped))('canonical form of the shipped keyword models (needs models/kws)', () => {
  const models = [16, 32, 64].flatMap((width) => [`ds-cnn-${width}-float32`, `ds-cnn-${width}-int8`])
  it.each(models)(
    '%s equals onnxruntime on the file',
    async (model) => {
      const bytes = readFileSync(join(shipped, `${model}.onnx`))
      const canonical = toCanonical(readModel(bytes, model).graph)
      const inputs = inputsOf(canonical, 3)
      const outside = await ortOutputs(bytes, canonical, inputs)
      inputs.forEach((data, index) => {
        expect(largestDifference(firstOutput(canonical, [data], 'fp32'), outside[index]!)).toBeLessThan(1e-5)
      })
    },
    60_000,
  )
})
