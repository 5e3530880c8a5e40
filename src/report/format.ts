import type { MeanInterval } from '../core/cost.ts'
import type { Provenance } from '../core/provenance.ts'
import { median } from '../core/stats.ts'

/** Stands where there is no figure. */
export const noFigure = '–'

/** A display unit: value in SI times `perSi` is the number to print. */
export interface Scale {
  readonly unit: string
  readonly perSi: number
}

const prefixes = [
  ['n', 1e9],
  ['µ', 1e6],
  ['m', 1e3],
  ['', 1],
  ['k', 1e-3],
] as const

/** The display unit that suits the largest of these values: it prints as 1 to 999 where it can. */
export function scaleFor(values: readonly (number | null)[], unit: string, coarsest = 'm'): Scale {
  const largest = Math.max(0, ...finite(values).map(Math.abs))
  const allowed = prefixes.slice(0, prefixes.findIndex(([prefix]) => prefix === coarsest) + 1)
  const fitting =
    largest === 0 ? allowed.at(-1)! : (allowed.findLast(([, perSi]) => largest * perSi >= 1) ?? allowed[0]!)
  return { unit: `${fitting[0]}${unit}`, perSi: fitting[1] }
}

/** The finite numbers among the values. */
export function finite(values: readonly (number | null)[]): readonly number[] {
  return values.filter((value): value is number => value !== null && Number.isFinite(value))
}

/** Largest and smallest of many numbers, safe for any count; null for none. */
export function extent(values: readonly (number | null)[]): readonly [number, number] | null {
  let range: readonly [number, number] | null = null
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue
    range = range ? [Math.min(range[0], value), Math.max(range[1], value)] : [value, value]
  }
  return range
}

/** Decimals that give this number about so many significant digits, 0 to 6. */
function decimalsFor(value: number, digits = 4): number {
  if (!Number.isFinite(value) || value === 0) return digits - 1
  return Math.min(6, Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value)))))
}

/** A number with about four significant digits and no exponent; a dash when there is none. */
export function formatNumber(value: number | null, digits = 4): string {
  if (value === null || !Number.isFinite(value)) return noFigure
  return withoutMinusZero(value.toFixed(decimalsFor(value, digits)))
}

function withoutMinusZero(text: string): string {
  return text.replace(/^-(0(\.0*)?)$/, '$1')
}

/** A value in one fixed display unit, without naming it. */
export function inScale(value: number | null, scale: Scale, digits = 4): string {
  return value === null ? noFigure : formatNumber(value * scale.perSi, digits)
}

/** Number and unit, such as `4.120 ms`. */
export function withUnit(value: number | null, unit: string, coarsest = 'm'): string {
  if (value === null || !Number.isFinite(value)) return noFigure
  const scale = scaleFor([value], unit, coarsest)
  return `${inScale(value, scale)} ${scale.unit}`
}

/** Power with its unit and where it comes from: `12.34 mW emulated`. */
export function formatPower(powerW: number | null, provenance: Provenance | null): string {
  return sourced(withUnit(powerW, 'W', ''), provenance)
}

/** Energy with its unit and where it comes from: `0.412 mJ measured`. */
export function formatEnergy(energyJ: number | null, provenance: Provenance | null): string {
  return sourced(withUnit(energyJ, 'J', ''), provenance)
}

/** The 95 % interval of a mean in words, in the mean's unit: `95 % interval 408.1 to 416.0 µJ, n = 12`. */
export function intervalWords(figure: MeanInterval, unit: string): string {
  if (!figure.interval95) return figure.n === 1 ? 'one window, so no interval' : `n = ${figure.n}`
  const scale = scaleFor([figure.mean], unit, '')
  const [low, high] = figure.interval95.map((end) => inScale(end, scale))
  return `95 % interval ${low} to ${high} ${scale.unit}, n = ${figure.n}`
}

/**
 * Prints a column of numbers with one count of decimals: four significant digits for the largest, and three
 * for the median where that needs more.
 */
export function columnFormat(values: readonly (number | null)[], scale: Scale): (value: number | null) => string {
  const sizes = finite(values).map((value) => Math.abs(value * scale.perSi))
  const largest = sizes.reduce((most, value) => Math.max(most, value), 0)
  const decimals = Math.min(4, Math.max(decimalsFor(largest), decimalsFor(median(sizes), 3)))
  return (value) =>
    value === null || !Number.isFinite(value) ? noFigure : withoutMinusZero((value * scale.perSi).toFixed(decimals))
}

/** Seconds in a unit that suits: `4.120 ms`, `12.30 s`. */
export function formatTime(seconds: number | null): string {
  return withUnit(seconds, 's', '')
}

/** Bytes in kB or MB (decimal). */
export function formatBytes(bytes: number | null): string {
  if (bytes === null || !Number.isFinite(bytes)) return noFigure
  if (bytes < 1000) return `${bytes} B`
  return bytes < 1e6 ? `${formatNumber(bytes / 1e3, 3)} kB` : `${formatNumber(bytes / 1e6, 3)} MB`
}

/** A count with thousands apart. */
export function formatCount(count: number | null): string {
  if (count === null || !Number.isFinite(count)) return noFigure
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ' ')
}

/** A count of operations with a prefix: `2.66 M`. */
export function formatMacs(macs: number | null): string {
  if (macs === null || !Number.isFinite(macs)) return noFigure
  if (macs < 1e3) return String(macs)
  return macs < 1e6 ? `${formatNumber(macs / 1e3, 3)} k` : `${formatNumber(macs / 1e6, 3)} M`
}

/** A share of 0..1 in percent. */
export function formatPercent(share: number | null, decimals = 1): string {
  return share === null || !Number.isFinite(share) ? noFigure : `${(share * 100).toFixed(decimals)} %`
}

/** A range of shares in percent. */
export function formatPercentRange([low, high]: readonly [number, number]): string {
  return `${(low * 100).toFixed(1)} to ${(high * 100).toFixed(1)} %`
}

/** ISO time as `2026-11-20 14:03:22 UTC`; other text as it is. */
export function formatStamp(iso: string): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/.exec(iso)
  return match ? `${match[1]} ${match[2]} UTC` : iso
}

function sourced(figure: string, provenance: Provenance | null): string {
  return figure === noFigure ? figure : `${figure} ${provenance ?? '(source unknown)'}`
}
