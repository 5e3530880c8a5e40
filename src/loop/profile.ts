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

async function timeRuns(host: Host, executable: Executable, latencies: number[]): Promise<void> {
  const input = sampleInput(executable.inputs)
  const endS = host.clock.nowS() + visitS
  for (let run = 0; run < 3 || host.clock.nowS() < endS; run++) {
    const startS = host.clock.preciseS()
    await executable.run(input)
    latencies.push(executable.declaredCost?.latencyS ?? host.clock.preciseS() - startS)
  }
}

/**
 * Measures latencies, interleaved so that a slow spell of the machine hits all candidates alike: after a
 * warm-up, every round visits every candidate in turn. Medians and 95th percentiles over all runs.
 */
export async function measureLatencies(
  host: Host,
  candidates: readonly Timed[],
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, LatencyFigure>> {
  const latencies = new Map(candidates.map((candidate) => [candidate.key, [] as number[]]))
  for (const { executable } of candidates) {
    const input = sampleInput(executable.inputs)
    for (let run = 0; run < warmUpRuns; run++) await executable.run(input)
  }
  for (let round = 0; round < rounds; round++) {
    stopIfAborted(signal)
    for (const { key, executable } of candidates) await timeRuns(host, executable, latencies.get(key)!)
    onProgress?.({ stage: 'profile', done: round + 1, total: rounds })
    await host.clock.sleep(0)
  }
  return new Map(
    [...latencies].map(([key, values]) => [
      key,
      { medianS: quantile(values, 0.5), p95S: quantile(values, 0.95), n: values.length },
    ]),
  )
}
