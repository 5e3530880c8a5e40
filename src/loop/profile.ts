import type { Backend, Executable } from '../backends/backend.ts'
import type { Host } from '../core/host.ts'
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
const rounds = 12
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

/** The 95th percentile of the slowest third of the rounds: what keeps a limit must keep it in a slow spell of the machine as well. */
function cautiousP95(byRound: readonly (readonly number[])[]): number {
  const length = Math.ceil(byRound.length / 3)
  const thirds = [0, 1, 2].map((third) => byRound.slice(third * length, (third + 1) * length).flat())
  return Math.max(...thirds.filter((third) => third.length > 0).map((third) => quantile(third, 0.95)))
}

/**
 * Measures latencies, interleaved so that a slow spell of the machine hits all candidates alike: after a
 * warm-up, every round visits every candidate in turn. Medians over all runs, 95th percentiles of the slowest third.
 */
export async function measureLatencies(
  host: Host,
  candidates: readonly Timed[],
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, LatencyFigure>> {
  const latencies = new Map(candidates.map((candidate) => [candidate.key, [] as number[][]]))
  for (const { executable } of candidates) await warmUp(executable)
  for (let round = 0; round < rounds; round++) {
    stopIfAborted(signal)
    for (const { key, executable } of candidates) latencies.get(key)!.push(await timeRuns(host, executable))
    onProgress?.({ stage: 'profile', done: round + 1, total: rounds })
    await host.clock.sleep(0)
  }
  return new Map(
    [...latencies].map(([key, byRound]) => {
      const all = byRound.flat()
      return [key, { medianS: quantile(all, 0.5), p95S: cautiousP95(byRound), n: all.length }]
    }),
  )
}
