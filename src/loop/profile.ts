import type { Backend, Executable } from '../backends/backend.ts'
import type { Host } from '../core/host.ts'
import { quantileUpperBound } from '../core/quantile-bound.ts'
import { quantile } from '../core/stats.ts'
import type { LatencyFigure } from '../cost/profile.ts'
import { sampleInput } from './input.ts'
import { type OnProgress, stopIfAborted } from './progress.ts'

/** Something to time: an executable with the backend it belongs to. */
export interface Timed {
  readonly key: string
  readonly backend: Backend
  readonly executable: Executable
}

const warmUpRuns = 10
/** Rounds that tell which candidates a choice can be about, those that settle one of them, and both together. */
export const screeningRounds = 4
export const settlingRounds = 8
const fullRounds = screeningRounds + settlingRounds
/** Time that one candidate gets in one round, in seconds; at least three runs are made. */
const visitS = 0.02

async function timeRuns(host: Host, executable: Executable): Promise<number[]> {
  const latencies: number[] = []
  const input = sampleInput(executable.inputs)
  const { remote } = executable
  await remote?.load(input)
  const endS = host.clock.nowS() + visitS
  for (let run = 0; run < 3 || host.clock.nowS() < endS; run++) {
    const startS = host.clock.preciseS()
    const ownS = remote ? await remote.run(1, 'none') : await executable.run(input).then(() => undefined)
    latencies.push(ownS ?? executable.declaredCost?.latencyS ?? host.clock.preciseS() - startS)
  }
  return latencies
}

async function warmUp(executable: Executable): Promise<void> {
  const input = sampleInput(executable.inputs)
  for (let run = 0; run < (executable.remote ? 1 : warmUpRuns); run++) await executable.run(input)
}

/** Figures of the rounds so far; the bound of the 95th percentile only where they are enough to show slow spells. */
function figureOf(byRound: readonly (readonly number[])[]): LatencyFigure {
  const all = byRound.flat()
  const figure = { medianS: quantile(all, 0.5), p95S: quantile(all, 0.95), n: all.length }
  return byRound.length < settlingRounds ? figure : { ...figure, p95HighS: quantileUpperBound(byRound) }
}

/** How rounds are made. */
export interface RoundOptions {
  /** Seconds between rounds, so that they do not all lie in one spell of the machine; 0 by default. */
  readonly pauseS?: number
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/** Latencies that are measured round by round, of all candidates or of some more than of others. */
export class LatencyRounds {
  readonly #host: Host
  readonly #byRound = new Map<string, number[][]>()

  constructor(host: Host) {
    this.#host = host
  }

  /**
   * Measures so many rounds more, interleaved so that a slow spell of the machine hits all candidates alike: after a
   * warm-up, every round visits every candidate in turn.
   */
  async add(
    candidates: readonly Timed[],
    rounds: number,
    { pauseS = 0, onProgress, signal }: RoundOptions = {},
  ): Promise<void> {
    for (const { key, executable } of candidates) {
      if (this.#byRound.has(key)) continue
      this.#byRound.set(key, [])
      await warmUp(executable)
    }
    for (let round = 0; round < rounds; round++) {
      stopIfAborted(signal)
      for (const { key, executable } of candidates) this.#byRound.get(key)!.push(await timeRuns(this.#host, executable))
      onProgress?.({ stage: 'profile', done: round + 1, total: rounds })
      await this.#host.clock.sleep(pauseS)
    }
  }

  /** Figures over all rounds so far, by key. */
  figures(): ReadonlyMap<string, LatencyFigure> {
    return new Map([...this.#byRound].map(([key, byRound]) => [key, figureOf(byRound)]))
  }
}

/** Measures latencies of all candidates alike, in as many rounds as settle a choice. */
export async function measureLatencies(
  host: Host,
  candidates: readonly Timed[],
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, LatencyFigure>> {
  const rounds = new LatencyRounds(host)
  await rounds.add(candidates, fullRounds, { ...(onProgress ? { onProgress } : {}), ...(signal ? { signal } : {}) })
  return rounds.figures()
}
