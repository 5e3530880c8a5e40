import { type Dimension, numberAttribute } from '../graph.ts'
import type { OpContext, OpDef, Shape } from '../ops/op-def.ts'

const same = ({ shapes: [x] }: OpContext): Shape | null => x ?? null

/** The last axis gets another length. */
const lastAxis =
  (lengthOf: (context: OpContext, last: Dimension) => number | null) =>
  (context: OpContext): Shape | null => {
    const x = context.shapes[0]
    const length = x && x.length > 0 ? lengthOf(context, x.at(-1)!) : null
    return x && length !== null ? [...x.slice(0, -1), length] : null
  }

const fftLength = ({ node }: OpContext) => numberAttribute(node, 'fftLength', 0)

/** Half of an even length of interleaved real and imaginary parts. */
const half = (_: OpContext, last: Dimension) => (typeof last === 'number' ? last / 2 : null)

const channels = ({ node, shapes: [x] }: OpContext): Shape | null =>
  x ? [numberAttribute(node, 'numChannels', 0)] : null

/** Frames of frame_size every frame_step, as many as the new samples make. */
function framed({ node, shapes: [x] }: OpContext): Shape | null {
  const last = x?.at(-1)
  if (!x || typeof last !== 'number') return null
  return [...x.slice(0, -1), last / numberAttribute(node, 'frameStep', 1), numberAttribute(node, 'frameSize', 0)]
}

function stacked({ node, shapes: [x] }: OpContext): Shape | null {
  const frames = numberAttribute(node, 'stackerLeftContext', 0) + 1 + numberAttribute(node, 'stackerRightContext', 0)
  return x ? [numberAttribute(node, 'numChannels', 0) * frames] : null
}

function overlapped({ node, shapes: [x] }: OpContext): Shape | null {
  const frames = x?.at(-2)
  if (!x || typeof frames !== 'number') return null
  return [...x.slice(0, -2), frames * numberAttribute(node, 'frameStep', 0)]
}

/** The custom operators of TensorFlow Lite Micro's signal library. Spectra are real and imaginary parts in turn. */
export const signalOps: readonly OpDef[] = [
  { op: 'SignalDelay', outputShape: same, stateful: true },
  { op: 'SignalEnergy', outputShape: lastAxis(half) },
  { op: 'SignalFftAutoScale', outputShape: same },
  { op: 'SignalFilterBank', outputShape: channels, weightInputs: [1, 2] },
  { op: 'SignalFilterBankLog', outputShape: same },
  { op: 'SignalFilterBankSpectralSubtraction', outputShape: same, stateful: true },
  { op: 'SignalFilterBankSquareRoot', outputShape: same },
  { op: 'SignalFramer', outputShape: framed, stateful: true },
  { op: 'SignalIrfft', outputShape: lastAxis((context) => fftLength(context)) },
  { op: 'SignalOverlapAdd', outputShape: overlapped, stateful: true },
  { op: 'SignalPCAN', outputShape: same },
  { op: 'SignalRfft', outputShape: lastAxis((context) => fftLength(context) + 2) },
  { op: 'SignalStacker', outputShape: stacked, stateful: true },
  { op: 'SignalWindow', outputShape: same },
]
