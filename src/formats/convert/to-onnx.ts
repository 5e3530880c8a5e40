import type { Graph, Tensor } from '../../graph/graph.ts'
import { graphBuilder } from './graph-builder.ts'
import { renameOutputs } from './rename-outputs.ts'
import { type OnnxContext, storedType, unsupported } from './to-onnx/context.ts'
import { fromCanonical } from './to-onnx/list.ts'
import { quantizeTo, real, setStored, stored } from './to-onnx/values.ts'

/** How to write a canonical graph in ONNX operators. */
export interface ToOnnxOptions {
  /**
   * Type of quantised int8 activations. With `uint8` their zero points lie 128 higher, so the reals are the same;
   * onnxruntime on x64 is faster with it. Inputs and outputs of the model keep their type.
   */
  readonly activations?: 'int8' | 'uint8'
}

/** The operator set: 14 has HardSwish; 21 lets QuantizeLinear make 16-bit integers. */
function opsetOf(graph: Graph): number {
  const wide = [...graph.tensors.values()].some(({ dtype, quantization }) => quantization && dtype === 'int16')
  return wide ? 21 : 14
}

/** Inputs keep their name and type; a shifted copy follows where activations are uint8. */
function addInput(context: OnnxContext, tensor: Tensor): void {
  const { name, dtype, shape } = tensor
  context.builder.tensor({ name, dtype, shape })
  if (storedType(context, tensor) === dtype) {
    setStored(context, tensor, 'canonical', name)
    return
  }
  const native: OnnxContext = { ...context, activations: 'int8', values: new Map() }
  setStored(native, tensor, 'canonical', name)
  quantizeTo(context, tensor, 'canonical', real(native, tensor, 'canonical'))
}

/** Name of an output's elements in its own type. */
function addOutput(context: OnnxContext, tensor: Tensor): string {
  if (storedType(context, tensor) === tensor.dtype) return stored(context, tensor, 'canonical')
  const native: OnnxContext = { ...context, activations: 'int8', values: new Map() }
  quantizeTo(native, tensor, 'canonical', real(context, tensor, 'canonical'))
  return stored(native, tensor, 'canonical')
}

/**
 * Writes a canonical graph in ONNX operators: quantised tensors as QuantizeLinear and DequantizeLinear around the
 * float operators (QDQ), floats as they are. Names, types and NHWC shapes of inputs and outputs stay, so the same
 * bytes mean the same; inside, convolutions and pools run on NCHW between as few transposes as possible.
 * @throws MilliwattError OP_UNSUPPORTED naming the operator that has no ONNX form here
 */
export function toOnnx(graph: Graph, { activations = 'int8' }: ToOnnxOptions = {}): Graph {
  const builder = graphBuilder('', [...graph.inputs, ...graph.outputs])
  const context: OnnxContext = { source: graph, builder, activations, values: new Map() }
  const tensorAt = (name: string): Tensor => graph.tensors.get(name) ?? { name, dtype: 'float32', shape: null }
  for (const name of graph.inputs) addInput(context, tensorAt(name))
  for (const node of graph.nodes) {
    const write = node.attributes.custom === 1 ? undefined : fromCanonical[node.op]
    if (node.domain !== 'tflite' || !write) throw unsupported(node)
    write(context, node)
  }
  const outputs = graph.outputs.map((name) => addOutput(context, tensorAt(name)))
  const border = { name: graph.name || 'main', inputs: graph.inputs, outputs, opsets: { '': opsetOf(graph) } }
  return renameOutputs(builder.build(border), graph.outputs, { op: 'Identity', domain: '' })
}
