import { litert } from './litert.mjs'
import { milliwatt } from './milliwatt.mjs'
import { native } from './native.mjs'
import { onnxruntimeNode, onnxruntimeWeb } from './onnxruntime.mjs'
import { tfjsTflite } from './tfjs-tflite.mjs'
import { tfliteC } from './tflite-c.mjs'

/** Every engine: ours first, then the rivals. */
export const sources = {
  milliwatt,
  'milliwatt native': native,
  'tfjs-tflite': tfjsTflite,
  'LiteRT.js': litert,
  'onnxruntime-web': onnxruntimeWeb,
  'onnxruntime-node': onnxruntimeNode,
  'TFLite C': tfliteC,
}

/** The engines that are here, and what to do to have the others. */
export async function findEngines() {
  const [engines, missing] = [[], {}]
  for (const [name, find] of Object.entries(sources)) {
    const found = await find()
    if (found.missing) missing[name] = found.missing
    for (const engine of found.engines ?? []) if ((await engine.usable?.()) ?? true) engines.push(engine)
  }
  return { engines, missing }
}
