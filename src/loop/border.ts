import type { TensorSpec } from '../backends/backend.ts'
import { segmentIn } from '../formats/forms.ts'
import type { Graph } from '../graph/graph.ts'
import { perTensorParameters, type Quantization, type QuantizationParameters } from '../graph/quantization.ts'
import type { Segment } from '../graph/segment.ts'

/** An input or output of a loaded model. */
export interface BorderTensor extends TensorSpec {
  /** How its integers stand for reals; null for plain numbers. */
  readonly quantization: QuantizationParameters | null
}

/** In canonical form quantisation lies on the tensors; a model that has no such form shows what its file says. */
function canonicalOr(segment: Segment): Graph {
  try {
    return segmentIn(segment, 'canonical').graph
  } catch {
    return segment.graph
  }
}

/** How the integers of a model's input or output stand for reals: in ONNX, nodes beside it say so. Null for plain numbers. */
export function borderQuantization(segment: Segment, name: string): Quantization | null {
  const own = segment.graph.tensors.get(name)?.quantization
  return own ?? canonicalOr(segment).tensors.get(name)?.quantization ?? null
}

/** The specs of an engine with what their integers mean. */
export function borderTensors(segment: Segment, specs: readonly TensorSpec[]): readonly BorderTensor[] {
  return specs.map((spec) => ({
    ...spec,
    quantization: spec.quantization ?? perTensorParameters(borderQuantization(segment, spec.name)),
  }))
}
