import { writeTflite } from '../formats/tflite/writer.ts'
import type { Graph } from '../graph/graph.ts'
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

/** Shapes as they are recorded, without what the file leaves open besides. */
function withoutSignatures(graph: Graph): Graph {
  const closed = [...graph.tensors].map(([name, { signature: _, ...tensor }]) => [name, tensor] as const)
  return { ...graph, tensors: new Map(closed) }
}

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
