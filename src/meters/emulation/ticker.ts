import type { Clock } from '../../core/host.ts'

/** Calls back in regular intervals of the host clock until it is stopped. */
export interface Ticker {
  stop(): void
}

/** Starts a ticker; the first call comes after one interval. */
export function startTicker(clock: Clock, everyS: number, tick: () => void): Ticker {
  const stopping = new AbortController()
  const run = async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(everyS, stopping.signal)
      if (!stopping.signal.aborted) tick()
    }
  }
  void run()
  return { stop: () => stopping.abort() }
}
