import type { Backend, Executable, TensorValue } from '../backends/backend.ts'
import type { Host } from '../core/host.ts'
import { quantile } from '../core/stats.ts'
import type { BenchFigure } from '../cost/machine-profile.ts'
import { sampleInput } from './input.ts'

/** So much is made and dropped for memory to be settled, in arrays of the usual length, in bytes. */
const settlingBytes = 1 << 25
const settlingArrayBytes = 1 << 14

/**
 * Makes and drops arrays until the collector has been at work: as long as a process only takes fresh memory from the
 * system, outputs of some kilobytes cost several times what they cost later.
 */
export function settleMemory(): void {
  let kept = new Uint8Array(0)
  for (let bytes = 0; bytes < settlingBytes; bytes += settlingArrayBytes)
    kept = new Uint8Array(settlingArrayBytes).fill(1)
  void kept
}

/** Seconds that one visit to an engine takes; at least two runs are made. */
const visitS = 0.002
const warmBursts = 30
/** Least runs of a warm-up, unless they take longer than so many seconds. */
const warmRuns = 120
/** Of engines whose code is the same for all models, and of those that compile every model while it runs. */
const warmS = { byEngine: 0.008, byModel: 0.03 } as const
/** A burst that is this much faster than the best before it shows that the engine is still warming up. */
const stillFaster = 0.95

/** Runs for about a visit; gives the time of a run by the visit's lower quartile, in seconds. */
async function visit(host: Host, executable: Executable, input: Readonly<Record<string, TensorValue>>) {
  const times: number[] = []
  const { clock } = host
  const beginS = clock.preciseS()
  for (let beforeS = beginS; times.length < 2 || beforeS - beginS < visitS; ) {
    await executable.run(input)
    const nowS = clock.preciseS()
    times.push(nowS - beforeS)
    beforeS = nowS
  }
  return { latencyS: quantile(times, 0.25), runs: times.length }
}

/** An engine that is timed in visits. */
export interface TimedEngine {
  /** Runs until runs get no faster: engines that compile while they run need hundreds. */
  warmUp(): Promise<void>
  visit(): Promise<void>
  /** Figures by name, over all visits so far. */
  figures(): Readonly<Record<string, BenchFigure>>
}

/** The undisturbed time: what others do on the machine only ever adds. */
function figureOf(visits: readonly number[]): BenchFigure {
  const latencyS = Math.max(1e-9, quantile(visits, 0.15))
  const spread = quantile(visits, 0.4) / latencyS - 1
  return { latencyS, deviation: Math.min(0.2, Math.max(0.01, spread / 2)) }
}

/** Times whole runs. */
export function timedRuns(
  host: Host,
  name: string,
  executable: Executable,
  { warmsUpByModel }: Pick<Backend, 'warmsUpByModel'> = {},
): TimedEngine {
  const input = sampleInput(executable.inputs)
  const visits: number[] = []
  return {
    async warmUp() {
      let [best, calm, runs] = [Number.POSITIVE_INFINITY, 0, 0]
      const enoughS = host.clock.nowS() + (warmsUpByModel ? warmS.byModel : warmS.byEngine)
      const isWarm = () => calm >= 2 && (runs >= warmRuns || host.clock.nowS() > enoughS)
      for (let burst = 0; burst < warmBursts && !isWarm(); burst++) {
        const burstOf = await visit(host, executable, input)
        calm = burstOf.latencyS < best * stillFaster ? 0 : calm + 1
        best = Math.min(best, burstOf.latencyS)
        runs += burstOf.runs
      }
    },
    visit: async () => {
      visits.push((await visit(host, executable, input)).latencyS)
    },
    figures: () => ({ [name]: figureOf(visits) }),
  }
}

const layerRounds = 12

/** Times every layer of an engine that shows them; `names` in the order of its layers. */
export function timedLayers(host: Host, names: readonly string[], executable: Executable): TimedEngine {
  const input = sampleInput(executable.inputs)
  const visits: number[][] = names.map(() => [])
  const options = { repeats: layerRounds, preciseS: () => host.clock.preciseS() }
  return {
    warmUp: async () => {
      executable.profile!(input, { ...options, repeats: 100 })
    },
    visit: async () => {
      const { layers } = executable.profile!(input, options)
      for (const [index, { latencyS }] of layers.entries()) visits[index]!.push(latencyS)
    },
    figures: () => Object.fromEntries(names.map((name, index) => [name, figureOf(visits[index]!)])),
  }
}
