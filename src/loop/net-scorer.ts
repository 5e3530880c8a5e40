import { type ColumnQuantizer, columnQuantizer, quantizeColumn } from '../audio/fixed/quantizer.ts'
import type { FeatureStream } from '../audio/stream/feature-stream.ts'
import type { TensorData } from '../backends/backend.ts'
import { MilliwattError } from '../core/errors.ts'
import type { BorderTensor } from './border.ts'
import type { LoadedModel } from './model.ts'

/** Gives the posteriors of the labels for the window of a stream. */
export interface Scorer<Window = FeatureStream> {
  /** Multiply-accumulates of all looks so far. */
  readonly macs: number
  /** Looks so far. */
  readonly runs: number
  /** Posteriors in the order of the labels; the array is used again by the next look. */
  score(window: Window): Float32Array
}

/** A scorer of whatever gives posteriors, which counts its looks. */
export function countingScorer<Window>(look: () => Float32Array, macsALook: number): Scorer<Window> {
  let runs = 0
  return {
    get runs() {
      return runs
    },
    get macs() {
      return runs * macsALook
    },
    score: () => {
      runs += 1
      return look()
    },
  }
}

/** Looks before the first that counts, so that the engine's code is ready. */
const warmUps = 3

/** What a scorer needs of a loaded model. */
export type ScoredModel = Pick<LoadedModel, 'inputs' | 'outputs' | 'runInto' | 'allocateOutputs' | 'stateful'> & {
  readonly variant: { readonly name: string; readonly facts: { readonly macs: number | null } }
}

type Fill = (window: FeatureStream) => TensorData

/** Columns of a model go into the net as they are: the two belong together, whatever their files say of scales. */
function copier({ window }: FeatureStream): Fill {
  const bytes = new Int8Array(window.length)
  return (stream) => {
    bytes.set(stream.window)
    return bytes
  }
}

/** How the window becomes the net's input, by the input's type. */
function filler({ dtype, shape, quantization }: BorderTensor, stream: FeatureStream): Fill | null {
  const { length } = stream.window
  const count = shape?.reduce<number>((product, side) => product * Number(side), 1)
  if (count !== length) return null
  if (dtype === 'float32') {
    const floats = new Float32Array(length)
    return (window) => {
      window.toFloats(floats)
      return floats
    }
  }
  if (stream.spec.kind === 'model') return dtype === 'int8' ? copier(stream) : null
  if ((dtype !== 'int8' && dtype !== 'uint8') || !quantization) return null
  const quantizer: ColumnQuantizer = columnQuantizer(quantization.scale, quantization.zeroPoint, dtype)
  const bytes = dtype === 'int8' ? new Int8Array(length) : new Uint8Array(length)
  return (window) => {
    quantizeColumn(window.window, quantizer, bytes)
    return bytes
  }
}

/**
 * Features as a net takes them: floats as they are, quantized where its input is int8 or uint8.
 * @throws MilliwattError CARD_INVALID for other inputs
 */
export function netInput({ name, dtype, quantization }: BorderTensor, features: Float32Array): TensorData {
  if (dtype === 'float32') return features
  if ((dtype !== 'int8' && dtype !== 'uint8') || !quantization)
    throw new MilliwattError('CARD_INVALID', name, `Features are not turned into ${dtype}.`)
  const { scale, zeroPoint } = quantization
  const [low, high] = dtype === 'int8' ? [-128, 127] : [0, 255]
  const step = (value: number) => Math.max(low!, Math.min(high!, Math.round(value / scale) + zeroPoint))
  return dtype === 'int8' ? Int8Array.from(features, step) : Uint8Array.from(features, step)
}

/** Posteriors of a net's output, as floats. */
export function netScores({ quantization }: BorderTensor, data: TensorData): Float32Array {
  if (data instanceof Float32Array) return data
  const { scale, zeroPoint } = quantization ?? { scale: 1, zeroPoint: 0 }
  return Float32Array.from(data as Int8Array, (value) => (value - zeroPoint) * scale)
}

/** Reads posteriors out of the net's output, by the output's type; null for types that are not read. */
export function scoreReader(
  { dtype, quantization }: BorderTensor,
  output: TensorData,
): ((scores: Float32Array) => void) | null {
  const values = output as Float32Array | Int8Array
  if (dtype === 'float32') return (scores) => scores.set(values)
  if (!quantization) return null
  const { scale, zeroPoint } = quantization
  return (scores) => {
    for (let at = 0; at < scores.length; at++) scores[at] = (values[at]! - zeroPoint) * scale
  }
}

/**
 * Makes a net look at the window of a stream, in the caller's thread.
 * @throws MilliwattError CARD_INVALID when the net's input is not what the front end makes, or its output not one score
 * a label
 */
export function netScorer(model: ScoredModel, window: FeatureStream, labels: readonly string[]): Scorer {
  const [input, output] = [model.inputs[0], model.outputs[0]]
  const { name, facts } = model.variant
  const length = window.window.length
  const fill = model.inputs.length === 1 && input ? filler(input, window) : null
  if (!fill)
    throw new MilliwattError(
      'CARD_INVALID',
      name,
      `Its input is ${input?.dtype} [${input?.shape?.join(', ')}], but the front end makes ${length} values of float32, int8 or uint8.`,
    )
  const outputs = model.allocateOutputs()
  if (!model.stateful) for (let run = 0; run < warmUps; run++) model.runInto(fill(window), outputs)
  const read = output && scoreReader(output, outputs[output.name]!)
  const scores = new Float32Array(labels.length)
  if (!read || outputs[output.name]!.length !== labels.length)
    throw new MilliwattError(
      'CARD_INVALID',
      name,
      `The card has ${labels.length} labels, its output is [${output?.shape?.join(', ')}].`,
    )
  let runs = 0
  return {
    get runs() {
      return runs
    },
    get macs() {
      return runs * (facts.macs ?? 0)
    },
    score: (stream) => {
      runs += 1
      model.runInto(fill(stream), outputs)
      read(scores)
      return scores
    },
  }
}
