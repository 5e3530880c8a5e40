import type { MeanInterval } from './cost.ts'
import { studentQuantile } from './student-t.ts'

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

/** Standard deviation of a sample, with n - 1; NaN for fewer than two values. */
export function sampleDeviation(values: readonly number[]): number {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  return n < 2 ? Number.NaN : Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1))
}

/** Mean with its 95 % interval, mean ± t·s/√n. NaN mean for no values. */
export function meanInterval(values: readonly number[]): MeanInterval {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  if (n < 2) return { mean, interval95: null, n }
  const half = studentQuantile(0.975, n - 1) * (sampleDeviation(values) / Math.sqrt(n))
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
