import type { Executable, TensorSpec, TensorValue } from '../backends/backend.ts'
import { hostSimd } from '../compile/host-simd.ts'
import { instantiate, type RunningModel, type TensorView } from '../compile/instantiate.ts'
import { MilliwattError, messageOf } from '../core/errors.ts'

/** A WebAssembly module begins with a zero byte and `asm`. */
export function isWasm(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d
}

/** Instructions by rank: a host that computes one of them right computes those before it as well. */
const ranks = ['scalar', 'simd128', 'relaxed'] as const

function start(bytes: Uint8Array, where: string): RunningModel {
  try {
    return instantiate(Uint8Array.from(bytes))
  } catch (error) {
    throw new MilliwattError(
      'MODEL_ILLEGAL',
      where,
      `It is no module of "milliwatt compile": ${messageOf(error)}`,
      error,
    )
  }
}

/**
 * Makes a module of `milliwatt compile` ready to run; the compiler is not needed.
 * @param where name for messages
 * @throws MilliwattError MODEL_ILLEGAL, and BACKEND_UNAVAILABLE where this host has not got the module's instructions
 */
export function openCompiledModule(bytes: Uint8Array, where: string): Executable {
  const model = start(bytes, where)
  const { simd } = model.manifest
  if (ranks.indexOf(simd) > ranks.indexOf(hostSimd()))
    throw new MilliwattError('BACKEND_UNAVAILABLE', where, `It was compiled for ${simd}; this host has ${hostSimd()}.`)
  const spec = ({ name, dtype, shape }: TensorSpec): TensorSpec => ({ name, dtype, shape })
  return {
    inputs: model.inputs.map(spec),
    outputs: model.outputs.map(spec),
    run: async (inputs) => {
      for (const tensor of model.inputs) tensor.data.set(inputs[tensor.name]!.data as TensorView)
      model.run()
      const outputs: Record<string, TensorValue> = {}
      for (const { name, dtype, shape, data } of model.outputs) outputs[name] = { dtype, shape, data: data.slice() }
      return outputs
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}
