import { existsSync } from 'node:fs'
import { arrays } from '../packages.mjs'

/** Gives `native(graph, input)`: the model as C, ready, as `{ output, run }` that reads `input` at every run. */
const script = new URL('../native.mjs', import.meta.url)
const backend = new URL('../../../dist/backends/native.js', import.meta.url)

/** The engine of `script`, whose input can be changed. */
async function open(bytes, form) {
  const { native: openNative } = await import(script.href)
  const { readModel } = await import('../../../dist/formats/list.js')
  const held = new arrays[form.input.dtype](form.inputs[0].length)
  const { output, run } = await openNative(readModel(bytes, 'model').graph, held)
  return {
    output,
    run,
    close: () => {},
    set input(values) {
      held.set(values)
    },
  }
}

/** milliwatt's renderer to C, built by this machine's own compiler. */
export async function native() {
  if (!existsSync(script)) return { missing: 'no renderer to C in this version' }
  const { nodeHost } = await import('../../../dist/hosts/node.js')
  const state = await (await import(backend.href)).native.available(nodeHost())
  if (!state.ok) return { missing: state.next }
  const shared = { rival: null, kind: 'native', form: 'int8', semantics: 'tflm', version: state.engine }
  return { engines: [{ ...shared, name: 'milliwatt native', renderer: 'native', file: (form) => form.tflite, open }] }
}
