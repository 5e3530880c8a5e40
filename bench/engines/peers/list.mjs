import { existsSync } from 'node:fs'
import { litert } from './litert.mjs'
import { milliwatt } from './milliwatt.mjs'
import { onnxruntimeNode, onnxruntimeWeb } from './onnxruntime.mjs'
import { tfjsTflite } from './tfjs-tflite.mjs'
import { tfliteC } from './tflite-c.mjs'

/**
 * A file beside this folder that exports `native()`: like the functions here it gives `{ engines }`, of renderer and
 * kind `native`, or `{ missing }`, what to do to have it.
 */
const nativeFile = new URL('../native.mjs', import.meta.url)

async function native() {
  if (!existsSync(nativeFile)) return { missing: 'no renderer to C in this version' }
  return (await import(nativeFile.href)).native()
}

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
