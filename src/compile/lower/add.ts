import { multiplyByQuantizedMultiplier, quantizeMultiplier } from '../../graph/reference/fixed-point.ts'
import type { FloatBinaryStep } from '../float-steps.ts'
import { type AddStep, type PairTableStep, sizeOf, type Value } from '../program.ts'
import { activationRange } from '../requantization.ts'
import {
  activationOf,
  inputValue,
  isConstant,
  type LowerContext,
  outputValue,
  requireType,
  tensorAt,
  toValue,
} from './context.ts'
import { lowerFloatBinary } from './float-elementwise.ts'
import { lowerPairTable } from './table.ts'

/** Bits that TFLite's int8 addition keeps below the point (add.cc, left_shift). */
const leftShift = 20

/** An input's contribution to the raw sum for every byte value −128…127 (reference_integer_ops/add.h). */
function tableOf(input: Value, twiceMaximum: number): Int32Array {
  const fixed = quantizeMultiplier(input.scale / twiceMaximum)
  return Int32Array.from({ length: 256 }, (_, byte) =>
    multiplyByQuantizedMultiplier((byte - 128 - input.zeroPoint) * (1 << leftShift), fixed),
  )
}

interface Sum {
  readonly tables: readonly [Int32Array, Int32Array]
  readonly multiplier: number
  readonly shift: number
}

function fixedPointSum(left: Value, right: Value, output: Value): Sum {
  const twiceMaximum = 2 * Math.max(left.scale, right.scale)
  const fixed = quantizeMultiplier(twiceMaximum / ((1 << leftShift) * output.scale))
  return { tables: [tableOf(left, twiceMaximum), tableOf(right, twiceMaximum)], ...fixed }
}

/** XNNPACK's qs8-vadd: factors as integers of 21 bits over a common power of two, one rounding, halves up. */
function sharedShiftSum(left: Value, right: Value, output: Value): Sum {
  const ratios = [left, right].map((value) => Math.fround(value.scale / output.scale))
  const shift = 20 - Math.floor(Math.log2(Math.max(...ratios)))
  const table = (value: Value, ratio: number) => {
    const scaled = ratio * 2 ** shift
    const floor = Math.floor(scaled)
    const half = scaled - floor
    const factor = half > 0.5 || (half === 0.5 && floor % 2 !== 0) ? floor + 1 : floor
    return Int32Array.from({ length: 256 }, (_, byte) => (byte - 128 - value.zeroPoint) * factor)
  }
  return { tables: [table(left, ratios[0]!), table(right, ratios[1]!)], multiplier: 0, shift }
}

/** add: of floats, of two computed int8 tensors of equal shape by its own kernel, else by a table. */
export function lowerAdd(context: LowerContext): AddStep | PairTableStep | FloatBinaryStep {
  if (outputValue(context).dtype === 'float32') return lowerFloatBinary(context)
  const operands = [tensorAt(context, 0), tensorAt(context, 1)]
  const size = sizeOf(outputValue(context).shape)
  if (
    operands.some((tensor) => isConstant(tensor) || tensor.dtype !== 'int8' || sizeOf(toValue(tensor).shape) !== size)
  )
    return lowerPairTable(context)
  const left = inputValue(context, 0)
  const right = inputValue(context, 1)
  const output = outputValue(context)
  requireType(context, 'int8', left, right, output)
  const sum = (context.semantics === 'tflm' ? fixedPointSum : sharedShiftSum)(left, right, output)
  return {
    kind: 'add',
    semantics: context.semantics,
    name: context.node.name || output.name,
    op: context.node.op,
    inputs: [left, right],
    output,
    macs: 0,
    ...sum,
    factors: [left.scale / output.scale, right.scale / output.scale],
    ...activationRange(activationOf(context), output),
  }
}
