import type { Provenance } from '../core/provenance.ts'

/** One cell. A power or energy figure names its provenance here, or its row has a provenance column. */
export interface Cell {
  readonly text: string
  readonly provenance?: Provenance | null
  /** What the cell means to the reader, for colour only. */
  readonly tone?: 'good' | 'warn' | 'bad' | 'faint' | 'strong'
}

/** A column's head; units are part of the title. */
export interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
  /** May be cut with an ellipsis where there is little room. */
  readonly shrinks?: boolean
  /** Left out where a terminal has too little room, the smallest number first. */
  readonly drops?: number
}

/** A table, before anyone decides how it looks. Every row has as many cells as there are columns. */
export interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Cell[])[]
}

/** Colours of a terminal; each function returns its text dressed. */
export type TextStyle = Readonly<Record<'good' | 'warn' | 'bad' | 'faint' | 'strong', (text: string) => string>>

const same = (text: string): string => text

/** No colours. */
export const plainStyle: TextStyle = { good: same, warn: same, bad: same, faint: same, strong: same }

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const combining = /\p{Mark}/u

/** Columns that a text takes on a terminal. */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of text) width += combining.test(character) ? 0 : wide.test(character) ? 2 : 1
  return width
}

/** Makes text safe for one line of a terminal: control characters and direction marks become visible. */
export function cleanLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    const code = character.codePointAt(0)!
    return code < 0x20 ? String.fromCodePoint(0x2400 + code) : '\ufffd'
  })
}

/** Cuts to a width with an ellipsis at the front, where names differ least. */
export function cutTo(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  const characters = [...text]
  while (characters.length > 0 && displayWidth(characters.join('')) > width - 1) characters.shift()
  return `…${characters.join('')}`
}

/** What a cell shows where there is only text: its provenance follows the figure. */
export function cellText(cell: Cell): string {
  const text = cleanLine(cell.text)
  return cell.provenance ? `${text} ${cell.provenance}` : text
}

/**
 * Lines of an aligned table, two spaces between columns. Until it fits the width, columns that may shrink do
 * so, then columns that may be left out are; a table that cannot fit runs over.
 */
export function tableLines(table: Table, width: number, style: TextStyle = plainStyle): readonly string[] {
  const lines = alignedLines(table, width, style)
  const first = table.columns.reduce((least, { drops }) => Math.min(least, drops ?? least), Number.POSITIVE_INFINITY)
  const plain = style === plainStyle ? lines : alignedLines(table, width, plainStyle)
  if (first === Number.POSITIVE_INFINITY || plain.every((line) => displayWidth(line) <= width)) return lines
  return tableLines(
    without(table, (column) => column.drops === first),
    width,
    style,
  )
}

function without(table: Table, leavesOut: (column: Column) => boolean): Table {
  const kept = table.columns.map((column) => !leavesOut(column))
  const keep = <T>(cells: readonly T[]): readonly T[] => cells.filter((_, at) => kept[at])
  return { columns: keep(table.columns), rows: table.rows.map(keep) }
}

function alignedLines(table: Table, width: number, style: TextStyle): readonly string[] {
  const texts = table.rows.map((row) => row.map(cellText))
  const widths = fitWidths(table.columns, texts, width)
  const line = (cells: readonly string[], dress: (text: string, column: number) => string): string =>
    cells
      .map((text, column) => dress(pad(text, widths[column]!, table.columns[column]!.align), column))
      .join('  ')
      .trimEnd()
  const head = line(
    table.columns.map((column) => column.title),
    (text) => style.strong(text),
  )
  const body = texts.map((row, at) =>
    line(row, (text, column) => {
      const tone = table.rows[at]![column]!.tone
      return tone ? style[tone](text) : text
    }),
  )
  return [head, ...body]
}

/** Wraps text at spaces, but not before a percent sign; a word longer than the width stays whole. */
export function wrap(text: string, width: number, indent = ''): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of cleanLine(text)
    .split(/\s+(?!%)/)
    .filter(Boolean)) {
    if (line && displayWidth(indent) + displayWidth(line) + 1 + displayWidth(word) > width) {
      lines.push(indent + line)
      line = word
    } else line = line ? `${line} ${word}` : word
  }
  if (line) lines.push(indent + line)
  return lines
}

function pad(text: string, width: number, align: Column['align']): string {
  const cut = cutTo(text, width)
  const space = ' '.repeat(Math.max(0, width - displayWidth(cut)))
  return align === 'right' ? space + cut : cut + space
}

function fitWidths(columns: readonly Column[], texts: readonly (readonly string[])[], width: number): number[] {
  const widths = columns.map((column, at) =>
    texts.reduce((most, row) => Math.max(most, displayWidth(row[at]!)), displayWidth(column.title)),
  )
  const least = (at: number) => Math.max(10, displayWidth(columns[at]!.title))
  let over = widths.reduce((sum, each) => sum + each, 2 * (columns.length - 1)) - width
  for (let at = 0; at < columns.length && over > 0; at++) {
    if (!columns[at]!.shrinks) continue
    const cut = Math.min(over, Math.max(0, widths[at]! - least(at)))
    widths[at]! -= cut
    over -= cut
  }
  return widths
}
