/** One stage of butterflies: groups of `radix` · `span` numbers; twiddle factor k of a group is number k · `stride`. */
export interface FftStage {
  readonly radix: 2 | 4
  readonly span: number
  readonly stride: number
}

/** A complex transform of a power of two: elements come in this order, then the stages one by one. */
export interface FftPlan {
  readonly length: number
  readonly order: readonly number[]
  readonly stages: readonly FftStage[]
}

/** Radices from the outside: fours, then a two where one is left. */
function radicesOf(length: number): readonly (2 | 4)[] {
  if (length === 1) return []
  return length % 4 === 0 ? [4, ...radicesOf(length / 4)] : [2, ...radicesOf(length / 2)]
}

/** Where the elements of a group come from: the outermost radix divides them by their remainder. */
function orderOf(radices: readonly number[], first: number, step: number): readonly number[] {
  const [radix, ...rest] = radices
  if (radix === undefined) return [first]
  return Array.from({ length: radix }, (_, q) => orderOf(rest, first + q * step, step * radix)).flat()
}

/**
 * Decimation in time as KISS FFT orders it (its published algorithm), which fixes every rounding. Null for lengths
 * below 2 and those that are no power of two.
 */
export function fftPlan(length: number): FftPlan | null {
  if (!(length >= 2) || !Number.isInteger(Math.log2(length))) return null
  const radices = radicesOf(length)
  let stride = 1
  const stages = radices.map((radix): FftStage => {
    const stage = { radix, span: length / (stride * radix), stride }
    stride *= radix
    return stage
  })
  return { length, order: orderOf(radices, 0, 1), stages: stages.toReversed() }
}

/** Angles of the twiddle factors of a complex transform. */
export function twiddleAngles(length: number, inverse: boolean): readonly number[] {
  const turn = inverse ? 2 * Math.PI : -2 * Math.PI
  return Array.from({ length }, (_, i) => (turn * i) / length)
}

/** Angles that join or part the spectra of even and odd samples of a real transform, for bins 1 to length / 2. */
export function splitAngles(length: number, inverse: boolean): readonly number[] {
  const turn = inverse ? Math.PI : -Math.PI
  return Array.from({ length: length / 2 }, (_, i) => turn * ((i + 1) / length + 0.5))
}
