import { multiplyByQuantizedMultiplier, quantizeMultiplier } from '../graph/reference/fixed-point.ts'
import { expOnNegativeValues } from '../graph/reference/gemmlowp.ts'

/** Integer bits of the scaled difference, of e^x's argument (TFLite reference softmax.h). */
const integerBits = 5

/**
 * e^(−d · beta · scale) in Q0.31 for d = 0…255, as TFLite's int8 reference softmax computes it: 0 where the difference
 * is beyond its reach (CalculateInputRadius).
 */
export function exponentialTable(scale: number, beta: number): Int32Array {
  const factor = quantizeMultiplier(Math.min(beta * scale * 2 ** (31 - integerBits), 2 ** 31 - 1))
  const radius = Math.floor(((2 ** integerBits - 1) * 2 ** (31 - integerBits)) / 2 ** factor.shift)
  return Int32Array.from({ length: 256 }, (_, difference) =>
    difference > radius ? 0 : expOnNegativeValues(multiplyByQuantizedMultiplier(-difference, factor), integerBits),
  )
}
