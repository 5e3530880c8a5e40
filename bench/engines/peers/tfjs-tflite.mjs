import { fromTensors, host } from '../packages.mjs'

/** tfjs-tflite's WebAssembly, without TensorFlow.js around it. */
export async function tfjsTflite() {
  const { openTflite, tfliteVersion } = await import('../../../dist/backends/tfjs-tflite-module.js')
  const version = await tfliteVersion(host)
  if (!version) return { missing: 'npm install --no-save --legacy-peer-deps @tensorflow/tfjs-tflite@0.0.1-alpha.10' }
  const open = async (bytes, form) => fromTensors(await openTflite(host, bytes, 'tfjs-tflite'), form)
  const file = (form) => form.tflite
  const shared = { rival: 'tfjs-tflite', kind: 'wasm', version, semantics: 'fp32', file, open }
  return {
    engines: [
      { ...shared, name: 'tfjs-tflite int8', form: 'int8' },
      { ...shared, name: 'tfjs-tflite float', form: 'float' },
    ],
  }
}
