/** One point of a ROC: the fewest misses with at most so many false alarms. */
export interface RocPoint {
  readonly falseAlarmsPerHour: number
  readonly thresholds: Readonly<Record<string, number>>
  /** By condition (`clean`, `10 dB`): share of the keywords that made no event. */
  readonly missRate: Readonly<Record<string, number>>
}

/** What a detector with its thresholds does on validation audio, and the whole trade. */
export interface RocVariant {
  readonly variant: string
  readonly thresholds: Readonly<Record<string, number>>
  /** Length of the stream without keywords. */
  readonly hours: number
  readonly falseAlarms: number
  /** By condition and keyword. */
  readonly misses: Readonly<
    Record<string, Readonly<Record<string, { readonly missed: number; readonly total: number }>>>
  >
  readonly missRate: Readonly<Record<string, number>>
  /** Events of another keyword than the one that was said. */
  readonly confused: number
  /** From the end of a word to its event. */
  readonly latency: { readonly medianS: number; readonly p95S: number } | null
  readonly roc: readonly RocPoint[]
}

/** Detectors of a model on validation audio. */
export interface RocReport {
  readonly version: 1
  readonly kind: 'milliwatt-roc'
  readonly milliwatt: string
  readonly model: string
  readonly startedAt: string
  readonly data: string
  readonly split: string
  readonly wantedFalseAlarmsPerHour: number
  readonly variants: readonly RocVariant[]
}
