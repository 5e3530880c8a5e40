/** A step of long work, told as it goes on: `done` of `total` parts of `stage`. */
export interface Progress {
  readonly stage: string
  readonly done: number
  readonly total: number
}

/** Receives progress; where nobody looks, it is left out. */
export type OnProgress = (progress: Progress) => void

/** Throws the signal's reason when it has aborted. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  signal?.throwIfAborted()
}
