import { type CardFeatures, featureShape, type ModelFeatureSpec } from '../audio/feature-spec.ts'
import { createFeatureExtractor, type FeatureExtractor } from '../audio/features.ts'
import { toInt16Samples } from '../audio/fixed/extractor.ts'
import type { Frontend } from '../audio/stream/frontend.ts'
import { compileGraph } from '../compile/compile.ts'
import { instantiate, type RunningModel } from '../compile/instantiate.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { segmentIn } from '../formats/forms.ts'
import { readModel } from '../formats/list.ts'
import { perTensorParameters } from '../graph/quantization.ts'

/** A model that makes a column of a frame of samples; its state goes from frame to frame. */
class ModelFrontend implements Frontend {
  readonly values: Int16Array
  readonly scale: number
  readonly zeroPoint: number
  ended = false
  peak = 32768
  readonly #model: RunningModel
  readonly #samples: Int16Array
  readonly #hop: number
  #filled = 0

  constructor(model: RunningModel, spec: ModelFeatureSpec, quantization: { scale: number; zeroPoint: number }) {
    const { frame, hop } = featureShape(spec)
    this.#model = model
    this.#hop = hop
    this.#samples = new Int16Array(frame)
    this.values = new Int16Array(spec.coefficients)
    this.scale = quantization.scale
    this.zeroPoint = quantization.zeroPoint
  }

  reset(): void {
    this.#filled = 0
    this.#model.reset()
  }

  push(samples: Int16Array, from = 0): number {
    const frame = this.#samples.length
    const take = Math.min(frame - this.#filled, samples.length - from)
    for (let n = 0; n < take; n++) this.#samples[this.#filled + n] = samples[from + n]!
    this.#filled += take
    this.ended = this.#filled === frame
    if (!this.ended) return from + take
    this.#model.inputs[0]!.data.set(this.#samples)
    this.#model.run()
    this.values.set(this.#model.outputs[0]!.data)
    this.#samples.copyWithin(0, this.#hop)
    this.#filled = frame - this.#hop
    return from + take
  }
}

/** Makes front ends, each with a state of its own. */
export type OpenFrontend = () => Frontend

function checkShape(spec: ModelFeatureSpec, { inputs, outputs }: RunningModel): void {
  const [input, output] = [inputs[0], outputs[0]]
  const { frame } = featureShape(spec)
  const fits =
    input?.dtype === 'int16' &&
    input.data.length === frame &&
    output?.dtype === 'int8' &&
    output.data.length === spec.coefficients
  if (fits) return
  const found = `${input?.dtype} of ${input?.data.length} into ${output?.dtype} of ${output?.data.length}`
  throw new MilliwattError(
    'CARD_INVALID',
    spec.file,
    `The card's front end turns int16 of ${frame} into int8 of ${spec.coefficients}, this model ${found}.`,
  )
}

/**
 * Opens the front end of a card where it is a model; undefined where the features are computed.
 * @param folder where the card lies
 * @throws MilliwattError MODEL_*, OP_UNSUPPORTED, CARD_INVALID
 */
export async function openFrontend(host: Host, folder: string, spec: CardFeatures): Promise<OpenFrontend | undefined> {
  if (spec.kind !== 'model') return undefined
  const path = host.files.join(folder, spec.file)
  let bytes: Uint8Array
  try {
    bytes = await host.files.readBytes(path)
  } catch (error) {
    throw new MilliwattError('MODEL_NOT_FOUND', path, undefined, error)
  }
  const { graph } = segmentIn(readModel(bytes, spec.file), 'canonical')
  const { wasm } = compileGraph(graph)
  checkShape(spec, instantiate(wasm))
  const found = perTensorParameters(graph.tensors.get(graph.outputs[0]!)?.quantization)
  const quantization = found ?? { scale: 1, zeroPoint: 0 }
  return () => new ModelFrontend(instantiate(wasm), spec, quantization)
}

/** The features of clips as a card says: computed in float, or by the model that is its front end. */
export async function openExtractor(host: Host, folder: string, spec: CardFeatures): Promise<FeatureExtractor> {
  if (spec.kind !== 'model') return createFeatureExtractor(spec)
  const open = (await openFrontend(host, folder, spec))!
  const { clipSamples, frames } = featureShape(spec)
  const extract = (samples: Float32Array, output = new Float32Array(frames * spec.coefficients)) => {
    const frontend = open()
    const whole = toInt16Samples(samples)
    for (let at = 0, column = 0; column < frames; column++) {
      at = frontend.push(whole, at)
      frontend.values.forEach((value, k) => {
        output[column * spec.coefficients + k] = (value - frontend.zeroPoint) * frontend.scale
      })
    }
    return output
  }
  const { scale, zeroPoint } = open()
  return { spec, clipSamples, frames, quantization: { scale, zeroPoint }, extract }
}
