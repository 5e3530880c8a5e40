import { arrays, host } from '../packages.mjs'

const options = { graphOptimizationLevel: 'all', intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 }

async function session(ort, provider, bytes, form) {
  const opened = await ort.InferenceSession.create(bytes, { ...options, executionProviders: [provider] })
  const input = new ort.Tensor(form.input.dtype, new arrays[form.input.dtype](form.inputs[0].length), form.input.shape)
  const feeds = { [form.input.name]: input }
  const engine = { input: form.inputs[0], output: new arrays[form.output.dtype](form.output.length) }
  engine.run = async () => {
    input.data.set(engine.input)
    engine.output.set((await opened.run(feeds))[form.output.name].data)
  }
  engine.close = () => opened.release()
  return engine
}

/** The model in int8 with signed and with unsigned activations, and in float32: which is fastest differs. */
function enginesOf(ort, rival, kind, provider) {
  const version = ort.env.versions.common
  const shared = { rival, kind, version, semantics: 'fp32' }
  const variant = (suffix, form, file) => ({
    ...shared,
    name: `${rival} ${suffix}`,
    form,
    file,
    open: (bytes, given) => session(ort, provider, bytes, given),
  })
  return {
    engines: [
      variant('u8', 'int8', (form) => form.onnxUint8()),
      variant('s8', 'int8', (form) => form.onnx()),
      variant('float', 'float', (form) => form.onnx()),
    ],
  }
}

/** onnxruntime in WebAssembly, one thread. */
export async function onnxruntimeWeb() {
  const ort = await import('onnxruntime-web')
  ort.env.wasm.numThreads = 1
  return enginesOf(ort, 'onnxruntime-web', 'wasm', 'wasm')
}

/** Native onnxruntime through its public API. */
export async function onnxruntimeNode() {
  const loaded = await host.optionalPackage('onnxruntime-node')
  if (!loaded) return { missing: 'npm install --no-save --onnxruntime-node-install=skip onnxruntime-node@1.30.0' }
  return enginesOf(loaded.default ?? loaded, 'onnxruntime-node', 'native', 'cpu')
}
