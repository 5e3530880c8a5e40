/** A half width with who says so. */
export interface Limit {
  readonly value: number
  readonly source: string
}

/** What is known of a meter's systematic errors: half widths of rectangles that surely hold them. None averages. */
export interface InstrumentLimits {
  /** Relative, of the reading; null where nobody states it: no interval can be stated then. */
  readonly gain: Limit | null
  /** Relative, of the supply voltage where power is current times an assumed or set voltage. */
  readonly supply: Limit
  /** Relative, of the meter's sample clock. */
  readonly clock: Limit
  /** In watts, at any reading. */
  readonly offsetW: Limit
}
