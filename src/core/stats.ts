import type { MeanInterval } from './cost.ts'

/** Quantile `q` in 0..1 of the values by linear interpolation (type 7 of Hyndman and Fan); NaN for no values. */
export function quantile(values: readonly number[] | Float64Array, q: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = Float64Array.from(values).sort()
  const position = (sorted.length - 1) * q
  const low = Math.floor(position)
  const high = Math.ceil(position)
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (position - low)
}

/** Middle value; NaN for no values. */
export function median(values: readonly number[] | Float64Array): number {
  return quantile(values, 0.5)
}

/** Two-sided 95 % points of Student's t for 1..30 degrees of freedom. */
const t95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
]

/**
 * Two-sided 95 % point of Student's t. Above 30 degrees of freedom by the Cornish-Fisher expansion
 * around the normal quantile z (Abramowitz and Stegun 26.7.5).
 */
export function studentT95(degreesOfFreedom: number): number {
  if (degreesOfFreedom < 1) return Number.NaN
  if (degreesOfFreedom <= 30) return t95[Math.floor(degreesOfFreedom) - 1]!
  const z = 1.959964
  const n = degreesOfFreedom
  return z + (z ** 3 + z) / (4 * n) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * n * n)
}

/** Mean with its 95 % interval, mean ± t·s/√n. NaN mean for no values. */
export function meanInterval(values: readonly number[]): MeanInterval {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  if (n < 2) return { mean, interval95: null, n }
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1)
  const half = studentT95(n - 1) * Math.sqrt(variance / n)
  return { mean, interval95: [mean - half, mean + half], n }
}

/** Wilson's 95 % interval of a proportion (Wilson 1927); `[0, 1]` for no trials. */
export function proportionInterval(successes: number, trials: number): readonly [number, number] {
  if (trials === 0) return [0, 1]
  const z = 1.959964
  const p = successes / trials
  const centre = p + (z * z) / (2 * trials)
  const half = z * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials))
  const scale = 1 + (z * z) / trials
  return [(centre - half) / scale, (centre + half) / scale]
}
