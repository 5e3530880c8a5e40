import type { ClockFit } from './clock-fit.ts'
import type { DigitalEdge, PowerBuffer } from './power-buffer.ts'

/** Where a measuring window lies in the samples, by which method, and how sure each edge is. */
export type WindowMarks =
  | {
      readonly method: 'marker edges'
      readonly channel: number
      readonly startIndex: number
      readonly endIndex: number
      /** Uncertainty of the worse of both edges in seconds. */
      readonly edgeUncertaintyS: number
      /** Whether each edge has an error of its own, or one cause shifts all edges of a session alike. */
      readonly edges: 'independent'
      readonly words: string
    }
  | {
      readonly method: 'host marks'
      readonly startIndex: number
      readonly endIndex: number
      readonly edgeUncertaintyS: number
      readonly edges: 'common'
      readonly words: string
    }
  | { readonly method: 'none'; readonly reason: string; readonly words: string }

/**
 * Finds the window that a marker wire drew: the rise and the later fall that together lie nearest to where
 * the host expects them. Each edge is sure to ±½ sample, plus the samples lost right before it.
 * @param approxStart expected border of the rise, as a (fractional) sample index
 * @param approxEnd expected border of the fall
 * @param searchS how far from there to look, in seconds
 */
export function windowFromEdges(
  buffer: PowerBuffer,
  channel: number,
  approxStart: number,
  approxEnd: number,
  searchS: number,
): WindowMarks {
  const reach = searchS * buffer.sampleRateHz
  const near = (index: number) => buffer.edges(channel, index - reach, index + reach + 1)
  const rises = near(approxStart).filter((edge) => edge.rising)
  const falls = near(approxEnd).filter((edge) => !edge.rising)
  const pair = nearestPair(rises, falls, approxStart, approxEnd)
  if (!pair) return noWindow(missing(channel, rises.length, falls.length, searchS))
  return fromPair(buffer, channel, pair)
}

/**
 * The window that a device drew by itself with its marker pin: the longest time that the wire was high among samples that
 * arrived since the window was asked for. Null while there is none.
 * @param fromIndex end of the samples when the window was asked for
 */
export function windowFromPulse(buffer: PowerBuffer, channel: number, fromIndex: number): WindowMarks | null {
  let best: { readonly rise: DigitalEdge; readonly fall: DigitalEdge } | null = null
  let rise: DigitalEdge | null = null
  for (const edge of buffer.edges(channel, fromIndex, buffer.endIndex)) {
    if (!edge.rising && rise && (!best || edge.index - rise.index > best.fall.index - best.rise.index))
      best = { rise, fall: edge }
    rise = edge.rising ? edge : null
  }
  return best && fromPair(buffer, channel, best)
}

function fromPair(
  buffer: PowerBuffer,
  channel: number,
  { rise, fall }: { readonly rise: DigitalEdge; readonly fall: DigitalEdge },
): WindowMarks {
  return {
    method: 'marker edges',
    channel,
    startIndex: rise.index,
    endIndex: fall.index,
    edgeUncertaintyS: (0.5 + Math.max(rise.lostBefore, fall.lostBefore)) / buffer.sampleRateHz,
    edges: 'independent',
    words: `edges of the marker wire on digital channel ${channel}, sampled with the current`,
  }
}

/** The window between two moments of the host clock, by the lower-envelope fit of block arrivals. */
export function windowFromHostMarks(fit: ClockFit, startS: number, endS: number): WindowMarks {
  const startIndex = fit.indexAt(startS)
  const endIndex = fit.indexAt(endS)
  if (!Number.isFinite(startIndex)) return noWindow('no samples have arrived, so the clocks cannot be compared')
  if (!(endIndex > startIndex)) return noWindow('the host marks enclose no time')
  return {
    method: 'host marks',
    startIndex,
    endIndex,
    edgeUncertaintyS: fit.uncertaintyS,
    edges: 'common',
    words: 'host time of each inference, fitted to the arrival of the samples (no marker wire)',
  }
}

function nearestPair(
  rises: readonly DigitalEdge[],
  falls: readonly DigitalEdge[],
  approxStart: number,
  approxEnd: number,
): { readonly rise: DigitalEdge; readonly fall: DigitalEdge } | null {
  const byStart = [...rises].sort((a, b) => Math.abs(a.index - approxStart) - Math.abs(b.index - approxStart))
  const byEnd = [...falls].sort((a, b) => Math.abs(a.index - approxEnd) - Math.abs(b.index - approxEnd))
  let best: { rise: DigitalEdge; fall: DigitalEdge; distance: number } | null = null
  for (const rise of byStart) {
    const toStart = Math.abs(rise.index - approxStart)
    if (best && toStart >= best.distance) break
    const fall = byEnd.find((edge) => edge.index > rise.index)
    if (!fall) continue
    const distance = toStart + Math.abs(fall.index - approxEnd)
    if (!best || distance < best.distance) best = { rise, fall, distance }
  }
  return best
}

function missing(channel: number, rises: number, falls: number, searchS: number): string {
  const what = rises === 0 ? 'no rise near the start' : falls === 0 ? 'no fall near the end' : 'no fall after a rise'
  return `${what} on digital channel ${channel} within ${searchS * 1000} ms`
}

function noWindow(reason: string): WindowMarks {
  return { method: 'none', reason, words: `not lined up: ${reason}` }
}
