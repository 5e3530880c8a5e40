import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/**
 * tfjs-tflite's WebAssembly (TensorFlow Lite with XNNPACK), without TensorFlow.js around it. `folder` holds
 * node_modules with @tensorflow/tfjs-tflite; null when it is not there.
 */
export async function tfjsTflite(folder) {
  const wasm = join(folder, 'node_modules/@tensorflow/tfjs-tflite/wasm')
  if (!existsSync(wasm)) return null
  const factory = createRequire(import.meta.url)(join(wasm, 'tflite_web_api_cc_simd.js'))
  const module = await factory({ wasmBinary: readFileSync(join(wasm, 'tflite_web_api_cc_simd.wasm')) })
  return (bytes, input) => {
    const at = module._malloc(bytes.length)
    module.HEAPU8.set(bytes, at)
    const runner = module.TFLiteWebModelRunner.CreateFromBufferAndOptions(at, bytes.length, {
      numThreads: 1,
      enableProfiling: false,
      maxProfilingBufferEntries: 0,
    }).value()
    const output = new Int8Array(runner.GetOutputs().get(0).data().length)
    return {
      name: 'tfjs-tflite',
      output,
      run: () => {
        runner.GetInputs().get(0).data().set(input)
        runner.Infer()
        output.set(runner.GetOutputs().get(0).data())
      },
    }
  }
}
