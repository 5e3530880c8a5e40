import { readModel } from '../../dist/formats/list.js'
import { writeTflite } from '../../dist/formats/tflite/writer.js'
import { withoutSignatures } from '../../dist/graph/resize.js'
import { floatForm } from '../engines/float-form.mjs'
import { modelFiles } from '../engines/model.mjs'

const catalogue = new URL('../../models/kws/', import.meta.url).pathname

const convolution = {
  strideH: 1,
  strideW: 1,
  dilationH: 1,
  dilationW: 1,
  padTop: 1,
  padBottom: 1,
  padLeft: 1,
  padRight: 1,
}

/** Float 3×3 convolutions of 64 channels on 112×112: half a giga-MAC each, which a GPU should win. */
function stack(layers) {
  const [size, channels] = [112, 64]
  const bytes = (array) => new Uint8Array(array.buffer)
  const weights = () =>
    Float32Array.from({ length: channels * 9 * channels }, (_, at) => ((at * 37) % 101) / 5000 - 0.01)
  const shape = [1, size, size, channels]
  const tensors = [{ name: 't0', dtype: 'float32', shape }]
  const nodes = []
  for (let layer = 0; layer < layers; layer++) {
    const names = { w: `w${layer}`, b: `b${layer}`, out: `t${layer + 1}` }
    tensors.push(
      { name: names.w, dtype: 'float32', shape: [channels, 3, 3, channels], data: bytes(weights()) },
      { name: names.b, dtype: 'float32', shape: [channels], data: bytes(new Float32Array(channels).fill(0.1)) },
      { name: names.out, dtype: 'float32', shape },
    )
    nodes.push({
      name: `conv_2d#${layer}`,
      op: 'conv_2d',
      domain: 'tflite',
      inputs: [`t${layer}`, names.w, names.b],
      outputs: [names.out],
      attributes: { ...convolution, activation: 'relu', version: 1 },
    })
  }
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]))
  return { name: 'stack', nodes, tensors: byName, inputs: ['t0'], outputs: [`t${layers}`], opsets: { tflite: 3 } }
}

/** The models of the bench, int8 as published and float32 with the same weights, and what is not here. */
export function benchModels({ data, exists, read }) {
  const models = []
  const missing = []
  for (const name of ['KWS', 'VWW', 'IC']) {
    const path = `${data}/models/${modelFiles[name]}.tflite`
    if (!exists(path)) {
      missing.push(`${name} (${path})`)
      continue
    }
    const bytes = new Uint8Array(read(path))
    const float = withoutSignatures(floatForm(readModel(bytes, name).graph))
    models.push({ name: `${name} float32`, bytes: writeTflite(float) }, { name: `${name} int8`, bytes })
  }
  for (const type of ['float32', 'int8'])
    models.push({ name: `catalogue KWS ${type}`, bytes: new Uint8Array(read(`${catalogue}ds-cnn-64-${type}.onnx`)) })
  models.push({ name: 'stack of 4 convolutions, 1.8 G MACs, float32', bytes: writeTflite(stack(4)) })
  return { models, missing }
}
