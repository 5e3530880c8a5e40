import { formatNumber } from './format.ts'
import type { RocReport, RocVariant } from './roc.ts'
import type { Cell, Table } from './table.ts'

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

/**
 * Highest rate that so few events in so many hours still allow at 95 %: Poisson's upper limit, by bisection.
 */
export function upperRate(events: number, hours: number): number {
  const atMost = (mean: number) => {
    let [term, sum] = [Math.exp(-mean), Math.exp(-mean)]
    for (let k = 1; k <= events; k++) {
      term *= mean / k
      sum += term
    }
    return sum
  }
  let [low, high] = [0, 10 + 3 * events]
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (atMost(middle) > 0.05) low = middle
    else high = middle
  }
  return low / hours
}

/** A row a variant: what its thresholds give. */
export function rocTable({ variants }: RocReport): Table {
  const conditions = Object.keys(variants[0]?.missRate ?? {})
  const right = (title: string) => ({ title, align: 'right' as const })
  return {
    columns: [
      { title: 'Variant', align: 'left' },
      right('False alarms'),
      right('Hours'),
      right('An hour, at most (95 %)'),
      ...conditions.map((condition) => right(`Missed, ${condition}`)),
      right('Wrong keyword'),
      right('Word end to event (median, 95 %)'),
    ],
    rows: variants.map((row): readonly Cell[] => [
      { text: row.variant },
      { text: `${row.falseAlarms}` },
      { text: formatNumber(row.hours, 3) },
      { text: formatNumber(upperRate(row.falseAlarms, row.hours), 2) },
      ...conditions.map((condition) => ({ text: percent(row.missRate[condition] ?? 0) })),
      { text: `${row.confused}` },
      {
        text: row.latency
          ? `${Math.round(1e3 * row.latency.medianS)} ms, ${Math.round(1e3 * row.latency.p95S)} ms`
          : '–',
      },
    ]),
  }
}

/** A row a keyword of one variant: threshold and misses. */
export function keywordTable({ thresholds, misses }: RocVariant): Table {
  const conditions = Object.keys(misses)
  const text = (condition: string, keyword: string) => {
    const row = misses[condition]?.[keyword]
    return row ? `${row.missed} of ${row.total} (${percent(row.missed / row.total)})` : '–'
  }
  return {
    columns: [
      { title: 'Keyword', align: 'left' },
      { title: 'Threshold', align: 'right' },
      ...conditions.map((condition) => ({ title: `Missed, ${condition}`, align: 'right' as const })),
    ],
    rows: Object.entries(thresholds).map(([keyword, threshold]) => [
      { text: keyword },
      { text: threshold.toFixed(3) },
      ...conditions.map((condition) => ({ text: text(condition, keyword) })),
    ]),
  }
}
