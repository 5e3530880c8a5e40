import type { FoundWindows, PlacedWindow } from './window-finders.ts'

/** How to look for steps. */
export interface StepOptions {
  readonly sampleRateHz: number
  /** Inferences of one window: the trace cannot tell. */
  readonly inferences: number
  /** Shortest window and shortest pause, in seconds: dips and peaks within half of it are no steps. Default 0.1. */
  readonly leastS?: number
  /** How long a window was by the device's own timer, where that is known. */
  readonly durationS?: number
}

/** Step between the two levels, in standard deviations of the blocks within a level, that makes it believable. */
const leastContrast = 6
const blocksPerLeast = 10
/** Windows of equal work differ in duration by less than this share. */
const mostSpread = 0.02
/** A stretch is as long as the device's timer says but for this share; what is longer holds a warm-up, say. */
const timerShare = 0.002

/** Means of consecutive blocks; NaN where a block holds no valid sample. */
function blockMeans(powerW: Float32Array, size: number): Float64Array {
  return Float64Array.from({ length: Math.floor(powerW.length / size) }, (_, block) => {
    let [sum, count] = [0, 0]
    for (let at = block * size; at < (block + 1) * size; at++) {
      if (!Number.isFinite(powerW[at]!)) continue
      sum += powerW[at]!
      count++
    }
    return count > 0 ? sum / count : Number.NaN
  })
}

interface Levels {
  readonly low: number
  readonly high: number
  /** Standard deviation of the block means around their own level. */
  readonly spread: number
}

/** Two levels by the method of Ridler and Calvard (1978): means on either side of their own middle. */
function twoLevels(means: Float64Array): Levels | null {
  const finite = means.filter((value) => !Number.isNaN(value))
  if (finite.length < 2) return null
  let middle = (finite.reduce((a, b) => Math.min(a, b)) + finite.reduce((a, b) => Math.max(a, b))) / 2
  let [low, high] = [Number.NaN, Number.NaN]
  for (let round = 0; round < 50; round++) {
    const [below, above] = [finite.filter((v) => v <= middle), finite.filter((v) => v > middle)]
    if (below.length === 0 || above.length === 0) return null
    const average = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length
    ;[low, high] = [average(below), average(above)]
    if (Math.abs((low + high) / 2 - middle) <= 1e-9 * Math.abs(high - low)) break
    middle = (low + high) / 2
  }
  const off = finite.map((value) => Math.min(Math.abs(value - low), Math.abs(value - high)))
  // The middle of the absolute deviations, so that the few blocks which hold a step do not count (MAD).
  const spread = 1.4826 * [...off].sort((a, b) => a - b)[off.length >> 1]!
  return { low, high, spread }
}

/** Runs of blocks above the middle; what is shorter than `least` blocks takes the level around it. */
function runsAbove(means: Float64Array, middle: number, least: number): readonly (readonly [number, number])[] {
  const borders: number[] = []
  means.forEach((value, at) => {
    // A block without samples is at the level before it.
    const isHigh = borders.length % 2 === 1
    if (!Number.isNaN(value) && value > middle !== isHigh) borders.push(at)
  })
  if (borders.length % 2 === 1) borders.push(means.length)
  const merged: [number, number][] = []
  for (let at = 0; at < borders.length; at += 2) {
    const last = merged.at(-1)
    if (last && borders[at]! - last[1] < least) last[1] = borders[at + 1]!
    else merged.push([borders[at]!, borders[at + 1]!])
  }
  return merged.filter(([from, to]) => to - from >= least)
}

/**
 * The sample where a level changes, near a block border: the change point of least squares for two known levels, which
 * is the extreme of the running sum of the differences from their middle (Page 1954).
 */
function changePoint(powerW: Float32Array, near: number, reach: number, middle: number, rising: boolean): number {
  const from = Math.max(0, Math.floor(near - reach))
  const to = Math.min(powerW.length, Math.ceil(near + reach))
  let [sum, best, at] = [0, 0, from]
  for (let index = from; index < to; index++) {
    const value = powerW[index]!
    if (Number.isFinite(value)) sum += rising ? middle - value : value - middle
    if (sum > best) [best, at] = [sum, index + 1]
  }
  return at
}

