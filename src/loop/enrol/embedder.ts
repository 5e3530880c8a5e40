import { semanticsOf } from '../../backends/compiled.ts'
import { compileGraph } from '../../compile/compile.ts'
import { hostSimd } from '../../compile/host-simd.ts'
import { instantiate } from '../../compile/instantiate.ts'
import { segmentIn } from '../../formats/forms.ts'
import { findSoftmaxEnd, type SoftmaxEnd, withMapOutputs } from '../../formats/softmax-end.ts'
import type { Graph, Tensor } from '../../graph/graph.ts'
import { perTensorParameters } from '../../graph/quantization.ts'
import type { Segment } from '../../graph/segment.ts'
import { netInput } from '../net-scorer.ts'

/** What a net knows of a window beyond its classes. */
export interface Embedder {
  readonly graph: Graph
  readonly end: SoftmaxEnd
  /** Means of all channels of all maps. */
  readonly width: number
  /** Channels of each map, in the order of the embedding. */
  readonly channels: readonly number[]
  /** Logits of the window that was embedded last, in reals. */
  readonly logits: Float64Array
  /** Writes the embedding of a window's features, and gives the log of the sum of the exponentials of its logits. */
  embed(features: Float32Array, into: Float64Array): number
}

/** The reals of a tensor's elements. */
function realsOf({ quantization }: Tensor) {
  const { scale, zeroPoint } = perTensorParameters(quantization) ?? { scale: 1, zeroPoint: 0 }
  return (value: number) => scale * (value - zeroPoint)
}

/**
 * Opens the net of a segment up to its maps, on the compiled engine.
 * @throws MilliwattError MODEL_NO_CLASSES, OP_UNSUPPORTED
 */
export function openEmbedder(segment: Segment): Embedder {
  const { graph, end } = findSoftmaxEnd(segmentIn(segment, 'canonical').graph)
  const seen = withMapOutputs(graph, end)
  const model = instantiate(compileGraph(seen, { semantics: semanticsOf(segment), simd: hostSimd() }).wasm)
  const [logits, ...maps] = model.outputs
  const input = graph.tensors.get(graph.inputs[0]!)!
  const border = { ...input, quantization: perTensorParameters(input.quantization) }
  const channels = end.maps.map(({ shape }) => shape![3] as number)
  const logitReal = realsOf(end.logits)
  const toReal = end.maps.map(realsOf)

  const reals = new Float64Array(logits!.data.length)

  const embed = (features: Float32Array, into: Float64Array): number => {
    model.inputs[0]!.data.set(netInput(border, features) as Float32Array)
    model.run()
    let place = 0
    for (const [at, { data }] of maps.entries()) {
      const count = channels[at]!
      into.fill(0, place, place + count)
      for (let from = 0; from < data.length; from += count)
        for (let k = 0; k < count; k++) into[place + k] = into[place + k]! + data[from + k]!
      for (let k = 0; k < count; k++) into[place + k] = toReal[at]!((into[place + k]! * count) / data.length)
      place += count
    }
    let sum = 0
    for (let at = 0; at < reals.length; at++) {
      reals[at] = logitReal(logits!.data[at]!)
      sum += Math.exp(reals[at]!)
    }
    return Math.log(sum)
  }
  return { logits: reals, graph, end, channels, width: channels.reduce((sum, count) => sum + count, 0), embed }
}
