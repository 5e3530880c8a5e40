import { fromTensors, host } from '../packages.mjs'

/** LiteRT.js below its JavaScript API, which refuses int8; its tensors are made once. */
export async function litert() {
  const { litertVersion, openLitert } = await import('../../../dist/backends/litert-module.js')
  const version = await litertVersion(host)
  if (!version) return { missing: 'npm install --no-save --legacy-peer-deps @litertjs/core@2.5.3' }
  const file = (form) => form.tflite
  // It reads no file that leaves the length of a dimension open.
  const secondFile = (form) => form.tfliteFixed()
  const open = async (bytes, form) => fromTensors(await openLitert(host, bytes), form)
  const shared = { rival: 'LiteRT.js', kind: 'wasm', version, semantics: 'fp32', file, secondFile, open }
  return {
    engines: [
      { ...shared, name: 'LiteRT.js int8', form: 'int8' },
      { ...shared, name: 'LiteRT.js float', form: 'float' },
    ],
  }
}
