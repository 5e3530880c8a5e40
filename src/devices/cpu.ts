import type { Device, DeviceFact, DeviceFinder, Finding } from '../core/device.ts'
import type { Host } from '../core/host.ts'
import type { Targets } from '../targets/target.ts'
import { type CpuCluster, countCores, readClusters } from './cpu-clusters.ts'
import { type CpuInfo, type CpuReading, countPackageCores, parseCpuInfo } from './cpu-info.ts'
import { readDarwinCpu, readWindowsCpu } from './cpu-other.ts'
import { formatCpus, formatHz } from './format.ts'
import { identifyMachine } from './machine.ts'
import { fact } from './read.ts'

/** Finds the processor that this program runs on. It is always there; what cannot be read is left out. */
export function cpuFinder(targets: Targets): DeviceFinder {
  return { name: 'cpu', kind: 'cpu', find: async (host) => [await findCpu(host, targets)] }
}

/** The clusters of a Linux machine, slowest first; empty elsewhere. */
export async function cpuClusters(host: Host): Promise<readonly CpuCluster[]> {
  const info = parseCpuInfo((await host.system.readText('/proc/cpuinfo')) ?? '')
  return readClusters(host.system, info.coreNames)
}

async function findCpu(host: Host, targets: Targets): Promise<Finding> {
  const readers: Readonly<Record<string, (host: Host) => Promise<CpuReading | null>>> = {
    darwin: readDarwinCpu,
    win32: readWindowsCpu,
  }
  const reader = readers[host.platform] ?? readLinuxCpu
  const read = (await reader(host)) ?? { name: `${host.architecture} processor`, facts: {}, sources: [] }
  const machine = await identifyMachine(host, targets)
  const device: Device = {
    id: 'cpu',
    kind: 'cpu',
    name: read.name,
    ...fact('target', machine.chip),
    facts: {
      machine: machine.name,
      ...fact('board', machine.board),
      ...fact('virtual', machine.virtual),
      architecture: host.architecture,
      ...read.facts,
    },
    sources: [...read.sources, ...machine.sources],
  }
  return { status: 'found', kind: 'cpu', device }
}

async function readLinuxCpu(host: Host): Promise<CpuReading | null> {
  const text = await host.system.readText('/proc/cpuinfo')
  const info = parseCpuInfo(text ?? '')
  const clusters = await readClusters(host.system, info.coreNames)
  const cpus = clusters.flatMap((cluster) => cluster.cpus)
  const logicalCores = cpus.length || info.processors.length
  if (logicalCores === 0) return null
  const sources = [...(text === null ? [] : ['/proc/cpuinfo']), ...(cpus.length ? ['/sys/devices/system/cpu'] : [])]
  return {
    name: info.name ?? `${host.architecture} processor`,
    facts: {
      cores: (await countCores(host.system, cpus)) ?? countPackageCores(info) ?? logicalCores,
      logicalCores,
      ...isaFact(info),
      ...frequencyFacts(clusters),
    },
    sources,
  }
}

function isaFact(info: CpuInfo): Readonly<Record<string, DeviceFact>> {
  return info.isa.length > 0 ? { isa: info.isa } : {}
}

function frequencyFacts(clusters: readonly CpuCluster[]): Readonly<Record<string, DeviceFact>> {
  const lows = clusters.flatMap((cluster) => cluster.minimumHz ?? [])
  const highs = clusters.flatMap((cluster) => cluster.maximumHz ?? [])
  const governors = new Set(clusters.flatMap((cluster) => cluster.governor?.split(', ') ?? []))
  return {
    ...(lows.length > 0 ? { minimumHz: Math.min(...lows) } : {}),
    ...(highs.length > 0 ? { maximumHz: Math.max(...highs) } : {}),
    ...(governors.size > 0 ? { governor: [...governors].join(', ') } : {}),
    ...(clusters.length > 1 ? { clusters: clusters.map((cluster, at) => describeCluster(cluster, at, clusters)) } : {}),
  }
}

function describeCluster(cluster: CpuCluster, index: number, all: readonly CpuCluster[]): string {
  const size = index === 0 ? 'little' : index === all.length - 1 ? 'big' : 'middle'
  const range = [cluster.minimumHz, cluster.maximumHz].flatMap((value) => (value === undefined ? [] : formatHz(value)))
  return [
    `${size}: ${cluster.cpus.length} × ${cluster.core ?? 'core'} (cpu ${formatCpus(cluster.cpus)})`,
    ...(range.length > 0 ? [range.join(' to ')] : []),
    ...(cluster.capacity === undefined ? [] : [`capacity ${cluster.capacity}`]),
  ].join(', ')
}
