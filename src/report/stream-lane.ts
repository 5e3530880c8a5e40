import { formatTick, ticks } from './axis.ts'
import { type Html, html } from './html-escape.ts'
import type { TimelineBin } from './stream-report.ts'

/** Width of the picture of a stream, and its edges. */
export const streamWidth = 1200
export const streamEdge: {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
} = {
  left: 150,
  right: 24,
  top: 18,
  bottom: 40,
}
export const innerWidth: number = streamWidth - streamEdge.left - streamEdge.right

/** From a value to its place in the picture. */
export type Place = (value: number) => number

/** A lane of the picture: it is as high as it says, wherever it is put. */
export interface Lane {
  readonly title: string
  readonly detail: string
  readonly high: number
  draw(y: number): Html
}

/** Where a stream's times lie. */
export interface TimeAxis {
  readonly x: Place
  readonly endS: number
}

/** A place as the picture writes it. */
export const fixed = (value: number): number => Number(value.toFixed(1))

/** A scale at the left of a lane with faint lines across. */
export function scaleLines(top: number, high: number, y: number, about: number): Html {
  const [left, right] = [streamEdge.left, streamEdge.left + innerWidth]
  return html`${ticks(0, top, about).map((tick) => {
    const at = fixed(y + high - (tick / top) * high)
    return html`<line x1="${left}" x2="${right}" y1="${at}" y2="${at}" style="stroke:var(--grid)"/><text x="${left - 6}" y="${at + 4}" text-anchor="end" style="fill:var(--soft)" font-size="10.5">${formatTick(tick)}</text>
`
  })}`
}

/** Values a bin as steps. */
export function stepPath(
  bins: readonly TimelineBin[],
  values: readonly number[],
  { x, endS }: TimeAxis,
  y: Place,
): string {
  let path = ''
  values.forEach((value, at) => {
    const next = fixed(x(bins[at + 1]?.startS ?? endS))
    path += at === 0 ? `M${fixed(x(bins[0]!.startS))} ${fixed(y(value))}H${next}` : `V${fixed(y(value))}H${next}`
  })
  return path
}

/** A line at a height with words at its right end. */
export function dashedLine(fromY: number, toY: number, words: string): Html {
  const right = streamEdge.left + innerWidth
  return html`<line x1="${streamEdge.left}" x2="${right}" y1="${fixed(fromY)}" y2="${fixed(toY)}" style="stroke:var(--ink)" stroke-dasharray="5 4"/>
<text x="${right - 4}" y="${fixed(toY - 5)}" text-anchor="end" style="fill:var(--ink);stroke:var(--card);stroke-width:3px;paint-order:stroke" font-size="11">${words}</text>
`
}
