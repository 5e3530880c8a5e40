import { compileC } from '../compile/c/compile-c.ts'
import { isCompiled } from '../compile/lower/lower.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { Segment } from '../graph/segment.ts'
import { isStateful } from '../graph/stateful.ts'
import { type Availability, type Backend, type Executable, segmentSpecs } from './backend.ts'
import { semanticsOf } from './compiled.ts'
import { loadKoffi } from './koffi.ts'
import { loweredWork } from './lowered-work.ts'
import { profileOn, runOn } from './module-executable.ts'
import { nativeLibrary } from './native-build.ts'
import { findCompiler, vectorsOf } from './native-compiler.ts'
import { type NativeModel, openNative } from './native-model.ts'

const name = 'native'

const missing = {
  koffi: {
    reason: 'The optional package koffi is not installed.',
    next: 'Run "npm install koffi".',
  },
  compiler: {
    reason: 'There is no C compiler on this machine.',
    next: 'Install one (Debian: apt-get install gcc), or name it in the variable CC.',
  },
} as const

async function available(host: Host): Promise<Availability> {
  if (!(await loadKoffi(host))) return { ok: false, ...missing.koffi }
  const compiler = await findCompiler(host)
  if (!compiler) return { ok: false, ...missing.compiler }
  return { ok: true, engine: `milliwatt compiler to C (${compiler.version}, ${vectorsOf(compiler)})` }
}

const unavailable = ({ reason, next }: (typeof missing)['koffi' | 'compiler']) =>
  new MilliwattError('BACKEND_UNAVAILABLE', name, `${reason} ${next}`)

/**
 * Builds a segment's C and opens it.
 * @throws MilliwattError BACKEND_UNAVAILABLE, BACKEND_FAILED, OP_UNSUPPORTED
 */
export async function prepareNative(segment: Segment, host: Host): Promise<NativeModel> {
  return (await builtNative(segment, host))()
}

/** A segment's library, ready to be opened any number of times. */
async function builtNative(segment: Segment, host: Host): Promise<() => NativeModel> {
  const koffi = await loadKoffi(host)
  if (!koffi) throw unavailable(missing.koffi)
  const compiler = await findCompiler(host)
  if (!compiler) throw unavailable(missing.compiler)
  const model = compileC(segment.graph, { target: 'native', semantics: semanticsOf(segment) })
  const library = await nativeLibrary(host, compiler, model)
  return () => openNative(koffi, library, model.manifest)
}

async function prepare(segment: Segment, host: Host): Promise<Executable> {
  const open = await builtNative(segment, host)
  const model = open()
  let timed: NativeModel | null = null
  const [inputs, outputs] = [model.inputs.map(({ data }) => data), model.outputs.map(({ data }) => data)]
  return {
    ...segmentSpecs(segment),
    synchronous: { inputs, outputs, run: model.run },
    stateful: isStateful(segment.graph),
    arenaBytes: model.manifest.arenaBytes,
    run: async (given) => runOn(model, given),
    reset: model.reset,
    profile: (given, options) => {
      timed ??= open()
      return profileOn(timed, name, given, options)
    },
    [Symbol.asyncDispose]: async () => {
      model.close()
      timed?.close()
    },
  }
}

/** milliwatt's own engine as C, built by the machine's own compiler for its own processor. */
export const native: Backend = {
  name,
  summary: 'the model as C, built here by cc for this processor, bit-exact int8 (koffi is an optional peer)',
  form: 'canonical',
  preparesAside: true,
  available,
  supports: (node, device) => {
    if (device.kind !== 'cpu') return { ok: false, reason: `compiled models run on a cpu, not on a ${device.kind}` }
    if (!isCompiled(node))
      return { ok: false, reason: `the compiler does not have ${node.domain || 'ai.onnx'}:${node.op}` }
    return { ok: true }
  },
  semantics: semanticsOf,
  work: (segment) => loweredWork(segment.graph, semanticsOf(segment)),
  exact: true,
  prepare: (segment, _device, host) => prepare(segment, host),
}
