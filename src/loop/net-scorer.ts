import { type ColumnQuantizer, columnQuantizer, quantizeColumn } from '../audio/fixed/quantizer.ts'
import type { FeatureStream } from '../audio/stream/feature-stream.ts'
import type { TensorData } from '../backends/backend.ts'
import { MilliwattError } from '../core/errors.ts'
import type { BorderTensor } from './border.ts'
import type { LoadedModel } from './model.ts'

/** Gives the posteriors of the labels for the window of a stream. */
export interface Scorer {
  /** Multiply-accumulates of all looks so far. */
  readonly macs: number
  /** Looks so far. */
  readonly runs: number
  /** Posteriors in the order of the labels; the array is used again by the next look. */
  score(window: FeatureStream): Float32Array
}

/** What a scorer needs of a loaded model. */
export type ScoredModel = Pick<LoadedModel, 'inputs' | 'outputs' | 'runInto' | 'allocateOutputs'> & {
  readonly variant: { readonly name: string; readonly facts: { readonly macs: number | null } }
}

type Fill = (window: FeatureStream) => TensorData

/** How the window becomes the net's input, by the input's type. */
function filler({ dtype, shape, quantization }: BorderTensor, length: number): Fill | null {
  const count = shape?.reduce<number>((product, side) => product * Number(side), 1)
  if (count !== length) return null
  if (dtype === 'float32') {
    const floats = new Float32Array(length)
    return (window) => {
      window.toFloats(floats)
      return floats
    }
  }
  if ((dtype !== 'int8' && dtype !== 'uint8') || !quantization) return null
  const quantizer: ColumnQuantizer = columnQuantizer(quantization.scale, quantization.zeroPoint, dtype)
  const bytes = dtype === 'int8' ? new Int8Array(length) : new Uint8Array(length)
  return (window) => {
    quantizeColumn(window.window, quantizer, bytes)
    return bytes
  }
}

/** Reads posteriors out of the net's output, by the output's type. */
function reader({ dtype, quantization }: BorderTensor, output: TensorData): ((scores: Float32Array) => void) | null {
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
  const fill = model.inputs.length === 1 && input ? filler(input, length) : null
  if (!fill)
    throw new MilliwattError(
      'CARD_INVALID',
      name,
      `Its input is ${input?.dtype} [${input?.shape?.join(', ')}], but the front end makes ${length} values of float32, int8 or uint8.`,
    )
  const outputs = model.allocateOutputs()
  const read = output && reader(output, outputs[output.name]!)
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
