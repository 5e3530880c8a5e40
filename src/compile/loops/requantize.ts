import type { Multiplier } from '../../graph/reference/fixed-point.ts'
import type { Requantization } from '../program.ts'
import { binary, convert, mul, num, select, unary } from './expressions.ts'
import {
  constantMultiplier,
  integerFromFloat,
  multiplyByQuantizedMultiplier,
  multiplyWide,
  offsetAndClamp,
} from './fixed-point.ts'
import type { Expression } from './loops.ts'
import type { LoopWriter } from './writer.ts'

/** From an accumulator (i32 or i64) of a channel to the output's integer, zero point added and cut to the range. */
export type Requantize = (accumulator: Expression, channel: Expression) => Expression

/** Where a requantisation ends. */
export interface Destination {
  readonly w: LoopWriter
  readonly zeroPoint: number
  readonly range: readonly [number, number]
}

/** RNE(fl32(accumulator) · factor), factors by channel or one. */
export function requantizeByFactors({ w, zeroPoint, range }: Destination, factors: Float32Array): Requantize {
  const table = factors.length > 1 ? w.constant('float32', factors) : null
  return (accumulator, channel) => {
    const factor = table === null ? num('f32', factors[0]!) : w.load(table, channel)
    return integerFromFloat(unary('nearest', mul(convert(accumulator, 'f32'), factor)), zeroPoint, range)
  }
}

/** An i64 as the nearest int32. */
function saturated(w: LoopWriter, wide: Expression): Expression {
  const value = w.let(wide)
  const raised = w.let(select(binary('gt', value, -(2 ** 31)), value, -(2 ** 31)))
  return convert(select(binary('lt', raised, 2 ** 31 - 1), raised, 2 ** 31 - 1), 'i32')
}

/**
 * Fixed point with double rounding, multipliers by channel or one.
 * @param wide i64 accumulators with multipliers that are cut to 16 bits, and one rounding
 */
export function requantizeByMultipliers(
  { w, zeroPoint, range }: Destination,
  multipliers: readonly Multiplier[],
  wide = false,
): Requantize {
  // Shifts beyond 31 leave nothing of an int32.
  const kept = multipliers.map((each) => (each.shift > 31 ? { multiplier: 0, shift: 0 } : each))
  const table = (list: readonly number[]) => (list.length > 1 ? w.integers(list) : null)
  const factors = table(kept.map(({ multiplier }) => multiplier))
  const shifts = table(kept.map(({ shift }) => shift))
  return (accumulator, channel) => {
    const factor =
      factors === null || shifts === null
        ? constantMultiplier(kept[0]!)
        : { multiplier: w.load(factors, channel), shift: w.let(w.load(shifts, channel)) }
    const steps = wide
      ? saturated(w, multiplyWide(accumulator, factor))
      : multiplyByQuantizedMultiplier(w, accumulator, factor)
    return offsetAndClamp(w, steps, zeroPoint, range)
  }
}

/** The requantisation of a step, channel by channel. */
export function requantizationLoops(w: LoopWriter, r: Requantization): Requantize {
  const destination: Destination = { w, zeroPoint: r.zeroPoint, range: [r.min, r.max] }
  if (r.semantics === 'fp32') return requantizeByFactors(destination, r.scales)
  const multipliers = Array.from(r.multipliers, (multiplier, channel) => ({ multiplier, shift: r.shifts[channel]! }))
  return requantizeByMultipliers(destination, multipliers)
}
