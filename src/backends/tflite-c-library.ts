import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { type Address, type CFunction, type CLibrary, type Koffi, loadKoffi } from './koffi.ts'
import { type Silently, silencer } from './silently.ts'

/** Environment variable that names a library of the user's own, such as the one that came with a board. */
const libraryVariable = 'MILLIWATT_TFLITE_C'

const packageName = 'tfjs-tflite-node'

/** Where the package keeps the library, by platform and architecture. */
const files: Readonly<Record<string, string>> = {
  'linux x64': 'linux_amd64/libtensorflowlite_c.so',
  'linux arm64': 'linux_arm64/libtensorflowlite_c.so',
  'darwin arm64': 'darwin_arm64/libtensorflowlite_c.dylib',
  'win32 x64': 'windows_amd64/tensorflowlite_c.dll',
}

/**
 * Functions of TensorFlow Lite's C API (tensorflow/lite/c/c_api.h) that are used here. Models, options, interpreters,
 * delegates and tensors are addresses that only the library looks behind.
 */
const declarations = {
  version: 'const char *TfLiteVersion()',
  modelCreate: 'void *TfLiteModelCreate(const void *data, size_t bytes)',
  modelDelete: 'void TfLiteModelDelete(void *model)',
  optionsCreate: 'void *TfLiteInterpreterOptionsCreate()',
  optionsDelete: 'void TfLiteInterpreterOptionsDelete(void *options)',
  optionsSetNumThreads: 'void TfLiteInterpreterOptionsSetNumThreads(void *options, int32_t threads)',
  optionsAddDelegate: 'void TfLiteInterpreterOptionsAddDelegate(void *options, void *delegate)',
  optionsSetErrorReporter: 'void TfLiteInterpreterOptionsSetErrorReporter(void *options, void *reporter, void *data)',
  interpreterCreate: 'void *TfLiteInterpreterCreate(void *model, void *options)',
  interpreterDelete: 'void TfLiteInterpreterDelete(void *interpreter)',
  allocateTensors: 'int TfLiteInterpreterAllocateTensors(void *interpreter)',
  invoke: 'int TfLiteInterpreterInvoke(void *interpreter)',
  inputCount: 'int32_t TfLiteInterpreterGetInputTensorCount(void *interpreter)',
  inputTensor: 'void *TfLiteInterpreterGetInputTensor(void *interpreter, int32_t index)',
  outputCount: 'int32_t TfLiteInterpreterGetOutputTensorCount(void *interpreter)',
  outputTensor: 'void *TfLiteInterpreterGetOutputTensor(void *interpreter, int32_t index)',
  tensorType: 'int TfLiteTensorType(void *tensor)',
  tensorByteSize: 'size_t TfLiteTensorByteSize(void *tensor)',
  copyFromBuffer: 'int TfLiteTensorCopyFromBuffer(void *tensor, const void *data, size_t bytes)',
  copyToBuffer: 'int TfLiteTensorCopyToBuffer(void *tensor, _Out_ void *data, size_t bytes)',
} as const

/** Functions of the XNNPACK delegate, which a library may lack. */
const xnnpackDeclarations = {
  create: 'void *TfLiteXNNPackDelegateCreate(const void *options)',
  delete: 'void TfLiteXNNPackDelegateDelete(void *delegate)',
} as const

type Functions<Names extends object> = { readonly [name in keyof Names]: CFunction }

/** TensorFlow Lite's C library, loaded. */
export interface TfliteC extends Functions<typeof declarations> {
  readonly xnnpack: Functions<typeof xnnpackDeclarations> | null
  /** Address of a function that takes the library's messages. */
  readonly reporter: Address
  /** For calls that print to the error output instead of the reporter. */
  readonly silently: Silently
  /** What the library said; whoever begins something empties it. */
  readonly said: string[]
}

/** The library, or why it cannot be had and what to do about it. */
export type Found = TfliteC | { readonly reason: string; readonly next: string }

const declare = <Names extends Readonly<Record<string, string>>>(library: CLibrary, names: Names): Functions<Names> =>
  Object.fromEntries(
    Object.entries(names).map(([name, declaration]) => [name, library.func(declaration)]),
  ) as Functions<Names>

function declareOptional<Names extends Readonly<Record<string, string>>>(
  library: CLibrary,
  names: Names,
): Functions<Names> | null {
  try {
    return declare(library, names)
  } catch {
    return null
  }
}

const mostMessageBytes = 1024

/**
 * A function that C calls with a printf format and its values. A va_list reaches a callback as a pointer on all
 * platforms that the library is built for, so that C's own vsnprintf can read it.
 */
function makeReporter(koffi: Koffi, said: string[]): Address {
  const printer = declareOptional(koffi.load(null), {
    print: 'int vsnprintf(_Out_ void *text, size_t bytes, void *format, void *values)',
  })
  const text = new Uint8Array(mostMessageBytes)
  const report = (_data: Address, format: Address, values: Address) => {
    const length = printer?.print(text, text.length, format, values)
    const message = printer
      ? new TextDecoder().decode(text.subarray(0, Math.min(length, text.length - 1)))
      : koffi.decode.string(format)
    said.push(message.trim())
  }
  return koffi.register(report, koffi.pointer(koffi.proto('void', ['void *', 'void *', 'void *'])))
}

const libraries = new Map<string, TfliteC>()

function loadLibrary(koffi: Koffi, path: string): TfliteC {
  const known = libraries.get(path)
  if (known) return known
  const library = koffi.load(path)
  const said: string[] = []
  const functions = declare(library, declarations)
  const xnnpack = declareOptional(library, xnnpackDeclarations)
  const loaded = {
    ...functions,
    xnnpack,
    said,
    silently: silencer(koffi),
    reporter: makeReporter(koffi, said),
  }
  libraries.set(path, loaded)
  return loaded
}

/** Path of the user's own library, or of the package's one for this machine. */
function libraryPath(host: Host): string | null {
  const named = host.environment[libraryVariable]
  if (named) return host.files.resolve(named)
  const file = files[`${host.platform} ${host.architecture}`]
  return file === undefined ? null : host.packagePath(`${packageName}/cc_deps/${file}`)
}

/** Finds and loads TensorFlow Lite's C library, once. It stays loaded: its threads and callbacks have no end. */
export async function findTfliteC(host: Host): Promise<Found> {
  const koffi = await loadKoffi(host)
  if (!koffi) return { reason: 'The optional package koffi is not installed.', next: 'Run "npm install koffi".' }
  const path = libraryPath(host)
  if (path === null) {
    const next = `Run "npm install ${packageName}@0.0.2 --ignore-scripts --legacy-peer-deps", or name a library in ${libraryVariable}.`
    return { reason: `There is no TensorFlow Lite C library for ${host.platform} ${host.architecture} here.`, next }
  }
  try {
    return loadLibrary(koffi, path)
  } catch (error) {
    const reason = `The library ${path} cannot be used: ${messageOf(error)}.`
    return { reason, next: `Name a TensorFlow Lite C library for this machine in ${libraryVariable}.` }
  }
}

/** Runs something in the library; what it said meanwhile stands in the error. @throws MilliwattError BACKEND_FAILED */
export function checkStatus(library: TfliteC, what: string, ok: boolean): void {
  if (ok) return
  const said = [...new Set(library.said)].join(' ')
  throw new MilliwattError('BACKEND_FAILED', 'tflite-c', `${what}${said ? `: ${said}` : ''}.`)
}
