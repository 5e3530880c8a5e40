import type { Clock } from '../../src/core/host.ts'

/** A clock that only goes on when it is told to. Sleepers wake in order of their time. */
export interface FakeClock extends Clock {
  /** Lets so many seconds pass, running everything that becomes due on the way. */
  advance(seconds: number): Promise<void>
  /** Lets time pass without running anything, as a blocked event loop does. */
  block(seconds: number): void
  /** Goes on until the promise is settled; gives up after `limitS`. */
  until<T>(promise: Promise<T>, limitS?: number): Promise<T>
}

const settle = () => new Promise<void>((resume) => setImmediate(resume))

/** Starts at `startS` seconds. */
export function createFakeClock(startS = 1000): FakeClock {
  let now = startS
  let sleepers: { atS: number; wake: () => void }[] = []
  const step = async (toS: number): Promise<boolean> => {
    sleepers.sort((a, b) => a.atS - b.atS)
    const [first] = sleepers
    if (!first || first.atS > toS) return false
    sleepers.shift()
    now = Math.max(now, first.atS)
    first.wake()
    await settle()
    return true
  }
  const advance = async (seconds: number) => {
    const target = now + seconds
    await settle()
    while (await step(target));
    now = Math.max(now, target)
  }
  return {
    nowS: () => now,
    preciseS: () => now,
    wallTime: () => new Date(now * 1000),
    sleep: (seconds, signal) =>
      new Promise((resume) => {
        if (signal?.aborted) return resume()
        const wake = () => {
          sleepers = sleepers.filter((other) => other !== sleeper)
          signal?.removeEventListener('abort', wake)
          resume()
        }
        const sleeper = { atS: now + seconds, wake }
        sleepers.push(sleeper)
        signal?.addEventListener('abort', wake)
      }),
    advance,
    block: (seconds) => {
      now += seconds
    },
    until: async (promise, limitS = 120) => {
      let done = false
      const mark = () => {
        done = true
      }
      promise.then(mark, mark)
      for (const endS = now + limitS; !done; ) {
        await settle()
        if (done) break
        if (now >= endS) throw new Error(`not settled within ${limitS} fake seconds`)
        if (!(await step(endS))) now = endS
      }
      return promise
    },
  }
}
