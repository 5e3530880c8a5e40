import { readFileSync } from 'node:fs'
import { toOnnx } from '../../dist/formats/convert/to-onnx.js'
import { readModel } from '../../dist/formats/list.js'
import { writeOnnx } from '../../dist/formats/onnx/write.js'
import { writeTflite } from '../../dist/formats/tflite/writer.js'
import { modelFacts } from '../../dist/graph/facts.js'
import { elementCount } from '../../dist/graph/graph.js'
import { dequantized } from '../../dist/graph/reference/dequantized.js'
import { interpret } from '../../dist/graph/reference/interpret.js'
import { withoutSignatures } from '../../dist/graph/resize.js'
import { floatForm } from './float-form.mjs'

/** MLPerf Tiny's int8 models, by the names of the table. */
export const modelFiles = {
  KWS: 'kws_ref_model',
  VWW: 'vww_96_int8',
  AD: 'ad01_int8',
  IC: 'pretrainedResnet_quant',
  SWW: 'str_ww_ref_model',
}

/** Inputs that every engine is checked on; the first is the one that is timed. */
const checkedInputs = 3

const lazy = (make) => {
  let made
  return () => {
    made ??= make()
    return made
  }
}

const operandOf = (graph, name) => {
  const tensor = graph.tensors.get(name)
  return { tensor, shape: tensor.shape }
}

/** What engines are given: one form of the model, its files, and inputs with the outputs that are expected. */
function formOf(graph, tflite, inputs, semantics) {
  const [input, output] = [graph.inputs[0], graph.outputs[0]]
  const expected = (meaning) =>
    lazy(() => inputs.map((data) => Array.from(interpret(graph, [data], meaning).get(output), Number)))
  return {
    graph,
    tflite,
    /** The same without open dimensions. */
    tfliteFixed: lazy(() => writeTflite(withoutSignatures(graph))),
    onnx: lazy(() => writeOnnx(toOnnx(graph, { activations: 'int8' }))),
    onnxUint8: lazy(() => writeOnnx(toOnnx(graph, { activations: 'uint8' }))),
    input: { name: input, dtype: graph.tensors.get(input).dtype, shape: graph.tensors.get(input).shape },
    output: {
      name: output,
      dtype: graph.tensors.get(output).dtype,
      length: elementCount(graph.tensors.get(output).shape),
    },
    inputs,
    expected: Object.fromEntries(semantics.map((meaning) => [meaning, expected(meaning)])),
  }
}

/**
 * A model in int8, as its file has it, and in float32 with the same weights. `data` holds the folders models/ and
 * golden/; without golden inputs, made-up ones are used.
 */
export function loadModel(data, name) {
  const file = modelFiles[name] ?? name
  const bytes = new Uint8Array(readFileSync(`${data}/models/${file}.tflite`))
  const { graph } = readModel(bytes, file)
  const length = elementCount(graph.tensors.get(graph.inputs[0]).shape)
  const golden = new Int8Array(readFileSync(`${data}/golden/${file}.in.bin`))
  const inputs = Array.from({ length: checkedInputs }, (_, at) => golden.slice(at * length, (at + 1) * length))
  const reals = inputs.map((values) => dequantized(values, operandOf(graph, graph.inputs[0])))
  const float = lazy(() => {
    const floats = withoutSignatures(floatForm(graph))
    return formOf(floats, writeTflite(floats), reals, ['fp32'])
  })
  return {
    name,
    macs: modelFacts(graph).macs,
    file,
    path: `${data}/models/${file}.tflite`,
    int8: formOf(graph, bytes, inputs, ['tflm', 'fp32']),
    float,
  }
}
