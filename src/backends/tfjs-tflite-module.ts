import { hostSimd } from '../compile/host-simd.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { TensorData } from './backend.ts'
import type { EngineModel, EngineTensor } from './tflite-engine.ts'

/** An object in the module's memory, which it keeps until it is deleted. */
interface Handle {
  delete(): void
}

/** A tensor of a model in the module. `data` must be fetched again for every run, since the memory may move. */
interface TfliteTensor extends Handle {
  readonly name: string
  data(): TensorData
}

interface TfliteTensors extends Handle {
  size(): number
  get(index: number): TfliteTensor
}

/** A model that the module has read. */
interface TfliteRunner extends Handle {
  GetInputs(): TfliteTensors
  GetOutputs(): TfliteTensors
  Infer(): boolean
}

interface RunnerResult extends Handle {
  ok(): boolean
  value(): TfliteRunner
  errorMessage(): string
}

interface RunnerOptions {
  readonly numThreads: number
  readonly enableProfiling: boolean
  readonly maxProfilingBufferEntries: number
}

/** TensorFlow Lite's web API, a C++ library compiled to WebAssembly. */
interface TfliteModule {
  readonly HEAPU8: Uint8Array
  _malloc(bytes: number): number
  _free(at: number): void
  readonly TFLiteWebModelRunner: {
    CreateFromBufferAndOptions(at: number, bytes: number, options: RunnerOptions): RunnerResult
  }
}

type Factory = (options: {
  readonly wasmBinary: Uint8Array
  readonly print: (line: string) => void
  readonly printErr: (line: string) => void
}) => Promise<TfliteModule>

/** The module of one process, and what it said since somebody last looked: it tells causes only there. */
interface Loaded {
  readonly module: TfliteModule
  readonly said: string[]
}

const packageName = '@tensorflow/tfjs-tflite'
const loaded = new WeakMap<Host['optionalPackage'], Promise<Loaded | null>>()

/** Version of the installed package; null without it. */
export async function tfliteVersion(host: Host): Promise<string | null> {
  const bytes = await host.packageFile(`${packageName}/package.json`)
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as { version: string }).version
}

async function load(host: Host): Promise<Loaded | null> {
  const build = `${packageName}/wasm/tflite_web_api_cc${hostSimd() === 'scalar' ? '' : '_simd'}`
  const [glue, wasmBinary] = await Promise.all([host.optionalPackage(`${build}.js`), host.packageFile(`${build}.wasm`)])
  if (!glue || !wasmBinary) return null
  const said: string[] = []
  const print = (line: string) => void said.push(line)
  const factory = (glue as { readonly default: Factory }).default
  return { module: await factory({ wasmBinary, print, printErr: print }), said }
}

/** The module, loaded once; several models share it. */
function moduleOf(host: Host): Promise<Loaded | null> {
  const known = loaded.get(host.optionalPackage) ?? load(host)
  loaded.set(host.optionalPackage, known)
  return known
}

function tensorsOf(list: TfliteTensors): readonly TfliteTensor[] {
  const tensors = Array.from({ length: list.size() }, (_, index) => list.get(index))
  list.delete()
  return tensors
}

function engineTensor(tensor: TfliteTensor): EngineTensor {
  const data = tensor.data()
  return {
    holds: `${data.constructor.name} of ${data.length}`,
    write: (from) => tensor.data().set(from as never),
    read: (into) => into.set(tensor.data() as never),
  }
}

function openIn({ module, said }: Loaded, bytes: Uint8Array, name: string): EngineModel {
  said.length = 0
  const at = module._malloc(bytes.length)
  module.HEAPU8.set(bytes, at)
  const options = { numThreads: 1, enableProfiling: false, maxProfilingBufferEntries: 0 }
  const result = module.TFLiteWebModelRunner.CreateFromBufferAndOptions(at, bytes.length, options)
  if (!result.ok()) {
    const causes = said.filter((line) => line.startsWith('ERROR'))
    const reason = [result.errorMessage(), ...new Set(causes)].join(' ')
    result.delete()
    module._free(at)
    throw new MilliwattError('BACKEND_FAILED', name, reason)
  }
  const runner = result.value()
  const [inputs, outputs] = [tensorsOf(runner.GetInputs()), tensorsOf(runner.GetOutputs())]
  return {
    inputs: inputs.map(engineTensor),
    outputs: outputs.map(engineTensor),
    infer: () => {
      if (!runner.Infer()) throw new MilliwattError('BACKEND_FAILED', name, 'The inference failed.')
    },
    free: () => {
      for (const handle of [...inputs, ...outputs, runner, result]) handle.delete()
      module._free(at)
    },
  }
}

/**
 * Reads a TFLite file into the module's memory; null when the package is not installed.
 * @throws MilliwattError BACKEND_FAILED with what the module said
 */
export async function openTflite(host: Host, bytes: Uint8Array, name: string): Promise<EngineModel | null> {
  const module = await moduleOf(host)
  if (!module) return null
  try {
    return openIn(module, bytes, name)
  } catch (error) {
    // A module that has aborted runs nothing any more: the next model gets a new one.
    if (!(error instanceof MilliwattError)) loaded.delete(host.optionalPackage)
    throw error
  }
}
