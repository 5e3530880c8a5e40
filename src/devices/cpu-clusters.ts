import type { SystemTree } from '../core/host.ts'
import { distinct, fact, readNumber } from './read.ts'

/** Logical processors that are alike, the slowest cluster first. Frequencies in hertz. */
export interface CpuCluster {
  readonly cpus: readonly number[]
  /** Name of the core, such as `Cortex-A76`, when it is known. */
  readonly core?: string
  /** The kernel's relative capacity; 1024 is the fastest core of the machine. */
  readonly capacity?: number
  readonly minimumHz?: number
  readonly maximumHz?: number
  readonly governor?: string
}

interface Cpu {
  readonly number: number
  readonly core: string | undefined
  readonly capacity: number | undefined
  readonly minimumHz: number | undefined
  readonly maximumHz: number | undefined
  readonly governor: string | undefined
}

const folder = '/sys/devices/system/cpu'

/** Speeds that differ by less than this factor are the same kind of core, binned or boosted apart. */
const sameKind = 1.15

/**
 * Groups the processors that are on-line into clusters: by the kind of core, then by capacity or, without it, by
 * highest frequency.
 * @param coreNames name of the core by processor number
 */
export async function readClusters(
  system: SystemTree,
  coreNames: ReadonlyMap<number, string>,
): Promise<readonly CpuCluster[]> {
  const numbers = (await system.list(folder)).flatMap((name) => /^cpu(\d{1,5})$/.exec(name)?.[1] ?? []).map(Number)
  const cpus = await Promise.all(numbers.sort((a, b) => a - b).map((number) => readCpu(system, number, coreNames)))
  const online = cpus.flat()
  const byCore = distinct(online.map((cpu) => cpu.core)).map((core) => online.filter((cpu) => cpu.core === core))
  return byCore
    .flatMap((group) => splitBySpeed(group))
    .map(toCluster)
    .sort((a, b) => speedOf(a) - speedOf(b) || a.cpus[0]! - b.cpus[0]!)
}

/** How many physical cores the topology shows; undefined when it shows none. */
export async function countCores(system: SystemTree, cpus: readonly number[]): Promise<number | undefined> {
  const siblings = await Promise.all(
    cpus.map(async (cpu) => {
      const topology = `${folder}/cpu${cpu}/topology`
      return (
        (await system.readText(`${topology}/core_cpus_list`)) ??
        (await system.readText(`${topology}/thread_siblings_list`))
      )
    }),
  )
  return siblings.length === 0 || siblings.includes(null) ? undefined : new Set(siblings).size
}

async function readCpu(system: SystemTree, number: number, coreNames: ReadonlyMap<number, string>): Promise<Cpu[]> {
  const path = `${folder}/cpu${number}`
  if ((await system.readText(`${path}/online`)) === '0') return []
  const kilohertz = async (name: string) => {
    const value = await readNumber(system, `${path}/cpufreq/${name}`)
    return value === undefined ? undefined : value * 1000
  }
  return [
    {
      number,
      core: coreNames.get(number),
      capacity: await readNumber(system, `${path}/cpu_capacity`),
      minimumHz: await kilohertz('cpuinfo_min_freq'),
      maximumHz: await kilohertz('cpuinfo_max_freq'),
      governor: (await system.readText(`${path}/cpufreq/scaling_governor`)) || undefined,
    },
  ]
}

function splitBySpeed(cpus: readonly Cpu[]): Cpu[][] {
  const sorted = [...cpus].sort((a, b) => speedOf(a) - speedOf(b) || a.number - b.number)
  const groups: Cpu[][] = []
  for (const cpu of sorted) {
    const group = groups.at(-1)
    const last = group?.at(-1)
    if (group && last && speedOf(cpu) <= speedOf(last) * sameKind) group.push(cpu)
    else groups.push([cpu])
  }
  return groups
}

function speedOf(cpu: { readonly capacity?: number | undefined; readonly maximumHz?: number | undefined }): number {
  return cpu.capacity ?? (cpu.maximumHz ?? 0) / 1e7
}

function toCluster(cpus: readonly Cpu[]): CpuCluster {
  const known = (values: readonly (number | undefined)[]) => values.filter((value) => value !== undefined)
  const [capacities, lows, highs] = [
    known(cpus.map((cpu) => cpu.capacity)),
    known(cpus.map((cpu) => cpu.minimumHz)),
    known(cpus.map((cpu) => cpu.maximumHz)),
  ]
  return {
    cpus: cpus.map((cpu) => cpu.number).sort((a, b) => a - b),
    ...fact('core', cpus[0]?.core),
    ...fact('capacity', capacities.length > 0 ? Math.max(...capacities) : undefined),
    ...fact('minimumHz', lows.length > 0 ? Math.min(...lows) : undefined),
    ...fact('maximumHz', highs.length > 0 ? Math.max(...highs) : undefined),
    ...fact('governor', distinct(cpus.flatMap((cpu) => cpu.governor ?? [])).join(', ') || undefined),
  }
}
