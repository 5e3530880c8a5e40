import { knowsRelaxedDot } from '../compile/probe.ts'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { contents, type EngineModel, type EngineTensor } from './tflite-engine.ts'

/** An object in the module's memory, which it keeps until it is deleted. */
interface Handle {
  delete(): void
}

/** A value of an enumeration; it is never deleted. */
interface Choice {
  readonly value: number
}

interface TensorType extends Handle {
  elementType(): Choice
  bytes(): number
}

interface TensorBuffer extends Handle {
  /** Where its elements lie; they may move from run to run. */
  lock(mode: Choice): number
  unlock(): void
  packedSize(): number
  tensorType(): TensorType
}

interface Names extends Handle {
  size(): number
}

interface Signature extends Handle {
  inputNames(): Names
  outputNames(): Names
}

interface LitertModel extends Handle {
  getSignature(index: number): Signature
  getInputTensorType(signature: number, index: number): TensorType
  getOutputTensorType(signature: number, index: number): TensorType
}

interface CompiledModel extends Handle {
  run(signature: number, inputs: readonly TensorBuffer[]): TensorBuffer[] | Promise<TensorBuffer[]>
}

/** LiteRT's C++ API as the module exports it, below the JavaScript API, which has no int8. */
interface LitertModule {
  readonly HEAPU8: Uint8Array
  readonly LiteRtEnvironment: { create(webGpuDevice: null): Handle }
  readonly LiteRtTensorBufferType: { readonly HOST_MEMORY: Choice }
  readonly LiteRtTensorBufferLockMode: { readonly READ: Choice; readonly WRITE: Choice }
  readonly LiteRtTensorBuffer: {
    createManaged(environment: Handle, type: Choice, tensor: TensorType, bytes: number): TensorBuffer
  }
  _malloc(bytes: number): number
  _free(at: number): void
  loadModel(environment: Handle, at: number, bytes: number): LitertModel
  compileModel(environment: Handle, model: LitertModel, options: object): CompiledModel | Promise<CompiledModel>
}

type Factory = (options: {
  readonly wasmBinary: Uint8Array
  readonly print: (line: string) => void
  readonly printErr: (line: string) => void
}) => Promise<LitertModule>

/** The module of one process, and what it said since a model was last read: it tells causes only there. */
interface Loaded {
  readonly module: LitertModule
  readonly environment: Handle
  readonly said: string[]
}

const packageName = '@litertjs/core'
const loaded = new WeakMap<Host['packageScript'], Promise<Loaded | null>>()

/** Version of the installed package; null without it. */
export async function litertVersion(host: Host): Promise<string | null> {
  const bytes = await host.packageFile(`${packageName}/package.json`)
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as { version: string }).version
}

/** The build with relaxed SIMD finds out itself what those instructions compute. */
async function load(host: Host): Promise<Loaded | null> {
  const build = `${packageName}/wasm/litert_wasm_${knowsRelaxedDot() ? '' : 'compat_'}internal`
  const [factory, wasmBinary] = await Promise.all([
    host.packageScript(`${build}.js`),
    host.packageFile(`${build}.wasm`),
  ])
  if (!factory || !wasmBinary) return null
  const said: string[] = []
  const print = (line: string) => void said.push(line)
  const module = await (factory as Factory)({ wasmBinary, print, printErr: print })
  return { module, environment: module.LiteRtEnvironment.create(null), said }
}

/** The module, loaded once; several models share it. */
function moduleOf(host: Host): Promise<Loaded | null> {
  const known = loaded.get(host.packageScript) ?? load(host)
  loaded.set(host.packageScript, known)
  return known
}

function using<Held extends Handle, Value>(handle: Held, from: (handle: Held) => Value): Value {
  try {
    return from(handle)
  } finally {
    handle.delete()
  }
}

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

/** What a model holds in the module's memory, given back in the opposite order. */
type Held = (() => void)[]

function release(held: Held): void {
  for (const give of held.splice(0).reverse()) give()
}

function keep<Kept extends Handle>(held: Held, handle: Kept): Kept {
  held.push(() => handle.delete())
  return handle
}

