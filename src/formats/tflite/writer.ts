import { Builder } from 'flatbuffers'
import { MilliwattError } from '../../core/errors.ts'
import type { Graph, Node, Tensor } from '../../graph/graph.ts'
import { toSubgraphs } from './initial-values.ts'
import { customOperator, operatorNumber, placeholderOperator } from './operators.ts'
import { withPadNodes } from './pad-nodes.ts'
import { operatorVersion } from './versions.ts'
import { cannotWrite, int32Vector, writeOptions } from './write-options.ts'
import { writeBuffer, writeTensor } from './write-tensors.ts'
import { withZeroBiases } from './zero-biases.ts'

function tableVector(builder: Builder, offsets: readonly number[]): number {
  builder.startVector(4, offsets.length, 4)
  for (const offset of offsets.toReversed()) builder.addOffset(offset)
  return builder.endVector()
}

/** What tells operator codes apart: name, kind, version. */
interface Code {
  readonly number: number
  readonly custom: string
  readonly version: number
}

function codeOf(node: Node, graph: Graph): Code {
  const version = operatorVersion(node, graph)
  if (node.domain !== 'tflite') throw cannotWrite(node, 'is not in canonical form')
  if (node.attributes.custom === 1) return { number: customOperator, custom: node.op, version }
  const number = operatorNumber(node.op)
  if (number === null) throw cannotWrite(node, 'is no operator of TFLite')
  return { number, custom: '', version }
}

function writeCode(builder: Builder, code: Code): number {
  const custom = code.custom === '' ? 0 : builder.createString(code.custom)
  builder.startObject(4)
  builder.addFieldInt8(0, Math.min(code.number, placeholderOperator), 0)
  builder.addFieldOffset(1, custom, 0)
  builder.addFieldInt32(2, code.version, 1)
  builder.addFieldInt32(3, code.number, 0)
  return builder.endObject()
}

function customOptions(builder: Builder, node: Node): number {
  const { customOptions: bytes } = node.attributes
  return Array.isArray(bytes) ? builder.createByteVector(Uint8Array.from(bytes as number[])) : 0
}

type Index = (name: string) => number

/** Inputs that TFLite wants as state which stays between runs. */
const stateInputs: Readonly<Record<string, readonly number[]>> = {
  rnn: [4],
  svdf: [4],
  unidirectional_sequence_lstm: [18, 19],
  unidirectional_sequence_rnn: [4],
}

/** TFLite's recurrent operators have one output, and keep their state in variables. */
function checkStates(node: Node, { tensors }: Graph): void {
  const states = stateInputs[node.op] ?? []
  if (!states.every((index) => tensors.get(node.inputs[index] ?? '')?.variable))
    throw cannotWrite(node, 'begins afresh with every run, which TFLite has not got')
  if (states.length > 0 && node.outputs.length > 1) throw cannotWrite(node, 'gives its state out')
}

function writeOperator(builder: Builder, node: Node, code: number, graph: Graph, index: Index): number {
  const custom = node.attributes.custom === 1
  if (!custom) checkStates(node, graph)
  const options = custom ? { type: 0, at: 0 } : writeOptions(builder, node, graph)
  const bytes = custom ? customOptions(builder, node) : 0
  const inputs = int32Vector(builder, node.inputs.map(index))
  const outputs = int32Vector(builder, node.outputs.map(index))
  const { intermediates: names } = node.attributes
  const intermediates = Array.isArray(names) ? int32Vector(builder, (names as readonly string[]).map(index)) : 0
  builder.startObject(9)
  builder.addFieldInt32(0, code, 0)
  builder.addFieldOffset(1, inputs, 0)
  builder.addFieldOffset(2, outputs, 0)
  builder.addFieldInt8(3, options.type, 0)
  builder.addFieldOffset(4, options.at, 0)
  builder.addFieldOffset(5, bytes, 0)
  builder.addFieldOffset(8, intermediates, 0)
  return builder.endObject()
}

/** Index of each tensor; missing optional ones are -1. */
function indexer(tensors: readonly Tensor[]): Index {
  const indices = new Map(tensors.map((tensor, index) => [tensor.name, index]))
  return (name) => {
    if (name === '') return -1
    const index = indices.get(name)
    if (index === undefined) throw new MilliwattError('MODEL_ILLEGAL', name, `Nothing is known of tensor "${name}".`)
    return index
  }
}

function writeSubgraph(builder: Builder, graph: Graph, codes: readonly string[], firstBuffer: number): number {
  const tensors = [...graph.tensors.values()]
  const index = indexer(tensors)
  let buffers = firstBuffer - 1
  const tables = tensors.map((tensor) => writeTensor(builder, tensor, tensor.data ? ++buffers : 0))
  const operators = graph.nodes.map((node) =>
    writeOperator(builder, node, codes.indexOf(JSON.stringify(codeOf(node, graph))), graph, index),
  )
  const name = builder.createString(graph.name)
  const [operatorList, tensorList] = [tableVector(builder, operators), tableVector(builder, tables)]
  const inputs = int32Vector(builder, graph.inputs.map(index))
  const outputs = int32Vector(builder, graph.outputs.map(index))
  builder.startObject(5)
  ;[tensorList, inputs, outputs, operatorList, name].forEach((offset, field) => {
    builder.addFieldOffset(field, offset, 0)
  })
  return builder.endObject()
}

/**
 * Writes a canonical graph as a TFLite file (schema version 3) that reads back as the same graph. Convolutions with
 * pads that TFLite's rules cannot express get a PAD before them, those without a bias one of zeros.
 * @throws MilliwattError OP_UNSUPPORTED naming what TFLite cannot hold
 */
export function writeTflite(given: Graph): Uint8Array {
  const graphs = toSubgraphs(withZeroBiases(withPadNodes(given)))
  const builder = new Builder(4096)
  const codes = [...new Set(graphs.flatMap((graph) => graph.nodes.map((node) => JSON.stringify(codeOf(node, graph)))))]
  const constants = graphs.map(({ tensors }) => [...tensors.values()].flatMap(({ data }) => (data ? [data] : [])))
  const buffers = [new Uint8Array(0), ...constants.flat()].map((data) => writeBuffer(builder, data))
  const offsets = graphs.map((graph, index) => {
    const before = constants.slice(0, index).flat().length
    return writeSubgraph(builder, graph, codes, before + 1)
  })
  const codeTables = codes.map((code) => writeCode(builder, JSON.parse(code) as Code))
  const bufferList = tableVector(builder, buffers)
  const subgraphs = tableVector(builder, offsets)
  const codeList = tableVector(builder, codeTables)
  const description = builder.createString('milliwatt')
  builder.startObject(5)
  builder.addFieldInt32(0, 3, 0)
  builder.addFieldOffset(1, codeList, 0)
  builder.addFieldOffset(2, subgraphs, 0)
  builder.addFieldOffset(3, description, 0)
  builder.addFieldOffset(4, bufferList, 0)
  builder.finish(builder.endObject(), 'TFL3')
  return builder.asUint8Array().slice()
}
