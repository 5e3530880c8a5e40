import type { Executable, TensorSpec, TensorValue } from '../backends/backend.ts'
import { hostSimd } from '../compile/host-simd.ts'
import { instantiate, type RunningModel, type TensorView } from '../compile/instantiate.ts'
import { type Manifest, manifestSection } from '../compile/manifest.ts'
import { isMilliwattError, MilliwattError, messageOf } from '../core/errors.ts'

/** A WebAssembly module begins with a zero byte and `asm`. */
export function isWasm(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d
}

/** Instructions by rank: a host that computes one of them right computes those before it as well. */
const ranks: readonly string[] = ['scalar', 'simd128', 'relaxed']

/** A number in LEB128 and where it ends (WebAssembly core specification, 5.2.2). */
function readLeb(bytes: Uint8Array, at: number): readonly [number, number] {
  let value = 0
  for (let index = 0; index < 5; index++) {
    const byte = bytes[at + index] ?? 0
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return [value, at + index + 1]
  }
  throw new RangeError('a number has more than 32 bits')
}

/** The instructions that a module says it needs, read before it is compiled: a host without them cannot compile it. */
function neededSimd(bytes: Uint8Array): string | null {
  for (let at = 8; at < bytes.length; ) {
    const [size, begin] = readLeb(bytes, at + 1)
    const [length, name] = readLeb(bytes, begin)
    const end = begin + size
    const text = (from: number, to: number) => new TextDecoder().decode(bytes.subarray(from, to))
    if (bytes[at] === 0 && text(name, name + length) === manifestSection)
      return (JSON.parse(text(name + length, end)) as Partial<Manifest>).simd ?? null
    at = end
  }
  return null
}

function start(bytes: Uint8Array, where: string): RunningModel {
  try {
    const needed = ranks.indexOf(neededSimd(bytes) ?? '')
    const missing = needed > ranks.indexOf(hostSimd()) ? ranks[needed] : undefined
    if (missing) throw new MilliwattError('BACKEND_UNAVAILABLE', where, whyNot(missing))
    return instantiate(Uint8Array.from(bytes))
  } catch (error) {
    if (isMilliwattError(error, 'BACKEND_UNAVAILABLE')) throw error
    throw new MilliwattError(
      'MODEL_ILLEGAL',
      where,
      `It is no module of "milliwatt compile": ${messageOf(error)}.`,
      error,
    )
  }
}

const whyNot = (simd: string): string =>
  `The module needs ${simd} instructions, this host has ${hostSimd()}; compile it with --simd ${hostSimd()}.`

/**
 * Makes a module of `milliwatt compile` ready to run; the compiler is not needed.
 * @param where name for messages
 * @throws MilliwattError MODEL_ILLEGAL, and BACKEND_UNAVAILABLE where this host has not got the module's instructions
 */
export function openCompiledModule(bytes: Uint8Array, where: string): Executable {
  const model = start(bytes, where)
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
