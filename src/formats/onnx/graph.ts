import type { AttributeValue, DataType, Dimension, Graph, Node, Tensor } from '../../graph/graph.ts'
import type { ExternalFiles } from '../format.ts'
import { dataTypeOf, readTensor } from './tensor.ts'
import { readFields, readFloat, readInteger, readRepeated } from './wire.ts'

const text = new TextDecoder()

function readAttribute(bytes: Uint8Array, files: ExternalFiles): readonly [string, AttributeValue] {
  const floats: number[] = []
  const integers: number[] = []
  const strings: string[] = []
  let name = ''
  let single: AttributeValue | null = null
  const unsupported = (what: string) => (reader: { bytes(): Uint8Array }) => {
    reader.bytes()
    single = { unsupported: what }
  }
  readFields(bytes, {
    1: (reader) => {
      name = reader.string()
    },
    2: (reader) => {
      single = reader.float()
    },
    3: (reader) => {
      single = readInteger(reader)
    },
    4: (reader) => {
      single = text.decode(reader.bytes())
    },
    5: (reader) => {
      single = { tensor: readTensor(reader.bytes(), files) }
    },
    6: unsupported('subgraph'),
    7: (reader, wire) => readRepeated(floats, reader, wire, readFloat),
    8: (reader, wire) => readRepeated(integers, reader, wire, readInteger),
    9: (reader) => {
      strings.push(text.decode(reader.bytes()))
    },
    10: unsupported('tensors'),
    11: unsupported('subgraphs'),
    22: unsupported('sparse tensor'),
  })
  const list = [floats, integers, strings].find((values) => values.length > 0)
  return [name, single ?? list ?? []]
}

function readNode(bytes: Uint8Array, files: ExternalFiles): Node {
  const inputs: string[] = []
  const outputs: string[] = []
  const attributes: (readonly [string, AttributeValue])[] = []
  let name = ''
  let op = ''
  let domain = ''
  readFields(bytes, {
    1: (reader) => {
      inputs.push(reader.string())
    },
    2: (reader) => {
      outputs.push(reader.string())
    },
    3: (reader) => {
      name = reader.string()
    },
    4: (reader) => {
      op = reader.string()
    },
    5: (reader) => {
      attributes.push(readAttribute(reader.bytes(), files))
    },
    7: (reader) => {
      domain = reader.string()
    },
  })
  return {
    name,
    op,
    domain: domain === 'ai.onnx' ? '' : domain,
    inputs,
    outputs,
    attributes: Object.fromEntries(attributes),
  }
}

function readDimension(bytes: Uint8Array): Dimension {
  let dimension: Dimension = '?'
  readFields(bytes, {
    1: (reader) => {
      dimension = readInteger(reader)
    },
    2: (reader) => {
      dimension = reader.string()
    },
  })
  return dimension
}

function readShape(bytes: Uint8Array): readonly Dimension[] {
  const shape: Dimension[] = []
  readFields(bytes, {
    1: (reader) => {
      shape.push(readDimension(reader.bytes()))
    },
  })
  return shape
}

function readTensorType(bytes: Uint8Array): { readonly dtype: DataType; readonly shape: readonly Dimension[] | null } {
  let dtype: DataType = 'float32'
  let shape: readonly Dimension[] | null = null
  readFields(bytes, {
    1: (reader) => {
      dtype = dataTypeOf(reader.int32())
    },
    2: (reader) => {
      shape = readShape(reader.bytes())
    },
  })
  return { dtype, shape }
}

function readValueInfo(bytes: Uint8Array): Tensor {
  let name = ''
  let type: { readonly dtype: DataType; readonly shape: readonly Dimension[] | null } = {
    dtype: 'float32',
    shape: null,
  }
  const readType = (typeBytes: Uint8Array) =>
    readFields(typeBytes, {
      1: (reader) => {
        type = readTensorType(reader.bytes())
      },
    })
  readFields(bytes, {
    1: (reader) => {
      name = reader.string()
    },
    2: (reader) => readType(reader.bytes()),
  })
  return { name, ...type }
}

/** Reads a GraphProto. Initializers that are also listed as inputs are constants, not inputs. */
export function readOnnxGraph(
  bytes: Uint8Array,
  opsets: Readonly<Record<string, number>>,
  files: ExternalFiles,
): Graph {
  const nodes: Node[] = []
  const constants: Tensor[] = []
  const inputs: Tensor[] = []
  const outputs: Tensor[] = []
  const values: Tensor[] = []
  let name = ''
  readFields(bytes, {
    1: (reader) => {
      nodes.push(readNode(reader.bytes(), files))
    },
    2: (reader) => {
      name = reader.string()
    },
    5: (reader) => {
      constants.push(readTensor(reader.bytes(), files))
    },
    11: (reader) => {
      inputs.push(readValueInfo(reader.bytes()))
    },
    12: (reader) => {
      outputs.push(readValueInfo(reader.bytes()))
    },
    13: (reader) => {
      values.push(readValueInfo(reader.bytes()))
    },
  })
  const named = new Set(constants.map((tensor) => tensor.name))
  const inline = nodes.flatMap((node) => constantOf(node))
  return {
    name,
    nodes: nodes.filter((node) => constantOf(node).length === 0),
    tensors: new Map(
      [...values, ...inputs, ...outputs, ...constants, ...inline].map((tensor) => [tensor.name, tensor]),
    ),
    inputs: inputs.map((tensor) => tensor.name).filter((input) => !named.has(input)),
    outputs: outputs.map((tensor) => tensor.name),
    opsets,
  }
}

/** A Constant node is a constant tensor and needs no running. */
function constantOf(node: Node): readonly Tensor[] {
  const value = node.attributes.value
  if (node.op !== 'Constant' || typeof value !== 'object' || !('tensor' in value)) return []
  return [{ ...value.tensor, name: node.outputs[0] ?? '' }]
}
