/** Columns of a current table as the Power Profiler app exports it, by their place in a row; -1 where there is none. */
export interface CsvColumns {
  readonly timestampMs: number
  readonly currentUa: number
  /** One column with all eight channels, D0 first. */
  readonly allChannels: number
  /** One column each. */
  readonly channels: readonly number[]
  readonly count: number
}

/** The head of what milliwatt writes: all groups of the app's export. */
export const csvHead = 'Timestamp(ms),Current(uA),D0-D7,D0,D1,D2,D3,D4,D5,D6,D7'

/** Columns that a head line names; null when it is none. The app leaves out what the user did not tick. */
export function readHead(line: string): CsvColumns | null {
  const names = line
    .replace(/^\ufeff/, '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
  const place = (pattern: RegExp) => names.findIndex((name) => pattern.test(name))
  const currentUa = place(/^current ?\((u|µ|μ)a\)$/)
  if (currentUa === -1) return null
  return {
    timestampMs: place(/^timestamp ?\(ms\)$/),
    currentUa,
    allChannels: place(/^d0-d7$/),
    channels: Array.from({ length: 8 }, (_, channel) => names.indexOf(`d${channel}`)),
    count: names.length,
  }
}
