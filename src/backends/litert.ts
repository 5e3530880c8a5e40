import { writeTflite } from '../formats/tflite/writer.ts'
import { withoutSignatures } from '../graph/resize.ts'
import type { Backend } from './backend.ts'
import { litertVersion, openLitert } from './litert-module.ts'
import { tfliteBackend } from './tflite-engine.ts'

/** TensorFlow Lite Micro's operators of the audio preprocessor. */
const signalOperators = [
  'SignalWindow',
  'SignalFftAutoScale',
  'SignalRfft',
  'SignalEnergy',
  'SignalFilterBank',
  'SignalFilterBankSquareRoot',
  'SignalFilterBankSpectralSubtraction',
  'SignalPCAN',
  'SignalFilterBankLog',
]

/**
 * LiteRT.js on WebAssembly with XNNPACK, an optional peer: one thread, below its JavaScript API, which refuses int8. It
 * cannot read files that leave the length of a dimension open, so every model is written anew.
 */
export const litert: Backend = tfliteBackend({
  name: 'litert',
  summary: 'LiteRT.js with XNNPACK in WebAssembly (optional peer)',
  form: 'canonical',
  customOperators: new Set(signalOperators),
  available: async (host) => {
    const version = await litertVersion(host)
    if (version) return { ok: true, engine: `LiteRT.js ${version}` }
    return {
      ok: false,
      reason: 'The optional package @litertjs/core is not installed.',
      next: 'Run "npm install @litertjs/core".',
    }
  },
  open: (host, segment) => openLitert(host, writeTflite(withoutSignatures(segment.graph))),
})
