/** Number of measuring ranges: 50 µA, 500 µA, 5 mA, 50 mA, 1 A. */
export const rangeCount = 5

/** Upper end of each range in amperes, where the instrument switches to the next one. */
export const rangeTopA: readonly number[] = [50e-6, 500e-6, 5e-3, 50e-3, 1]

/** Highest code of the converter; a sample that shows it is clipped, not measured. */
export const fullScale = 0x3fff

/**
 * Constants of the conversion, one number for each range. `r` in ohms; the others are the factors and
 * offsets of the formula in `toCoefficients`.
 */
export interface Calibration {
  readonly r: readonly number[]
  readonly gs: readonly number[]
  readonly gi: readonly number[]
  readonly o: readonly number[]
  readonly s: readonly number[]
  readonly i: readonly number[]
  readonly ug: readonly number[]
}

/** Constants for a meter that tells none. */
export const defaultCalibration: Calibration = {
  r: [1031.64, 101.65, 10.15, 0.94, 0.043],
  gs: [1, 1, 1, 1, 1],
  gi: [1, 1, 1, 1, 1],
  o: [0, 0, 0, 0, 0],
  s: [0, 0, 0, 0, 0],
  i: [0, 0, 0, 0, 0],
  ug: [1, 1, 1, 1, 1],
}

/**
 * The conversion as one quadratic a·ADC² + b·ADC + c for each of the eight range codes, `[a, b, c]` in a
 * row; codes 5 to 7 are not legal and give NaN.
 *
 * With x = (4·ADC − O)·(1.8/163840)/R the current in amperes is UG·(x·(GS·x + GI) + S·VDD + I).
 * @param regulatorV regulator voltage in volts, which enters the offset
 * @param scale multiplies the result: 1 gives amperes, the supply voltage gives watts
 */
export function toCoefficients(calibration: Calibration, regulatorV: number, scale = 1): Float64Array {
  const coefficients = new Float64Array(24).fill(Number.NaN)
  for (let range = 0; range < rangeCount; range++) {
    const [r, gs, gi, o, s, i, ug] = (['r', 'gs', 'gi', 'o', 's', 'i', 'ug'] as const).map(
      (name) => calibration[name][range]!,
    ) as [number, number, number, number, number, number, number]
    const k = 1.8 / 163840 / r
    coefficients[range * 3] = scale * ug * gs * k * k * 16
    coefficients[range * 3 + 1] = scale * ug * (4 * gi * k - 8 * gs * k * k * o)
    coefficients[range * 3 + 2] = scale * ug * (gs * k * k * o * o - gi * k * o + s * regulatorV + i)
  }
  return coefficients
}

/** The ADC code, not rounded, that a current in the unit of the coefficients gives in a range. */
export function toAdc(coefficients: Float64Array, range: number, value: number): number {
  const a = coefficients[range * 3]!
  const b = coefficients[range * 3 + 1]!
  const above = value - coefficients[range * 3 + 2]!
  // The root of the quadratic that stays finite for a = 0; below its vertex there is no current, hence code 0.
  return (2 * above) / (b + Math.sqrt(Math.max(b * b + 4 * a * above, 0)))
}
