import type { Step } from '../program.ts'
import { copy, floatAdd, move, pairTable, plainAdd, pool, softmax, table } from './bytes.ts'
import type { CStep } from './c-step.ts'
import { packedConv, packedFloatConv, plainConv } from './conv.ts'
import { packedDepthwise } from './depthwise.ts'
import { dequantize, floatBinary, floatConv, floatPool, floatSoftmax, floatUnary, quantize } from './floats.ts'
import { loops } from './loops.ts'
import { reduce } from './reduce.ts'

/**
 * Whom the C is for: `portable` is C99 for any compiler, weights as they are; `native` is for GCC or Clang on a machine
 * with vectors, weights packed for them.
 */
export type CTarget = 'portable' | 'native'

/** The C of a step. @throws MilliwattError OP_UNSUPPORTED for a kind of step without C */
export function chooseCStep(step: Step, target: CTarget): CStep {
  const native = target === 'native'
  switch (step.kind) {
    case 'conv':
      return native ? packedConv(step) : plainConv(step)
    case 'depthwise':
      return native ? packedDepthwise(step) : plainConv(step)
    case 'average-pool':
    case 'max-pool':
      return pool(step)
    case 'add':
      return native ? floatAdd(step) : plainAdd(step)
    case 'softmax':
      return softmax(step)
    case 'table':
      return table(step)
    case 'pair-table':
      return pairTable(step)
    case 'move':
      return move(step)
    case 'reshape':
      return copy(step)
    case 'reduce':
      return reduce(step)
    case 'quantize':
      return quantize(step)
    case 'dequantize':
      return dequantize(step)
    case 'float-conv':
      return native ? packedFloatConv(step) : floatConv(step)
    case 'float-depthwise':
      return floatConv(step)
    case 'float-pool':
      return floatPool(step)
    case 'float-unary':
      return floatUnary(step)
    case 'float-binary':
      return floatBinary(step)
    case 'float-softmax':
      return floatSoftmax(step)
    case 'loops':
      return loops(step)
  }
}
