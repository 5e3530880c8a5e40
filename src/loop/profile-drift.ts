import type { Host } from '../core/host.ts'
import { benches } from '../cost/bench-layers.ts'
import type { BenchFigure, MachineProfile } from '../cost/machine-profile.ts'
import { type BenchEngine, type BenchPlace, openJob } from './bench-place.ts'

/** Microbenchmarks that stand for the others: of both types, a single kind of layer and a whole network. */
const sentinels: readonly string[] = benches
  .filter(({ tier, layers }) => tier === 0 && layers.length !== 3)
  .map(({ name }) => name)
const mostSentinels = 4
const visits = 5
/** A place that has become so much slower or faster, as a factor and beyond its spread, is measured anew. */
const driftFactor = 1.25

/** Whether figures moved by more than machines do from minute to minute: the middle of their ratios. */
export function hasDrifted(kept: readonly BenchFigure[], now: readonly BenchFigure[]): boolean {
  if (kept.length === 0) return false
  const logs = kept.map((figure, index) => Math.log(now[index]!.latencyS / figure.latencyS)).sort((a, b) => a - b)
  const middle = logs[Math.floor(logs.length / 2)]!
  const spread = Math.max(...kept.map(({ deviation }) => deviation))
  return Math.abs(middle) > Math.log(driftFactor) + spread
}

/** Times the sentinels of places whose figures are kept; gives the ids of those that have drifted. */
export async function driftedPlaces(
  host: Host,
  profile: MachineProfile,
  places: readonly BenchPlace[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const engines: (BenchEngine & { readonly name: string })[] = []
  try {
    for (const place of places)
      for (const bench of benches) {
        if (signal?.aborted) return []
        const known = profile.places[place.id]?.figures[bench.name]
        const have = engines.filter((engine) => engine.place === place).length
        if (!known || have >= mostSentinels || !sentinels.includes(bench.name)) continue
        const engine = await openJob(host, place, bench)
        if (engine) engines.push({ ...engine, name: bench.name })
      }
    for (let round = 0; round < visits; round++) for (const { timed } of engines) await timed.visit()
    return places
      .filter((place) => {
        const own = engines.filter((engine) => engine.place === place)
        const { figures } = profile.places[place.id]!
        return hasDrifted(
          own.map(({ name }) => figures[name]!),
          own.map(({ name, timed }) => timed.figures()[name]!),
        )
      })
      .map(({ id }) => id)
  } finally {
    for (const { executable } of engines) await executable[Symbol.asyncDispose]()
  }
}
