/**
 * What a page of the backend `page` runs: looks at what the browser offers, opens one session of onnxruntime-web, and runs
 * it. onnxruntime tells where it places nodes only in its log, which goes to the console: the lines are kept instead.
 */
export const pageScript: string = `
globalThis.milliwatt = (() => {
  const lines = []
  for (const level of ['log', 'info', 'warn', 'error']) console[level] = (...words) => void lines.push(words.join(' '))
  const reason = (error) => String(error?.message ?? error)
  let ort, session

  const load = async () => {
    if (ort) return
    ort = await import('/ort.all.min.mjs')
    ort.env.wasm.numThreads = 1
    ort.env.wasm.wasmPaths = '/'
  }

  const adapter = async () => {
    if (!navigator.gpu) return { reason: 'this browser has no WebGPU' }
    try {
      const found = await navigator.gpu.requestAdapter()
      if (!found) return { reason: 'WebGPU has no adapter' }
      const { vendor, architecture, device, description, isFallbackAdapter } = found.info
      return { info: { vendor, architecture, device, description, ...(isFallbackAdapter ? { software: true } : {}) } }
    } catch (error) {
      return { reason: reason(error) }
    }
  }

  const network = async (deviceType) => {
    if (!navigator.ml) return { reason: 'this browser has no WebNN' }
    try {
      await navigator.ml.createContext({ deviceType })
      return { info: {} }
    } catch (error) {
      return { reason: reason(error) }
    }
  }

  return {
    look: async () => ({
      webgpu: await adapter(),
      'webnn-gpu': await network('gpu'),
      'webnn-npu': await network('npu'),
    }),
    open: async ({ bytes, options }) => {
      await load()
      lines.length = 0
      await session?.release()
      session = await ort.InferenceSession.create(bytes, options)
      return lines.splice(0)
    },
    run: async (inputs) => {
      const feeds = inputs.map(({ name, dtype, shape, data }) => [name, new ort.Tensor(dtype, data, shape)])
      const results = await session.run(Object.fromEntries(feeds))
      const values = Object.entries(results).map(async ([name, tensor]) => {
        return { name, dtype: tensor.type, shape: [...tensor.dims], data: await tensor.getData() }
      })
      return Promise.all(values)
    },
  }
})()
`
