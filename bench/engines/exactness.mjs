// Bit-exactness on random inputs: the compiled engine against the reference interpreter (TensorFlow Lite Micro's
// kernels) and against outside engines: in the float-scale semantics onnxruntime-web on the converted model, in TensorFlow
// Lite Micro's, where it is installed, TensorFlow Lite's C library on its own kernels, without XNNPACK.
// Usage: npm run build && node bench/engines/exactness.mjs MODEL_FOLDER [INPUTS]
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as ort from 'onnxruntime-web'
import { findTfliteC } from '../../dist/backends/tflite-c-library.js'
import { openTfliteC } from '../../dist/backends/tflite-c-model.js'
import { compileGraph } from '../../dist/compile/compile.js'
import { instantiate } from '../../dist/compile/instantiate.js'
import { toOnnx } from '../../dist/formats/convert/to-onnx.js'
import { readModel } from '../../dist/formats/list.js'
import { writeOnnx } from '../../dist/formats/onnx/write.js'
import { interpret } from '../../dist/graph/reference/interpret.js'
import { host } from './packages.mjs'

const [folder, count = '1000'] = process.argv.slice(2)
if (!folder) {
  console.error('usage: node bench/engines/exactness.mjs MODEL_FOLDER [INPUTS]')
  process.exit(2)
}
const inputs = Number(count)
ort.env.wasm.numThreads = 1

/** xorshift32: the same inputs every time. */
function randomBytes(state) {
  let x = state
  return (length) =>
    Int8Array.from({ length }, () => {
      x ^= x << 13
      x ^= x >>> 17
      x ^= x << 5
      return x & 255
    })
}

function prepare(graph, semantics) {
  const model = instantiate(compileGraph(graph, { semantics }).wasm)
  return (data) => {
    model.inputs[0].data.set(data)
    model.run()
    return model.outputs[0].data.slice()
  }
}

function difference(a, b) {
  let worst = 0
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i] - b[i]))
  return worst
}

function tally() {
  const counts = { differ: 0, worst: 0 }
  return {
    add: (a, b) => {
      const worst = difference(a, b)
      if (worst > 0) counts.differ += 1
      counts.worst = Math.max(counts.worst, worst)
    },
    text: () => (counts.differ === 0 ? 'all equal' : `${counts.differ} differ, by at most ${counts.worst}`),
  }
}

const library = await findTfliteC(host)

/** The model on TensorFlow Lite's own kernels; null where the library is missing or refuses the model. */
function prepareTflite(bytes, length) {
  if ('reason' in library) return null
  try {
    const model = openTfliteC(library, new Uint8Array(bytes), [])
    return (data) => {
      model.inputs[0].write(data)
      model.infer()
      const out = new Int8Array(length)
      model.outputs[0].read(out)
      return out
    }
  } catch {
    return null
  }
}

const elements = (graph, name) => graph.tensors.get(name).shape.reduce((a, b) => a * b, 1)

const isInt8 = (graph) =>
  graph.tensors.get(graph.inputs[0]).dtype === 'int8' && graph.tensors.get(graph.outputs[0]).dtype === 'int8'

for (const name of readdirSync(folder).filter((file) => file.endsWith('.tflite'))) {
  const bytes = readFileSync(join(folder, name))
  const { graph } = readModel(bytes, name)
  if (!isInt8(graph)) continue
  const { shape } = graph.tensors.get(graph.inputs[0])
  const length = elements(graph, graph.inputs[0])
  let tflm
  try {
    tflm = prepare(graph, 'tflm')
  } catch (error) {
    console.log(`${name}: not compiled (${error.message})`)
    continue
  }
  const fp32 = prepare(graph, 'fp32')
  const session = await ort.InferenceSession.create(writeOnnx(toOnnx(graph, { activations: 'uint8' })), {
    logSeverityLevel: 3,
  })
  const next = randomBytes(0x9e3779b9)
  const tflite = prepareTflite(bytes, elements(graph, graph.outputs[0]))
  const [reference, outside, kernels] = [tally(), tally(), tally()]
  for (let i = 0; i < inputs; i++) {
    const data = next(length)
    const oracle = interpret(graph, [data], 'tflm').get(graph.outputs[0])
    const ours = tflm(data)
    reference.add(ours, oracle.data ?? oracle)
    if (tflite) kernels.add(ours, tflite(data))
    const answer = await session.run({ [graph.inputs[0]]: new ort.Tensor('int8', data, shape) })
    outside.add(fp32(data), answer[graph.outputs[0]].data)
  }
  console.log(`${name}, ${inputs} random inputs:`)
  console.log(`  tflm against the interpreter: ${reference.text()}`)
  console.log(`  tflm against TensorFlow Lite's own kernels: ${tflite ? kernels.text() : 'not here'}`)
  console.log(`  fp32 against onnxruntime-web: ${outside.text()}`)
}