/** Standard deviation of the samples of a stretch around its own mean. */
function deviation(powerW: Float32Array, from: number, to: number): number {
  let [sum, squares, count] = [0, 0, 0]
  for (let at = Math.max(0, from); at < Math.min(to, powerW.length); at++) {
    const value = powerW[at]!
    if (!Number.isFinite(value)) continue
    sum += value
    squares += value * value
    count++
  }
  return count < 2 ? 0 : Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2))
}

/** Why these stretches are not windows of equal work; null when they may be. */
function whyUnequal(windows: readonly PlacedWindow[], { sampleRateHz, durationS }: StepOptions): string | null {
  const lengths = windows.map(({ startIndex, endIndex }) => (endIndex - startIndex) / sampleRateHz)
  const [least, most] = [lengths.reduce((a, b) => Math.min(a, b)), lengths.reduce((a, b) => Math.max(a, b))]
  const range = `the stretches found last ${least.toPrecision(3)} to ${most.toPrecision(3)} s`
  if (most > least * (1 + mostSpread)) return `${range}: that is not the same work each time`
  const edgesS = 2 * windows.reduce((widest, { edgeUncertaintyS }) => Math.max(widest, edgeUncertaintyS), 0)
  if (durationS !== undefined && Math.max(most - durationS, durationS - least) > durationS * timerShare + edgesS)
    return `${range}, the device's timer says ${durationS.toPrecision(3)} s`
  return null
}

/** The window of one stretch, its edges sought near the borders of its blocks. */
function refine(
  powerW: Float32Array,
  [from, to]: readonly [number, number],
  reach: number,
  levels: Levels,
  { sampleRateHz, inferences }: StepOptions,
): PlacedWindow {
  const middle = (levels.low + levels.high) / 2
  const startIndex = changePoint(powerW, from, reach, middle, true)
  const endIndex = changePoint(powerW, to, reach, middle, false)
  const noise = deviation(powerW, startIndex, endIndex) / (levels.high - levels.low)
  const correlated = Math.max(1, (endIndex - startIndex) / inferences)
  return {
    startIndex,
    endIndex,
    inferences,
    method: 'found steps',
    edgeUncertaintyS: (0.5 + 3 * noise * noise * correlated) / sampleRateHz,
    edges: 'common',
    words: 'steps found in the power itself; nothing marked the inferences',
  }
}

/**
 * Finds the windows in which a device worked by its power alone: two levels, and the stretches on the higher one. The
 * least trusted way: it cannot tell work from anything else that draws power, so stretches of unequal length are
 * refused. Stretches cut by the trace's ends are left out. Both edges together are sure to ±(½ + 3(σ/Δ)²·c) samples, of
 * scatter σ, step Δ, and c samples of one inference, whose layers make the scatter.
 */
export function windowsFromSteps(powerW: Float32Array, options: StepOptions): FoundWindows {
  const { sampleRateHz, leastS = 0.1 } = options
  const size = Math.max(1, Math.round((leastS * sampleRateHz) / blocksPerLeast))
  const means = blockMeans(powerW, size)
  const levels = twoLevels(means)
  if (!levels || !(levels.high - levels.low > leastContrast * levels.spread))
    return { windows: null, reason: 'the power shows no two levels that stand apart' }
  const windows = runsAbove(means, (levels.low + levels.high) / 2, blocksPerLeast / 2)
    .filter(([from, to]) => from > 0 && to < means.length)
    .map(([from, to]) => refine(powerW, [from * size, to * size], 2 * size, levels, options))
  if (windows.length === 0) return { windows: null, reason: 'no step up with a step down after it' }
  const reason = whyUnequal(windows, options)
  return reason === null ? { windows } : { windows: null, reason }
}
