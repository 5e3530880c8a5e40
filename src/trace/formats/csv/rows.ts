import type { CsvColumns } from './columns.ts'

/** Rows of a table as columns of numbers. */
export interface CsvRows {
  /** Times in milliseconds; NaN where there is no such column. */
  readonly timesMs: Float64Array
  /** Microamperes; NaN where the field says so. */
  readonly currentUa: Float32Array
  readonly digital: Uint8Array
  readonly count: number
}

const [comma, lineFeed, carriageReturn, dot, minus, zero, nine, one] = [44, 10, 13, 46, 45, 48, 57, 49] as const
const powersOf10 = Array.from({ length: 19 }, (_, exponent) => 10 ** exponent)

/** A decimal number in bytes from..to; NaN for `NaN`, undefined for what is no number. */
function numberIn(bytes: Uint8Array, from: number, to: number): number | undefined {
  let at = from
  const negative = bytes[at] === minus
  if (negative) at++
  let digits = 0
  let decimals = -1
  let count = 0
  for (; at < to; at++) {
    const byte = bytes[at]!
    if (byte >= zero && byte <= nine) {
      digits = digits * 10 + (byte - zero)
      count++
      if (decimals >= 0) decimals++
    } else if (byte === dot && decimals < 0) decimals = 0
    else break
  }
  // What is long or in another notation goes the slow way.
  if (at < to || count === 0 || count > 15) return slowNumber(new TextDecoder().decode(bytes.subarray(from, to)).trim())
  const value = decimals > 0 ? digits / powersOf10[decimals]! : digits
  return negative ? -value : value
}

function slowNumber(text: string): number | undefined {
  if (/^nan$/i.test(text)) return Number.NaN
  const value = Number(text)
  return text === '' || !Number.isFinite(value) ? undefined : value
}

/** Levels of the channels in one field, D0 first: `0`, `1`, `X` (both within an averaged sample) or `-` (unknown). */
function levelsIn(bytes: Uint8Array, from: number, to: number): number {
  let levels = 0
  for (let channel = 0; channel < 8 && from + channel < to; channel++)
    if (isHigh(bytes[from + channel]!)) levels |= 1 << channel
  return levels
}

const isHigh = (byte: number) => byte === one || byte === 88 || byte === 120

/**
 * Reads whole lines.
 * @param bytes lines, the last one ended
 * @returns null with the number of the line (from 0) that is no row
 */
export function readRows(bytes: Uint8Array, columns: CsvColumns): CsvRows | { readonly badLine: number } {
  let lines = 0
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === lineFeed) lines++
  const rows = { timesMs: new Float64Array(lines), currentUa: new Float32Array(lines), digital: new Uint8Array(lines) }
  const starts = new Int32Array(columns.count + 1)
  let count = 0
  let line = 0
  for (let at = 0; at < bytes.length; line++) {
    let end = bytes.indexOf(lineFeed, at)
    const next = end + 1
    if (end > at && bytes[end - 1] === carriageReturn) end--
    if (end > at) {
      if (!fieldStarts(bytes, at, end, starts)) return { badLine: line }
      const time =
        columns.timestampMs < 0
          ? Number.NaN
          : numberIn(bytes, starts[columns.timestampMs]!, starts[columns.timestampMs + 1]! - 1)
      const current = numberIn(bytes, starts[columns.currentUa]!, starts[columns.currentUa + 1]! - 1)
      if (time === undefined || current === undefined) return { badLine: line }
      rows.timesMs[count] = time
      rows.currentUa[count] = current
      rows.digital[count] = levelsOf(bytes, starts, columns)
      count++
    }
    at = next
  }
  return { ...rows, count }
}

function levelsOf(bytes: Uint8Array, starts: Int32Array, { allChannels, channels }: CsvColumns): number {
  if (allChannels >= 0) return levelsIn(bytes, starts[allChannels]!, starts[allChannels + 1]! - 1)
  let levels = 0
  for (let channel = 0; channel < 8; channel++) {
    const column = channels[channel]!
    if (column >= 0 && isHigh(bytes[starts[column]!]!)) levels |= 1 << channel
  }
  return levels
}

/** Fills in where each field begins, and behind the last where a next one would; false for another number of fields. */
function fieldStarts(bytes: Uint8Array, from: number, to: number, starts: Int32Array): boolean {
  let field = 0
  starts[0] = from
  for (let at = from; at < to; at++) {
    if (bytes[at] !== comma) continue
    field++
    if (field >= starts.length - 1) return false
    starts[field] = at + 1
  }
  starts[field + 1] = to + 1
  return field === starts.length - 2
}