function describe(type: TensorType): { readonly holds: string; readonly bytes: number } {
  const bytes = type.bytes()
  return { holds: contents(type.elementType().value, bytes), bytes }
}

const noReading = () => {
  throw new MilliwattError('BACKEND_FAILED', 'litert', 'There is no result to read.')
}

function inputOf({ module, environment }: Loaded, type: TensorType, held: Held) {
  const { holds, bytes } = describe(type)
  const place = module.LiteRtTensorBufferType.HOST_MEMORY
  const buffer = keep(held, module.LiteRtTensorBuffer.createManaged(environment, place, type, bytes))
  const write: EngineTensor['write'] = (data) => {
    const at = buffer.lock(module.LiteRtTensorBufferLockMode.WRITE)
    module.HEAPU8.set(bytesOf(data), at)
    buffer.unlock()
  }
  return { buffer, tensor: { holds, write, read: noReading } satisfies EngineTensor }
}

function outputOf(module: LitertModule, holds: string, result: () => TensorBuffer | undefined): EngineTensor {
  const read: EngineTensor['read'] = (into) => {
    const buffer = result()
    if (buffer?.packedSize() !== into.byteLength) return noReading()
    const at = buffer.lock(module.LiteRtTensorBufferLockMode.READ)
    bytesOf(into).set(module.HEAPU8.subarray(at, at + into.byteLength))
    buffer.unlock()
  }
  return { holds, write: noReading, read }
}

async function openIn(litert: Loaded, file: Uint8Array, held: Held): Promise<EngineModel> {
  const { module, environment, said } = litert
  said.length = 0
  const at = module._malloc(file.length)
  held.push(() => module._free(at))
  module.HEAPU8.set(file, at)
  const model = keep(held, module.loadModel(environment, at, file.length))
  const options = { environment, accelerator: 'wasm', cpuOptions: { numThreads: 1 }, gpuOptions: {}, webNNOptions: {} }
  const compiled = keep(held, await module.compileModel(environment, model, options))
  const signature = keep(held, model.getSignature(0))
  const [inputs, outputs] = [signature.inputNames(), signature.outputNames()].map((names) =>
    using(names, (list) => Array.from({ length: list.size() }, (_, index) => index)),
  ) as [number[], number[]]
  const ports = inputs.map((index) => using(model.getInputTensorType(0, index), (type) => inputOf(litert, type, held)))
  const buffers = ports.map(({ buffer }) => buffer)
  let results: TensorBuffer[] = []
  const drop = () => {
    for (const result of results.splice(0)) result.delete()
  }
  held.push(drop)
  const take = (made: TensorBuffer[]) => {
    results = made
  }
  return {
    inputs: ports.map(({ tensor }) => tensor),
    outputs: outputs.map((index) => {
      const { holds } = using(model.getOutputTensorType(0, index), describe)
      return outputOf(module, holds, () => results[index])
    }),
    infer: () => {
      drop()
      const ran = compiled.run(0, buffers)
      if (ran instanceof Promise) return ran.then(take)
      take(ran)
    },
    free: () => release(held),
  }
}

function failure(litert: Loaded, error: unknown): MilliwattError {
  const causes = litert.said.filter((line) => line.includes('ERROR'))
  return new MilliwattError('BACKEND_FAILED', 'litert', [...new Set([messageOf(error), ...causes])].join(' '), error)
}

/**
 * Reads a TFLite file, all of whose shapes are fixed, into the module's memory; null when the package is not installed.
 * @throws MilliwattError BACKEND_FAILED with what the module said
 */
export async function openLitert(host: Host, file: Uint8Array): Promise<EngineModel | null> {
  const litert = await moduleOf(host)
  if (!litert) return null
  const held: Held = []
  try {
    return await openIn(litert, file, held)
  } catch (error) {
    // A module that has aborted runs nothing any more: the next model gets a new one.
    if (error instanceof Error && error.name === 'RuntimeError') loaded.delete(host.packageScript)
    else release(held)
    throw failure(litert, error)
  }
}
