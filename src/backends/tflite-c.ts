import type { Backend } from './backend.ts'
import { findTfliteC } from './tflite-c-library.ts'
import { openTfliteC, xnnpackDelegate } from './tflite-c-model.ts'
import { tfliteBackend } from './tflite-engine.ts'

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
    const delegate = xnnpackDelegate(library)
    return openTfliteC(library, segment.source.bytes, delegate ? [delegate] : [])
  },
})
