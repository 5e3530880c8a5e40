/** Where sound comes from: int16 samples of one channel at the rate that was asked for. */
export interface AudioSource extends AsyncDisposable {
  /** As reports call it. */
  readonly name: string
  /** It comes in its own time, and what is not taken is lost. */
  readonly live: boolean
  /** How often samples were lost before they came here. */
  readonly overruns: number
  /**
   * Hands over samples until the sound ends or the signal aborts. The next portion comes when the listener has returned.
   * @throws MilliwattError CLIP_*, MICROPHONE_*
   */
  run(onSamples: (samples: Int16Array) => void, signal?: AbortSignal): Promise<void>
}
