import { bisect } from './bisect.ts'

/** Natural logarithm of the gamma function for x > 0 (Lanczos, g = 7, n = 9; relative error below 1e-14). */
function logGamma(x: number): number {
  const coefficients = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ]
  const shifted = x - 1
  const sum = coefficients.reduce((total, c, at) => (at === 0 ? c : total + c / (shifted + at)), 0)
  const t = shifted + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum)
}

/** Continued fraction of the incomplete beta function by Lentz's method (DLMF 8.17.22). */
function betaFraction(x: number, a: number, b: number): number {
  const away = (value: number) => (Math.abs(value) < 1e-300 ? 1e-300 : value)
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let fraction = d
  for (let m = 1; m <= 1000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    fraction *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    fraction *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return fraction
}

/** Regularised incomplete beta function I_x(a, b) (DLMF 8.17). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  if (x < (a + 1) / (a + b + 2)) return (front * betaFraction(x, a, b)) / a
  return 1 - (front * betaFraction(1 - x, b, a)) / b
}

/** Above this Student's t is the normal distribution to 1e-7, and the beta function would lose digits. */
const mostDegrees = 1e7

/**
 * Distribution function of Student's t: P(T ≤ t).
 * @param degreesOfFreedom above 0, need not be whole; infinite is the normal distribution
 */
export function studentCdf(t: number, degreesOfFreedom: number): number {
  const n = Math.min(degreesOfFreedom, mostDegrees)
  const squared = t * t
  // Whichever argument of the beta function is not near 1 keeps its digits.
  if (squared < n) {
    const half = 0.5 * incompleteBeta(squared / (n + squared), 0.5, n / 2)
    return t > 0 ? 0.5 + half : 0.5 - half
  }
  const tail = 0.5 * incompleteBeta(n / (n + squared), n / 2, 0.5)
  return t > 0 ? 1 - tail : tail
}

/** Density of Student's t. */
export function studentDensity(t: number, degreesOfFreedom: number): number {
  const n = Math.min(degreesOfFreedom, mostDegrees)
  if (n === mostDegrees) return Math.exp(-0.5 * t * t) / Math.sqrt(2 * Math.PI)
  const scale = logGamma((n + 1) / 2) - logGamma(n / 2) - 0.5 * Math.log(n * Math.PI)
  return Math.exp(scale - ((n + 1) / 2) * Math.log1p((t * t) / n))
}

/**
 * Quantile of Student's t: the t with P(T ≤ t) = probability. NaN for fewer than one degree of freedom or a
 * probability outside 0..1.
 */
export function studentQuantile(probability: number, degreesOfFreedom: number): number {
  if (!(degreesOfFreedom >= 1) || !(probability > 0 && probability < 1)) return Number.NaN
  if (probability < 0.5) return -studentQuantile(1 - probability, degreesOfFreedom)
  let high = 1
  while (studentCdf(high, degreesOfFreedom) < probability) high *= 2
  return bisect((t) => studentCdf(t, degreesOfFreedom) - probability, 0, high)
}
