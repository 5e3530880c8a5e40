import type { TensorData } from './backend.ts'
import type { Address } from './koffi.ts'
import { checkStatus, type TfliteC } from './tflite-c-library.ts'
import { contents, type EngineModel, type EngineTensor } from './tflite-engine.ts'

/** Code that takes over parts of a model. The interpreter must go before it. */
export interface Delegate {
  readonly at: Address
  free(): void
}

/** Signed and unsigned 8 bit: without these flags the library leaves int8 to its slow kernels. */
const xnnpackFlags = 1 | 2

/** More than TfLiteXNNPackDelegateOptions has had in any version; zeros are the defaults of what follows the flags. */
const xnnpackOptionsBytes = 256

/** XNNPACK with one thread; null where the library has none. */
export function xnnpackDelegate(library: TfliteC): Delegate | null {
  const { xnnpack } = library
  if (!xnnpack) return null
  const options = new DataView(new ArrayBuffer(xnnpackOptionsBytes))
  options.setInt32(0, 1, true)
  options.setUint32(4, xnnpackFlags, true)
  const at: Address = library.silently(() => xnnpack.create(new Uint8Array(options.buffer)))
  return at === null ? null : { at, free: () => xnnpack.delete(at) }
}

function tensorOf(library: TfliteC, at: Address, place: string): EngineTensor {
  const bytes = Number(library.tensorByteSize(at))
  const [cannotWrite, cannotRead] = [`Cannot write ${place}`, `Cannot read ${place}`]
  return {
    holds: contents(library.tensorType(at), bytes),
    write: (data: TensorData) =>
      checkStatus(library, cannotWrite, library.copyFromBuffer(at, data, data.byteLength) === 0),
    read: (into: TensorData) => checkStatus(library, cannotRead, library.copyToBuffer(at, into, into.byteLength) === 0),
  }
}

function createInterpreter(library: TfliteC, model: Address, delegates: readonly Delegate[]): Address {
  const options: Address = library.optionsCreate()
  library.optionsSetNumThreads(options, 1)
  library.optionsSetErrorReporter(options, library.reporter, null)
  for (const { at } of delegates) library.optionsAddDelegate(options, at)
  const interpreter: Address = library.interpreterCreate(model, options)
  library.optionsDelete(options)
  return interpreter
}

function modelOn(library: TfliteC, interpreter: Address, free: () => void): EngineModel {
  const inputs = Array.from({ length: library.inputCount(interpreter) }, (_, index) =>
    tensorOf(library, library.inputTensor(interpreter, index), `input ${index}`),
  )
  const outputs = Array.from({ length: library.outputCount(interpreter) }, (_, index) =>
    tensorOf(library, library.outputTensor(interpreter, index), `output ${index}`),
  )
  const infer = () => {
    library.said.length = 0
    checkStatus(library, 'The inference failed', library.invoke(interpreter) === 0)
  }
  return { inputs, outputs, infer, free }
}

/**
 * Reads a TFLite file into the library. The delegates belong to the model from now on and go with it, also when it
 * cannot be read. Calls are synchronous: an inference holds the event loop.
 * @throws MilliwattError BACKEND_FAILED with what the library said
 */
export function openTfliteC(library: TfliteC, bytes: Uint8Array, delegates: readonly Delegate[]): EngineModel {
  library.said.length = 0
  // The library reads weights from these bytes as long as the model lives: `free` keeps them from the collector.
  const kept = { bytes: bytes.slice() }
  const made: { model: Address; interpreter: Address } = { model: null, interpreter: null }
  const free = () => {
    if (made.interpreter !== null) library.interpreterDelete(made.interpreter)
    for (const delegate of delegates) delegate.free()
    if (made.model !== null) library.modelDelete(made.model)
    kept.bytes = new Uint8Array(0)
  }
  try {
    made.model = library.silently(() => library.modelCreate(kept.bytes, kept.bytes.length))
    checkStatus(library, 'The model cannot be read', made.model !== null)
    made.interpreter = createInterpreter(library, made.model, delegates)
    checkStatus(library, 'The model cannot be prepared', made.interpreter !== null)
    checkStatus(library, 'The tensors cannot be allocated', library.allocateTensors(made.interpreter) === 0)
    return modelOn(library, made.interpreter, free)
  } catch (error) {
    free()
    throw error
  }
}
