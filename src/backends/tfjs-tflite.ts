import { MilliwattError, messageOf } from '../core/errors.ts'
import { segmentIn } from '../formats/forms.ts'
import { elementCount } from '../graph/graph.ts'
import type { Segment } from '../graph/segment.ts'
import { type Backend, type Executable, segmentSpecs, type TensorSpec, type TensorValue } from './backend.ts'
import { openTflite, type TfliteModel, type TfliteTensor, tfliteVersion } from './tfjs-tflite-module.ts'

const name = 'tfjs-tflite'
const reason = 'The optional package @tensorflow/tfjs-tflite is not installed.'
const next = 'Run "npm install @tensorflow/tfjs-tflite@0.0.1-alpha.10 --legacy-peer-deps".'

/** Array that a type's elements lie in; the module has no other types. */
const arrays: Readonly<Record<string, string>> = {
  float32: 'Float32Array',
  int8: 'Int8Array',
  uint8: 'Uint8Array',
  int16: 'Int16Array',
  int32: 'Int32Array',
  bool: 'Uint8Array',
}

function checkTensor(tensor: TfliteTensor, spec: TensorSpec): void {
  const data = tensor.data()
  const [wanted, got] = [`${arrays[spec.dtype]} of ${elementCount(spec.shape)}`, data.constructor.name]
  if (wanted === `${got} of ${data.length}`) return
  throw new MilliwattError('BACKEND_FAILED', name, `"${spec.name}" is ${got} of ${data.length}, not ${wanted}.`)
}

function write(tensor: TfliteTensor, spec: TensorSpec, value: TensorValue | undefined): void {
  const data = tensor.data()
  if (value?.dtype !== spec.dtype || value.data.length !== data.length) {
    const got = value ? `${value.dtype} of ${value.data.length}` : 'nothing'
    throw new MilliwattError('INPUT_SHAPE', spec.name, `It wants ${spec.dtype} of ${data.length}, got ${got}.`)
  }
  data.set(value.data as never)
}

/** Tensors are matched by place: the module may name them otherwise. */
function executableOf(model: TfliteModel, segment: Segment): Executable {
  const { inputs, outputs } = segmentSpecs(segment)
  model.inputs.forEach((tensor, index) => {
    checkTensor(tensor, inputs[index]!)
  })
  model.outputs.forEach((tensor, index) => {
    checkTensor(tensor, outputs[index]!)
  })
  let open = true
  return {
    inputs,
    outputs,
    run: async (values) => {
      if (!open) throw new MilliwattError('BACKEND_FAILED', name, 'The model was disposed of.')
      for (const [index, spec] of inputs.entries()) write(model.inputs[index]!, spec, values[spec.name])
      if (!model.infer()) throw new MilliwattError('BACKEND_FAILED', name, 'The inference failed.')
      const results: Record<string, TensorValue> = {}
      for (const [index, spec] of outputs.entries())
        results[spec.name] = {
          dtype: spec.dtype,
          shape: spec.shape as readonly number[],
          data: model.outputs[index]!.data().slice(),
        }
      return results
    },
    [Symbol.asyncDispose]: async () => {
      if (open) model.free()
      open = false
    },
  }
}

async function prepare(segment: Segment, host: Parameters<Backend['prepare']>[2]): Promise<Executable> {
  let model: TfliteModel | null
  try {
    model = await openTflite(host, segment.source.bytes, name)
  } catch (error) {
    if (error instanceof MilliwattError) throw error
    throw new MilliwattError('BACKEND_FAILED', name, messageOf(error), error)
  }
  if (!model) throw new MilliwattError('BACKEND_UNAVAILABLE', name, `${reason} ${next}`)
  try {
    return executableOf(model, segment)
  } catch (error) {
    model.free()
    throw error
  }
}

/** TensorFlow Lite with XNNPACK in WebAssembly, an optional peer: one thread, no shim, a module shared by all models. */
export const tfjsTflite: Backend = {
  name,
  summary: 'TensorFlow Lite with XNNPACK in WebAssembly (optional peer)',
  form: 'tflite',
  available: async (host) => {
    const version = await tfliteVersion(host)
    return version ? { ok: true, engine: `tfjs-tflite ${version}` } : { ok: false, reason, next }
  },
  supports: (node, device) => {
    if (device.kind !== 'cpu') return { ok: false, reason: `${name} runs on a cpu, not on a ${device.kind}` }
    if (node.domain !== 'tflite') return { ok: false, reason: `${name} has no operators of "${node.domain}"` }
    if (node.attributes.custom === 1) return { ok: false, reason: `custom operators are not in ${name}` }
    return { ok: true }
  },
  semantics: () => 'fp32',
  prepare: (segment, _device, host) => prepare(segmentIn(segment, 'tflite'), host),
}
