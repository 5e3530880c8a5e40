import { fromTensors, host } from '../packages.mjs'

/** TensorFlow Lite's C library with XNNPACK, through koffi. */
export async function tfliteC() {
  const { findTfliteC } = await import('../../../dist/backends/tflite-c-library.js')
  const { openTfliteC, xnnpackDelegate } = await import('../../../dist/backends/tflite-c-model.js')
  const library = await findTfliteC(host)
  if ('reason' in library)
    return { missing: 'npm install --no-save --ignore-scripts --legacy-peer-deps koffi tfjs-tflite-node@0.0.2' }
  const open = async (bytes, form) => fromTensors(openTfliteC(library, bytes, [xnnpackDelegate(library)]), form)
  const file = (form) => form.tflite
  const shared = { rival: 'TFLite C', kind: 'native', version: library.version(), semantics: 'fp32', file, open }
  return {
    engines: [
      { ...shared, name: 'TFLite C int8', form: 'int8' },
      { ...shared, name: 'TFLite C float', form: 'float' },
    ],
  }
}
