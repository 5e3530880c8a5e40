import type { Backend } from '../backends/backend.ts'
import { compiled } from '../backends/compiled.ts'
import { hostSimd } from '../compile/host-simd.ts'
import { instantiate } from '../compile/instantiate.ts'
import { type Manifest, type ManifestTensor, manifestSection } from '../compile/manifest.ts'
import { type WasmModule, webAssembly } from '../compile/webassembly.ts'
import { isMilliwattError, MilliwattError, messageOf } from '../core/errors.ts'
import type { DataType, Graph, Tensor } from '../graph/graph.ts'
import type { Segment } from '../graph/segment.ts'

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
      return (JSON.parse(text(name + length, end)) as Partial<Manifest> | null)?.simd ?? null
    at = end
  }
  return null
}

const whyNot = (simd: string): string =>
  `The module needs ${simd} instructions, this host has ${hostSimd()}; compile it with --simd ${hostSimd()}.`

/** @throws MilliwattError MODEL_ILLEGAL, and BACKEND_UNAVAILABLE where this host has not got the module's instructions */
function moduleOf(bytes: Uint8Array, where: string): WasmModule {
  try {
    const needed = ranks.indexOf(neededSimd(bytes) ?? '')
    const missing = needed > ranks.indexOf(hostSimd()) ? ranks[needed] : undefined
    if (missing) throw new MilliwattError('BACKEND_UNAVAILABLE', where, whyNot(missing))
    return new webAssembly.Module(Uint8Array.from(bytes))
  } catch (error) {
    throw foreign(error, where)
  }
}

function foreign(error: unknown, where: string): MilliwattError {
  if (isMilliwattError(error, 'BACKEND_UNAVAILABLE')) return error
  const reason = isMilliwattError(error) ? error.detail : `${messageOf(error)}.`
  return new MilliwattError('MODEL_ILLEGAL', where, `It is no module of "milliwatt compile": ${reason}`, error)
}

function manifestOf(module: WasmModule, where: string): Manifest {
  try {
    return instantiate(module).manifest
  } catch (error) {
    throw foreign(error, where)
  }
}

/** Integers of these types stand for reals in a compiled model. */
const quantised: readonly DataType[] = ['int8', 'uint8', 'int16']

function toTensor({ name, dtype, shape, scale, zeroPoint }: ManifestTensor): Tensor {
  const quantization = { scales: [scale], zeroPoints: [zeroPoint], axis: null }
  return { name, dtype, shape, ...(quantised.includes(dtype) ? { quantization } : {}) }
}

/** What a module says of the model inside: its borders and whether it keeps state; no operators. */
function graphOf({ name, inputs, outputs, state: kept }: Manifest): Graph {
  const state: readonly Tensor[] =
    kept.bytes > 0 ? [{ name: '\0state', dtype: 'int8', shape: null, variable: true }] : []
  const borders = [...inputs, ...outputs].map(toTensor)
  return {
    name,
    nodes: [],
    tensors: new Map([...borders, ...state].map((tensor) => [tensor.name, tensor])),
    inputs: inputs.map((tensor) => tensor.name),
    outputs: outputs.map((tensor) => tensor.name),
    opsets: {},
  }
}

/** A module of `milliwatt compile`: what it holds, and the only backend that runs it. */
export interface CompiledModule {
  readonly manifest: Manifest
  readonly segment: Segment
  readonly backend: Backend
}

/**
 * Opens a module of `milliwatt compile`; the compiler is not needed.
 * @param where name for messages
 * @throws MilliwattError MODEL_ILLEGAL, and BACKEND_UNAVAILABLE where this host has not got the module's instructions
 */
export function openCompiledModule(bytes: Uint8Array, where: string): CompiledModule {
  const module = moduleOf(bytes, where)
  const manifest = manifestOf(module, where)
  const segment = { graph: graphOf(manifest), source: { format: 'wasm', bytes } }
  const backend: Backend = {
    ...compiled,
    form: 'any',
    supports: () => ({ ok: true }),
    semantics: () => null,
    prepare: async (given) => compiled.open!(module, given),
  }
  return { manifest, segment, backend }
}
