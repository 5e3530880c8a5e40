import { instantiate } from '../../../dist/compile/instantiate.js'
import { arrays } from '../packages.mjs'

/** A compiled module as it is timed. */
async function open(wasm, form) {
  const { inputs, outputs, manifest, run } = instantiate(wasm)
  const [to, from] = [inputs[0].data, outputs[0].data]
  const engine = {
    input: form.inputs[0],
    output: new arrays[form.output.dtype](from.length),
    manifest,
    close: () => {},
  }
  engine.run = () => {
    to.set(engine.input)
    run()
    engine.output.set(from)
  }
  return engine
}

async function compile(graph, simd) {
  const { compileGraph } = await import('../../../dist/compile/compile.js')
  return compileGraph(graph, { simd, semantics: 'tflm' }).wasm
}

async function openTflite(bytes, form) {
  const { readModel } = await import('../../../dist/formats/list.js')
  const { hostSimd } = await import('../../../dist/compile/host-simd.js')
  return open(await compile(readModel(bytes, 'model').graph, hostSimd()), form)
}

const shared = { rival: null, kind: 'wasm', form: 'int8', semantics: 'tflm' }

const variant = (simd) => ({
  ...shared,
  name: `milliwatt ${simd}`,
  renderer: simd,
  file: (form) => compile(form.graph, simd),
  open,
})

/** For the start alone: with reading, proving and compiling. */
const fromTflite = {
  ...shared,
  name: 'milliwatt from .tflite',
  startOnly: true,
  file: (form) => form.tflite,
  open: openTflite,
}

const isRelaxedRight = async () => (await import('../../../dist/compile/probe.js')).probeRelaxedDot()

/** milliwatt's WebAssembly renderer. `usable` tells whether the host computes the instructions right. */
export async function milliwatt() {
  return { engines: [variant('simd128'), { ...variant('relaxed'), usable: isRelaxedRight }, fromTflite] }
}
