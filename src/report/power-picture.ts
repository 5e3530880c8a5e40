import type { PyramidColumns } from '../trace/pyramid.ts'
import { extent, formatNumber, scaleFor } from './format.ts'

const eighths = ' ▁▂▃▄▅▆▇█'

/** A stretch to mark under a picture, in seconds. */
export interface MarkedStretch {
  readonly startS: number
  readonly endS: number
}

/** Mean power over time as one line of block characters, from zero (or the least) to the most. */
export function sparkline(columns: PyramidColumns): string {
  const [low, high] = extent(columns.meanW) ?? [0, 0]
  const floor = Math.min(0, low)
  return columns.meanW
    .map((value) => {
      if (value === null) return '·'
      const share = high > floor ? (value - floor) / (high - floor) : 0
      return eighths[Math.max(1, Math.round(share * 8))]!
    })
    .join('')
}

/** A line below a picture that marks the windows: `└─1─┘`, where there is room the number of the window. */
export function windowLine(columns: PyramidColumns, windows: readonly MarkedStretch[]): string {
  const width = columns.meanW.length
  const line: string[] = new Array(width).fill(' ')
  windows.forEach(({ startS, endS }, at) => {
    const from = Math.max(0, Math.floor((startS - columns.startS) / columns.columnS))
    const to = Math.min(width - 1, Math.ceil((endS - columns.startS) / columns.columnS) - 1)
    if (from > to) return
    const name = String(at + 1)
    const inside = to - from - 1
    if (inside < 0) {
      line[from] = '╵'
      return
    }
    const left = Math.floor((inside - name.length) / 2)
    const text = inside >= name.length ? `${'─'.repeat(left)}${name}`.padEnd(inside, '─') : '─'.repeat(inside)
    ;[...`└${text}┘`].forEach((character, offset) => {
      line[from + offset] = character
    })
  })
  return line.join('').trimEnd()
}

/**
 * Power over time as lines of characters: the mean as a solid area, what peaks reach above it as a light one.
 * @param height lines of the picture, without the axis
 */
export function powerPicture(
  columns: PyramidColumns,
  height: number,
  windows: readonly MarkedStretch[],
): readonly string[] {
  const top = extent(columns.maxW)?.[1] ?? 0
  const scale = scaleFor([top], 'W', '')
  const labels = [formatNumber(top * scale.perSi, 3), formatNumber((top / 2) * scale.perSi, 3), '0']
  const room = Math.max(...labels.map((label) => label.length))
  const level = (value: number | null) => (value === null || top <= 0 ? 0 : Math.max(0, (value / top) * height))
  const rows = Array.from({ length: height }, (_, row) => {
    const below = height - 1 - row
    const label =
      row === 0 ? labels[0]! : row === Math.floor(height / 2) ? labels[1]! : row === height - 1 ? labels[2]! : ''
    const cells = columns.meanW.map((mean, at) => cell(level(mean), level(columns.maxW[at] ?? null), below))
    return `${label.padStart(room)} ┤${cells.join('')}`
  })
  const endS = columns.startS + columns.columnS * columns.meanW.length
  const left = `${formatNumber(columns.startS, 3)} s`
  const right = `${formatNumber(endS, 4)} s`
  const gap = Math.max(1, columns.meanW.length - left.length - right.length)
  const indent = ' '.repeat(room + 2)
  const marks = windowLine(columns, windows)
  return [
    `${scale.unit}`.padStart(room),
    ...rows,
    ...(marks ? [indent + marks] : []),
    `${indent}${left}${' '.repeat(gap)}${right}`,
  ]
}

function cell(mean: number, most: number, below: number): string {
  const solid = Math.round((mean - below) * 8)
  if (solid >= 8) return '█'
  if (solid > 0) return eighths[solid]!
  return most - below > 0.5 ? '░' : ' '
}
