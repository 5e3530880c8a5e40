import type { Clock } from '../core/host.ts'

interface Sleeper {
  readonly untilS: number
  readonly wake: () => void
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #nowS: number
  readonly #start: number
  readonly #sleepers = new Set<Sleeper>()

  /** @param start wall time at which it stands, in seconds since 1970 */
  constructor(start = 1_790_000_000) {
    this.#start = start
    this.#nowS = start
  }

  nowS(): number {
    return this.#nowS
  }

  preciseS(): number {
    return this.elapsedS
  }

  wallTime(): Date {
    return new Date(this.#nowS * 1000)
  }

  /** How many callers wait in `sleep`. */
  get sleeperCount(): number {
    return this.#sleepers.size
  }

  /** Seconds since the clock was made. */
  get elapsedS(): number {
    return this.#nowS - this.#start
  }

  sleep(seconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted || seconds <= 0) return Promise.resolve()
    return new Promise((resume) => {
      const wake = () => {
        this.#sleepers.delete(sleeper)
        signal?.removeEventListener('abort', wake)
        resume()
      }
      const sleeper: Sleeper = { untilS: this.#nowS + seconds, wake }
      this.#sleepers.add(sleeper)
      signal?.addEventListener('abort', wake)
    })
  }

  /** Moves time forward by so many seconds and wakes, in order, who slept until then. */
  advance(seconds: number): void {
    this.#nowS += seconds
    const due = [...this.#sleepers].filter((sleeper) => sleeper.untilS <= this.#nowS)
    for (const sleeper of due.sort((a, b) => a.untilS - b.untilS)) sleeper.wake()
  }
}
