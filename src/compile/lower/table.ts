import type { Tensor } from '../../graph/graph.ts'
import { interpret } from '../../graph/reference/interpret.ts'
import type { Values } from '../../graph/reference/values.ts'
import { type PairTableStep, sizeOf, type TableStep, type Value } from '../program.ts'
import { broadcastIndices } from './broadcast.ts'
import { inputValue, isConstant, type LowerContext, outputValue, refuse, tensorAt, toValue } from './context.ts'

/** Runs the node alone on lists of values, each in place of one input, and returns its output. */
export function evaluateOn(context: LowerContext, operands: readonly Values[]): Values {
  const { node, graph, semantics } = context
  const length = operands[0]!.length
  const names = operands.map((_, index) => `operand ${index}`)
  const flat = (tensor: Tensor, name: string): Tensor => {
    const { data: _, ...rest } = tensor
    return { ...rest, name, shape: [length] }
  }
  const output = graph.tensors.get(node.outputs[0]!)!
  const tensors = [...names.map((name, index) => flat(tensorAt(context, index), name)), flat(output, 'result')]
  const alone = {
    ...graph,
    nodes: [{ ...node, inputs: names, outputs: ['result'] }],
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    inputs: names,
    outputs: ['result'],
  }
  return interpret(alone, operands, semantics).get('result')!
}

function evaluate(context: LowerContext, operands: readonly Values[]): Uint8Array {
  const { buffer, byteOffset, byteLength } = evaluateOn(context, operands)
  return new Uint8Array(buffer, byteOffset, byteLength)
}

const isByte = (value: Value) => value.dtype === 'int8' || value.dtype === 'uint8'

/** Bytes 0…255, read as the operand's type. */
function bytesOf(value: Value, repeat: (byte: number, at: number) => number, length: number): Values {
  const bytes = Uint8Array.from({ length }, (_, at) => repeat(at & 255, at))
  return value.dtype === 'int8' ? new Int8Array(bytes.buffer) : bytes
}

/** Any operator that maps single bytes to single bytes: its 256 results, taken from the reference interpreter. */
export function lowerTable(context: LowerContext): TableStep {
  const input = inputValue(context, 0)
  const output = outputValue(context)
  if (!isByte(input) || !isByte(output))
    throw refuse(context, `from ${input.dtype} to ${output.dtype} is not compiled yet`)
  return {
    kind: 'table',
    name: context.node.name || output.name,
    op: context.node.op,
    inputs: [input],
    output,
    macs: 0,
    table: evaluate(context, [bytesOf(input, (byte) => byte, 256)]),
  }
}

/** Results of all pairs of bytes. */
const pairs = 65536

/**
 * `lowerPairTable` where the table pays.
 * @throws MilliwattError OP_UNSUPPORTED for outputs that are smaller than the table, too
 */
export function lowerLargePairTable(context: LowerContext): PairTableStep {
  if (sizeOf(outputValue(context).shape) < pairs) throw refuse(context, 'a table would be larger than its output')
  return lowerPairTable(context)
}

/** Any operator on pairs of bytes, broadcasting included: its 65,536 results, taken from the reference interpreter. */
export function lowerPairTable(context: LowerContext): PairTableStep {
  const operands = [toValue(tensorAt(context, 0)), toValue(tensorAt(context, 1))] as const
  const output = outputValue(context)
  if (![...operands, output].every(isByte)) throw refuse(context, `on ${operands[0].dtype} is not compiled yet`)
  const constants = [0, 1].map((index) => {
    const tensor = tensorAt(context, index)
    return isConstant(tensor) ? tensor.data! : null
  })
  return {
    kind: 'pair-table',
    name: context.node.name || output.name,
    op: context.node.op,
    inputs: operands.filter((_, index) => constants[index] === null),
    output,
    macs: 0,
    operands: operands.map((value, index) => ({
      constant: constants[index] ?? null,
      value,
      indices:
        sizeOf(value.shape) === sizeOf(output.shape) ? null : broadcastIndices(context, value.shape, output.shape),
    })),
    table: evaluate(context, [
      bytesOf(operands[0], (_, at) => at >> 8, pairs),
      bytesOf(operands[1], (byte) => byte, pairs),
    ]),
  }
}
