import type { Clock } from './host.ts'

/** Runs something with a deadline in seconds; `late` when it did not end in time. Its own failure is passed on. */
export async function inTime<T>(clock: Clock, seconds: number, run: () => Promise<T>): Promise<T | 'late'> {
  const done = new AbortController()
  try {
    return await Promise.race([run(), clock.sleep(seconds, done.signal).then(() => 'late' as const)])
  } finally {
    done.abort()
  }
}
