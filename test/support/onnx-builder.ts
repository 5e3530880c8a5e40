import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** Bytes of a small ONNX model, written by hand for tests. */
export interface OnnxParts {
  readonly nodes: readonly {
    readonly op: string
    readonly name?: string
    readonly domain?: string
    readonly inputs: readonly string[]
    readonly outputs: readonly string[]
    readonly ints?: Readonly<Record<string, readonly number[] | number>>
  }[]
  readonly constants?: readonly {
    readonly name: string
    readonly type: number
    readonly dims: readonly number[]
    readonly raw: Uint8Array
  }[]
  readonly inputs: readonly {
    readonly name: string
    readonly type?: number
    readonly dims: readonly (number | string)[]
  }[]
  readonly outputs: readonly {
    readonly name: string
    readonly type?: number
    readonly dims: readonly (number | string)[]
  }[]
  readonly opset?: number
}

const message = (field: number, writer: BinaryWriter, fill: (inner: BinaryWriter) => void) => {
  const inner = new BinaryWriter()
  fill(inner)
  writer.tag(field, WireType.LengthDelimited).bytes(inner.finish())
}
const text = (writer: BinaryWriter, field: number, value: string) =>
  writer.tag(field, WireType.LengthDelimited).string(value)
const integer = (writer: BinaryWriter, field: number, value: number) => writer.tag(field, WireType.Varint).int64(value)

function writeValue(writer: BinaryWriter, field: number, value: OnnxParts['inputs'][number]): void {
  message(field, writer, (info) => {
    text(info, 1, value.name)
    message(2, info, (type) =>
      message(1, type, (tensor) => {
        integer(tensor, 1, value.type ?? 1)
        message(2, tensor, (shape) => {
          for (const dim of value.dims)
            message(1, shape, (inner) => (typeof dim === 'number' ? integer(inner, 1, dim) : text(inner, 2, dim)))
        })
      }),
    )
  })
}

function writeNode(writer: BinaryWriter, node: OnnxParts['nodes'][number]): void {
  message(1, writer, (inner) => {
    for (const name of node.inputs) text(inner, 1, name)
    for (const name of node.outputs) text(inner, 2, name)
    text(inner, 3, node.name ?? '')
    text(inner, 4, node.op)
    if (node.domain) text(inner, 7, node.domain)
    for (const [name, value] of Object.entries(node.ints ?? {}))
      message(5, inner, (attribute) => {
        text(attribute, 1, name)
        if (typeof value === 'number') integer(attribute, 3, value)
        else for (const item of value) integer(attribute, 8, item)
        integer(attribute, 20, typeof value === 'number' ? 2 : 7)
      })
  })
}

/** Writes the model. */
export function buildOnnx(parts: OnnxParts): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter()
  integer(writer, 1, 8)
  message(7, writer, (graph) => {
    for (const node of parts.nodes) writeNode(graph, node)
    text(graph, 2, 'test')
    for (const constant of parts.constants ?? [])
      message(5, graph, (tensor) => {
        for (const dim of constant.dims) integer(tensor, 1, dim)
        integer(tensor, 2, constant.type)
        text(tensor, 8, constant.name)
        tensor.tag(9, WireType.LengthDelimited).bytes(constant.raw)
      })
    for (const input of parts.inputs) writeValue(graph, 11, input)
    for (const output of parts.outputs) writeValue(graph, 12, output)
  })
  message(8, writer, (opset) => {
    text(opset, 1, '')
    integer(opset, 2, parts.opset ?? 13)
  })
  return writer.finish()
}

/** Little-endian bytes of float32 values. */
export function floats(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer)
}

/** A model that computes softmax(x · W) for x of 1×`inputs`; weights are a fixed ramp. */
export function denseModel(inputs: number, outputs: number, name = 'dense'): Uint8Array<ArrayBuffer> {
  const ramp = Array.from({ length: inputs * outputs }, (_, i) => ((i * 7919) % 13) / 13 - 0.5)
  return buildOnnx({
    nodes: [
      { op: 'Gemm', name, inputs: ['x', 'w'], outputs: ['z'] },
      { op: 'Softmax', inputs: ['z'], outputs: ['y'], ints: { axis: 1 } },
    ],
    constants: [{ name: 'w', type: 1, dims: [inputs, outputs], raw: floats(...ramp) }],
    inputs: [{ name: 'x', dims: [1, inputs] }],
    outputs: [{ name: 'y', dims: [1, outputs] }],
  })
}
