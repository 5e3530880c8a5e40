import type { Backend } from './backend.ts'
import { findTfliteC, type TfliteC } from './tflite-c-library.ts'
import { openTfliteC, xnnpackDelegate } from './tflite-c-model.ts'
import { type EngineModel, tfliteBackend } from './tflite-engine.ts'

/** With XNNPACK; a model that it refuses as a whole runs on the library's own kernels. */
function openFastest(library: TfliteC, bytes: Uint8Array): EngineModel {
  const delegate = xnnpackDelegate(library)
  if (!delegate) return openTfliteC(library, bytes, [])
  try {
    return openTfliteC(library, bytes, [delegate])
  } catch {
    return openTfliteC(library, bytes, [])
  }
}

/**
 * TensorFlow Lite's C library with XNNPACK, one thread, through koffi: the one of an optional peer, or the one of a
 * board's vendor that MILLIWATT_TFLITE_C names.
 */
export const tfliteC: Backend = tfliteBackend({
  name: 'tflite-c',
  summary: "TensorFlow Lite's C library with XNNPACK (optional peers)",
  form: 'tflite',
  customOperators: new Set(),
  available: async (host) => {
    const found = await findTfliteC(host)
    if ('reason' in found) return { ok: false, ...found }
    return { ok: true, engine: `TensorFlow Lite ${found.version()}${found.xnnpack ? ' with XNNPACK' : ''}` }
  },
  open: async (host, segment) => {
    const library = await findTfliteC(host)
    if ('reason' in library) return null
    return openFastest(library, segment.source.bytes)
  },
})
