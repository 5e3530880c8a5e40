import type { Host } from '../core/host.ts'
import { sampleDeviation } from '../core/stats.ts'
import { chainGraph } from '../cost/bench-graph.ts'
import { type Bench, benches } from '../cost/bench-layers.ts'
import type { MachineProfile, PlacePower } from '../cost/machine-profile.ts'
import { type BenchPlace, openGraph } from './bench-place.ts'
import { sampleInput } from './input.ts'
import type { PowerSession } from './power.ts'

/** Seconds of one power window. */
const powerWindowS = 1

/** Mean power while one microbenchmark runs at a place; null where it does not run or was not measured. */
async function meanPowerOf(host: Host, place: BenchPlace, session: PowerSession, bench: Bench): Promise<number | null> {
  const executable = await openGraph(host, place, chainGraph(bench.layers, bench.dtype))
  if (!executable) return null
  try {
    const input = sampleInput(executable.inputs)
    const endS = host.clock.nowS() + powerWindowS
    const { window } = await session.window(`profile: ${place.id}`, 0, async () => {
      while (host.clock.nowS() < endS) await executable.run(input)
    })
    return window.energy?.verdict === 'complete' ? window.energy.meanPowerW : null
  } finally {
    await executable[Symbol.asyncDispose]()
  }
}

/** Two windows say little of a spread; it is never taken for less. */
const leastSpread = 0.03

/** Power of a place over two microbenchmarks, one a type, against an idle level that was read before. */
async function powerOf(
  host: Host,
  place: BenchPlace,
  session: PowerSession,
  idleW: number | null,
): Promise<PlacePower | null> {
  const read: number[] = []
  for (const bench of benches.filter(({ layers }) => layers.length > 5).slice(0, 2)) {
    const powerW = await meanPowerOf(host, place, session, bench)
    if (powerW !== null) read.push(powerW)
  }
  if (read.length === 0) return null
  const activeW = read.reduce((sum, powerW) => sum + powerW, 0) / read.length
  const deviation = Math.max(leastSpread, read.length > 1 ? sampleDeviation(read) / activeW : 0)
  return { activeW, deviation, idleW, provenance: session.meter.info.provenance }
}

/** The profile with the power of every place that was read while it worked. Aborting stops before the next place. */
export async function withPower(
  host: Host,
  session: PowerSession,
  profile: MachineProfile,
  places: readonly BenchPlace[],
  signal?: AbortSignal,
): Promise<MachineProfile> {
  const idle = await session.idle(powerWindowS, signal)
  const powers = new Map<string, PlacePower>()
  for (const place of places) {
    if (signal?.aborted) break
    const power = await powerOf(host, place, session, idle.idle?.meanPowerW ?? null)
    if (power) powers.set(place.id, power)
  }
  const updated = Object.entries(profile.places).map(([id, one]) => [
    id,
    { ...one, power: powers.get(id) ?? one.power },
  ])
  return { ...profile, places: Object.fromEntries(updated) }
}
