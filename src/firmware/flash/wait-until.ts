import type { Clock } from '../../core/host.ts'

const pollS = 0.25

/** Looks every quarter of a second, at least once; null where nothing came of it in time. @throws the signal's reason */
export async function waitUntil<T>(
  clock: Clock,
  signal: AbortSignal,
  seconds: number,
  look: () => Promise<T | null>,
): Promise<T | null> {
  for (const untilS = clock.nowS() + seconds; ; ) {
    const seen = await look()
    if (seen !== null || clock.nowS() >= untilS) return seen
    await clock.sleep(pollS, signal)
    signal.throwIfAborted()
  }
}
