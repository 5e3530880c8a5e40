import { MilliwattError, messageOf } from '../../core/errors.ts'
import type { Graph, Tensor } from '../../graph/graph.ts'
import { checkGraph } from '../../graph/spec.ts'
import type { ModelFormat } from '../format.ts'
import { IllegalModel, NotTflite, OutsideFile } from './faults.ts'
import { withInitialValues } from './initial-values.ts'
import { readNode, readOperatorCode } from './nodes.ts'
import { openFlatFile, readUint32, rootTable, type Table } from './table.ts'
import { readTensor, uniqueName } from './tensors.ts'
import { readInt32s, readString, readTables } from './vectors.ts'
import { writeTflite } from './writer.ts'

/** The identifier `TFL3` stands at byte 4. */
function detects(bytes: Uint8Array): boolean {
  return bytes[4] === 0x54 && bytes[5] === 0x46 && bytes[6] === 0x4c && bytes[7] === 0x33
}

function readNames(tables: readonly Table[]): readonly string[] {
  const taken = new Set<string>()
  return tables.map((table, index) => {
    const name = uniqueName(readString(table, 3), index, taken)
    taken.add(name)
    return name
  })
}

/** An empty tensor that nothing makes is a constant without bytes, a list of no axes say. */
function asConstant(tensor: Tensor, made: ReadonlySet<string>): Tensor {
  if (tensor.data || made.has(tensor.name) || !tensor.shape?.includes(0)) return tensor
  return { ...tensor, data: new Uint8Array(0) }
}

function checkExtents(graph: Graph): Graph {
  for (const { name, shape, data } of graph.tensors.values())
    if (!data && shape?.includes(0)) throw new IllegalModel(`tensor "${name}" has the dimension 0`)
  return graph
}

function readSubgraph(table: Table, buffers: readonly Table[], model: Table): Graph {
  const tensorTables = readTables(table, 0)
  const names = readNames(tensorTables)
  const read = tensorTables.map((tensor, index) => readTensor(tensor, buffers, names[index]!))
  const named = (field: number) =>
    (readInt32s(table, field) ?? []).map((index) => {
      const name = names[index]
      if (name === undefined) throw new IllegalModel(`the graph names tensor ${index} of ${names.length}`)
      return name
    })
  const codes = readTables(model, 1).map(readOperatorCode)
  const known = new Map(read.map((tensor) => [tensor.name, tensor]))
  const nodes = readTables(table, 3).map((node, index) => readNode(node, index, codes, names, known))
  const inputs = named(1)
  const made = new Set([...inputs, ...nodes.flatMap((node) => node.outputs)])
  return checkExtents({
    name: readString(table, 4),
    nodes,
    tensors: new Map(read.map((tensor) => [tensor.name, asConstant(tensor, made)])),
    inputs,
    outputs: named(2),
    opsets: { tflite: 3 },
  })
}

function parse(bytes: Uint8Array): Graph {
  const model = rootTable(openFlatFile(bytes))
  const version = readUint32(model, 0)
  if (version !== 3) throw new NotTflite(`its schema has version ${version}, milliwatt reads version 3`)
  const subgraphs = readTables(model, 2)
  if (subgraphs.length === 0) throw new NotTflite('it has no graph')
  const buffers = readTables(model, 4)
  const subgraph = (index: number) => {
    const table = subgraphs[index]
    if (!table) throw new IllegalModel(`an operator names subgraph ${index} of ${subgraphs.length}`)
    return readSubgraph(table, buffers, model)
  }
  return withInitialValues(subgraph(0), subgraph)
}

function codeOf(error: unknown): 'MODEL_TRUNCATED' | 'MODEL_ILLEGAL' | 'MODEL_NOT_A_MODEL' {
  if (error instanceof OutsideFile) return 'MODEL_TRUNCATED'
  return error instanceof IllegalModel ? 'MODEL_ILLEGAL' : 'MODEL_NOT_A_MODEL'
}

function read(bytes: Uint8Array, where: string): Graph {
  let graph: Graph
  try {
    graph = parse(bytes)
  } catch (error) {
    throw new MilliwattError(codeOf(error), where, `TFLite reader: ${messageOf(error)}.`, error)
  }
  return checkGraph(graph, where)
}

/**
 * TFLite (flatbuffer, schema version 3; field numbers from the public schema). The graph is the file's first
 * subgraph, in canonical form: domain `tflite`, operators in lower case, padding as explicit numbers; values that a
 * CALL_ONCE assigns to variables stand in the attribute `initial` of their handles.
 */
export const tfliteFormat: ModelFormat = { name: 'tflite', detects, read, write: writeTflite }
