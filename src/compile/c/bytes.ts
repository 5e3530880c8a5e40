import { proveFloatAdd } from '../kernels/add.ts'
import { realsOf, requireProved } from '../kernels/softmax-float.ts'
import {
  type AddStep,
  elementBytes,
  type MoveStep,
  type PairTableStep,
  type PoolStep,
  type ReshapeStep,
  type SoftmaxStep,
  sizeOf,
  type TableStep,
} from '../program.ts'
import { type CStep, kernelStep } from './c-step.ts'
import { cFloat } from './c-text.ts'
import { geometryFields } from './c-writer.ts'

/** Average and maximum over windows. */
export function pool(step: PoolStep): CStep {
  const average = step.kind === 'average-pool'
  return kernelStep(average ? 'average_pool_s8' : 'max_pool_s8', (writer) => [
    writer.read(step.inputs[0]!),
    writer.write(step.output),
    writer.struct('geometry', 'mw_geometry', geometryFields(step.geometry)),
    ...(average ? [step.inputs[0]!.zeroPoint, step.semantics === 'fp32' ? 1 : 0] : []),
    step.min,
    step.max,
  ])
}

/** A sum of two int8 by tables. */
export function plainAdd(step: AddStep): CStep {
  const [left, right] = step.inputs
  return kernelStep('add_s8', (writer) => [
    writer.read(left!),
    writer.read(right!),
    writer.write(step.output),
    sizeOf(step.output.shape),
    writer.table('left', 'int32_t', step.tables[0]),
    writer.table('right', 'int32_t', step.tables[1]),
    step.semantics === 'tflm' ? step.multiplier : 0,
    step.shift,
    step.output.zeroPoint,
    step.min,
    step.max,
  ])
}

/** Outputs that the float kernel takes at once. */
const addedAtOnce = 64

/** A sum of two int8 in float32 where that is proved for all pairs, by tables otherwise. */
export function floatAdd(step: AddStep): CStep {
  const form = sizeOf(step.output.shape) >= addedAtOnce ? proveFloatAdd(step) : null
  if (!form) return plainAdd(step)
  const [left, right] = step.inputs
  return kernelStep('add_float_s8', (writer) => [
    writer.read(left!),
    writer.read(right!),
    writer.write(step.output),
    sizeOf(step.output.shape),
    cFloat(form.left),
    cFloat(form.right),
    cFloat(form.offset),
    step.output.zeroPoint,
    step.min,
    step.max,
  ])
}

/** Softmax of int8. @throws MilliwattError OP_UNSUPPORTED where float exponentials cannot be proved */
export function softmax(step: SoftmaxStep): CStep {
  const [input] = step.inputs
  if (step.semantics === 'tflm')
    return kernelStep('softmax_s8', (writer) => [
      writer.read(input!),
      writer.write(step.output),
      step.rows,
      step.depth,
      writer.table('exponentials', 'int32_t', step.exponentials),
    ])
  requireProved(step)
  return {
    kernel: 'softmax_float_s8',
    scratchBytes: 4 * step.depth,
    render: (writer) =>
      writer.call(
        'softmax_float_s8',
        writer.read(input!),
        writer.write(step.output),
        step.rows,
        step.depth,
        writer.table('reals', 'float', realsOf(step)),
        cFloat(Math.fround(step.beta)),
        writer.scratch('float'),
        cFloat(step.output.scale),
        step.output.zeroPoint,
      ),
  }
}

/** A function of one byte. */
export function table(step: TableStep): CStep {
  return kernelStep('table_u8', (writer) => [
    writer.read(step.inputs[0]!, 'uint8_t'),
    writer.write(step.output, 'uint8_t'),
    sizeOf(step.output.shape),
    writer.table('table', 'uint8_t', step.table),
  ])
}

/** A function of two bytes. */
export function pairTable(step: PairTableStep): CStep {
  return kernelStep('pair_table_u8', (writer) => {
    const sides = step.operands.flatMap(({ value, constant, indices }, index) => [
      constant ? writer.table(`operand_${index}`, 'uint8_t', constant) : writer.read(value, 'uint8_t'),
      indices ? writer.table(`indices_${index}`, 'int32_t', indices) : 'NULL',
    ])
    const output = writer.write(step.output, 'uint8_t')
    return [...sides, output, sizeOf(step.output.shape), writer.table('table', 'uint8_t', step.table)]
  })
}

/** Copies of runs of bytes; padding is filled in before. */
export function move(step: MoveStep): CStep {
  return {
    kernel: 'move',
    scratchBytes: 0,
    render: (writer) => {
      const to = writer.offsetOf(step.output)
      const bytes = sizeOf(step.output.shape) * elementBytes(step.output.dtype)
      const lines = step.fill === null ? [] : [`memset(arena + ${to}, ${step.fill}, ${bytes});`]
      const rows = step.copies.map(
        (copy) => `{${writer.offsetOf(step.inputs[copy.input]!) + copy.from}, ${to + copy.to}, ${copy.bytes}}`,
      )
      if (rows.length === 0) return lines.join('\n')
      const copies = writer.rows('copies', 'uint32_t', rows, 12 * rows.length, '[][3]')
      return [...lines, writer.call('move', 'arena', copies, rows.length)].join('\n')
    },
  }
}

/** The bytes of the input under another shape, where the two cannot share a place. */
export function copy(step: ReshapeStep): CStep {
  return {
    kernel: 'copy',
    scratchBytes: 0,
    render: (writer) => {
      const bytes = sizeOf(step.output.shape) * elementBytes(step.output.dtype)
      return `memcpy(arena + ${writer.offsetOf(step.output)}, arena + ${writer.offsetOf(step.inputs[0]!)}, ${bytes});`
    },
  }
}
