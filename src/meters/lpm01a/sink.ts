/** What a stream of the meter consists of; its two formats are read into the same calls. */
export interface StreamSink {
  /** One reading: mantissa × base^exponent, in amperes or joules. */
  sample(mantissa: number, exponent: number): void
  /** One reading that cannot be read. */
  damagedSample(): void
  /** Bytes that belong to nothing. */
  discard(bytes: number): void
  /** Bytes were lost since the last time stamp: no reading since then can be trusted. */
  damagedBlock(): void
  /**
   * The meter's clock, which it sends after every 1000 samples.
   * @param milliseconds since the start of the acquisition
   * @param rangeMs where that counter begins again at zero
   */
  stamp(milliseconds: number, rangeMs: number): void
  /** An edge of the event line, with the meter's own two-digit count of them. */
  event(counter: number, edge: string): void
  /** Something that the meter tells and that changes no reading. */
  note(text: string): void
  /** The meter reports a fault: an error, overcurrent, or that it cut the target's power. */
  fault(text: string): void
  /** The acquisition has ended. */
  end(): void
}
