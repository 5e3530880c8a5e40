import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { MilliwattError } from '../../core/errors.ts'
import type { Graph, Tensor } from '../../graph/graph.ts'
import { writeNode } from './write-node.ts'
import { writeTensor, writeValueInfo } from './write-tensor.ts'
import { writeInteger, writeMessage, writeText } from './write-wire.ts'

/** The IR version that came with an operator set. */
function irVersion(opset: number): number {
  if (opset >= 21) return 10
  return opset >= 19 ? 9 : 8
}

function writeGraph(writer: BinaryWriter, graph: Graph): void {
  for (const node of graph.nodes) writeMessage(writer, 1, (inner) => writeNode(inner, node))
  writeText(writer, 2, graph.name)
  const tensors = [...graph.tensors.values()]
  const border = new Set([...graph.inputs, ...graph.outputs])
  const named = (name: string): Tensor => graph.tensors.get(name) ?? { name, dtype: 'float32', shape: null }
  for (const tensor of tensors) if (tensor.data) writeMessage(writer, 5, (inner) => writeTensor(inner, tensor))
  for (const name of graph.inputs) writeMessage(writer, 11, (inner) => writeValueInfo(inner, named(name)))
  for (const name of graph.outputs) writeMessage(writer, 12, (inner) => writeValueInfo(inner, named(name)))
  for (const tensor of tensors)
    if (!tensor.data && !border.has(tensor.name)) writeMessage(writer, 13, (inner) => writeValueInfo(inner, tensor))
}

/**
 * Writes a graph of ONNX operators as an ONNX file (ModelProto; field numbers from the public onnx.proto): constants
 * as raw data, every known tensor with its type and shape.
 * @throws MilliwattError OP_UNSUPPORTED for canonical graphs, subgraphs and types that ONNX has not got
 */
export function writeOnnx(graph: Graph): Uint8Array<ArrayBuffer> {
  const foreign = graph.nodes.find((node) => node.domain === 'tflite')
  if (foreign)
    throw new MilliwattError('OP_UNSUPPORTED', foreign.name, `The graph is not in ONNX form: it has a ${foreign.op}.`)
  const writer = new BinaryWriter()
  writeInteger(writer, 1, irVersion(graph.opsets[''] ?? 0))
  writeText(writer, 2, 'milliwatt')
  writeMessage(writer, 7, (inner) => writeGraph(inner, graph))
  for (const [domain, version] of Object.entries(graph.opsets))
    writeMessage(writer, 8, (inner) => {
      writeText(inner, 1, domain)
      writeInteger(inner, 2, version)
    })
  return writer.finish()
}
