import { resolve } from 'node:path'
import { optionalPackage, packageFile, packagePath, packageScript } from '../../dist/hosts/node-packages.js'

/** As much of a host as the engines need, so that no engine's start pays for the rest of milliwatt. */
export const host = {
  platform: process.platform,
  architecture: process.arch,
  environment: process.env,
  files: { resolve },
  optionalPackage,
  packageFile,
  packagePath,
  packageScript,
}

/** Array type of a model's elements. */
export const arrays = { int8: Int8Array, uint8: Uint8Array, float32: Float32Array }

/**
 * An engine as it is timed: one run copies the input in, infers, and copies the output out. `run` gives a promise only
 * where the engine does.
 */
export function fromTensors(model, form) {
  const engine = { input: form.inputs[0], output: new arrays[form.output.dtype](form.output.length), close: model.free }
  const [input, output] = [model.inputs[0], model.outputs[0]]
  engine.run = () => {
    input.write(engine.input)
    const pending = model.infer()
    if (pending) return pending.then(() => output.read(engine.output))
    output.read(engine.output)
  }
  return engine
}
