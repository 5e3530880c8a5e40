import { formatNumber } from './format.ts'

/** What is looked at to tell whether a recording is sound. */
export interface StreamSignal {
  readonly samples: number
  readonly clipped: number
  readonly dcOffset: number
  readonly levelDb: number | null
  readonly longestSilenceS: number
}

/** From here on a recording has something that spoils recognition. */
const limits = { clipped: 0.001, dcOffset: 0.02, silenceS: 60 } as const

/** Sentences about what spoils a recording; none of a good one. */
export function streamNotes(signal: StreamSignal, overruns: number): readonly string[] {
  const notes: string[] = []
  if (signal.samples > 0 && signal.levelDb === null)
    notes.push('There is nothing but digital silence: the microphone is muted, or not connected.')
  else if (signal.longestSilenceS >= limits.silenceS)
    notes.push(`Nothing above -70 dBFS for ${formatNumber(signal.longestSilenceS, 3)} s: is the microphone muted?`)
  if (signal.clipped >= limits.clipped)
    notes.push(`${formatNumber(100 * signal.clipped, 2)} % of the samples are clipped: lower the gain.`)
  if (Math.abs(signal.dcOffset) >= limits.dcOffset)
    notes.push(`The signal has a DC offset of ${formatNumber(100 * signal.dcOffset, 2)} % of full scale.`)
  if (overruns > 0) notes.push(`Samples were lost ${overruns} times: this machine did not take them in time.`)
  return notes
}
