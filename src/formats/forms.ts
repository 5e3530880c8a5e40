import type { Graph } from '../graph/graph.ts'
import { originOf, type Segment } from '../graph/segment.ts'
import { toCanonical } from './convert/to-canonical.ts'
import { toOnnx } from './convert/to-onnx.ts'
import { writeOnnx } from './onnx/write.ts'
import { writeTflite } from './tflite/writer.ts'

/**
 * What a backend wants of a model: an ONNX file, a TFLite file, or the canonical graph itself (then `source` still
 * holds the file that the model came from).
 */
export type ModelForm = 'onnx' | 'tflite' | 'canonical'

const converted = new WeakMap<Segment, Map<ModelForm, Segment>>()

const isCanonical = (graph: Graph) => graph.nodes.every((node) => node.domain === 'tflite')

/** A file that has the form already, and a graph that is canonical already, need nothing. */
function fits(segment: Segment, form: ModelForm): boolean {
  return form === 'canonical' ? isCanonical(segment.graph) : segment.source.format === form
}

/**
 * Written ONNX has uint8 activations inside: onnxruntime then computes in integers, equal to the reference, on x64
 * twice as fast as with int8. Inputs and outputs keep their type.
 */
function convert(segment: Segment, form: ModelForm): Segment {
  const origin = originOf(segment)
  const canonical = isCanonical(segment.graph) ? segment.graph : toCanonical(segment.graph)
  if (form === 'canonical') return { graph: canonical, source: segment.source, origin }
  if (form === 'tflite') return { graph: canonical, source: { format: form, bytes: writeTflite(canonical) }, origin }
  const graph = toOnnx(canonical, { activations: 'uint8' })
  return { graph, source: { format: form, bytes: writeOnnx(graph) }, origin }
}

/**
 * A segment in the form that a backend takes, made once. A segment that has the form is returned as it is, its bytes
 * untouched. Inputs and outputs keep their names, types and shapes.
 * @throws MilliwattError OP_UNSUPPORTED naming the operator that has no such form, MODEL_ILLEGAL for open shapes
 */
export function segmentIn(segment: Segment, form: ModelForm): Segment {
  if (fits(segment, form)) return segment
  const forms = converted.get(segment) ?? new Map<ModelForm, Segment>()
  converted.set(segment, forms)
  const known = forms.get(form) ?? convert(segment, form)
  forms.set(form, known)
  return known
}
