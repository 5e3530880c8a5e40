/** How often values of a tensor were seen, in equal bins over the range that all of them lie in. */
export interface Histogram {
  readonly low: number
  readonly high: number
  readonly counts: Float64Array
}

/** Bins of a histogram: fine enough that 8-bit steps over a tenth of the range still span several. */
const binCount = 4096

/** An empty histogram over a range. */
export function emptyHistogram(low: number, high: number): Histogram {
  return { low, high, counts: new Float64Array(binCount) }
}

/** Width of one bin, in the tensor's unit. */
export function binWidth({ low, high, counts }: Histogram): number {
  return (high - low) / counts.length
}

/** Counts values; those outside of the range go into the outermost bins. */
export function count(histogram: Histogram, values: ArrayLike<number>): void {
  const { low, high, counts } = histogram
  const last = counts.length - 1
  const factor = high > low ? counts.length / (high - low) : 0
  for (let index = 0; index < values.length; index++) {
    const bin = Math.floor((values[index]! - low) * factor)
    counts[Math.min(last, Math.max(0, bin))]! += 1
  }
}

/** Middle of a bin. */
export function binMiddle(histogram: Histogram, bin: number): number {
  return histogram.low + (bin + 0.5) * binWidth(histogram)
}

/** The value below which a share of what was counted lies. */
export function histogramQuantile(histogram: Histogram, share: number): number {
  const { low, counts } = histogram
  const wanted = share * counts.reduce((sum, value) => sum + value, 0)
  let seen = 0
  for (let bin = 0; bin < counts.length; bin++) {
    if (seen + counts[bin]! >= wanted) {
      const inside = counts[bin]! > 0 ? (wanted - seen) / counts[bin]! : 0
      return low + (bin + inside) * binWidth(histogram)
    }
    seen += counts[bin]!
  }
  return histogram.high
}
