import { featureFractionBits } from './tables.ts'

/** From a feature with 8 fraction bits to an 8 bit input of a net: (value · multiplier, rounded) >> shift, plus zero point. */
export interface ColumnQuantizer {
  readonly multiplier: number
  readonly shift: number
  readonly zeroPoint: number
  readonly low: number
  readonly high: number
}

const multiplierBits = 30

/** Makes the quantizer of an input of type int8 or uint8. @throws RangeError when the scale is not above 0 */
export function columnQuantizer(scale: number, zeroPoint: number, dtype: 'int8' | 'uint8'): ColumnQuantizer {
  if (!(scale > 0)) throw new RangeError(`a scale of ${scale} quantizes nothing`)
  const factor = 1 / (scale * 2 ** featureFractionBits)
  const shift = multiplierBits - 1 - Math.floor(Math.log2(factor))
  const [low, high] = dtype === 'int8' ? [-128, 127] : [0, 255]
  return { multiplier: Math.round(factor * 2 ** shift), shift, zeroPoint, low: low!, high: high! }
}

/** Quantizes a column into `output` from `at` on. */
export function quantizeColumn(
  values: Int16Array,
  { multiplier, shift, zeroPoint, low, high }: ColumnQuantizer,
  output: Int8Array | Uint8Array,
  at = 0,
): void {
  const unit = 2 ** shift
  for (let k = 0; k < values.length; k++) {
    const step = Math.floor((values[k]! * multiplier + unit / 2) / unit) + zeroPoint
    output[at + k] = Math.max(low, Math.min(high, step))
  }
}
