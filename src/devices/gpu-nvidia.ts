import type { Host } from '../core/host.ts'
import { fact } from './read.ts'

/** A GPU as `nvidia-smi` lists it. `pciSlot` has the form that sysfs uses, `0000:01:00.0`. */
export interface NvidiaGpu {
  readonly index: number
  readonly name: string
  readonly driverVersion: string
  readonly memoryBytes?: number
  readonly pciSlot?: string
}

const query = ['--query-gpu=index,name,driver_version,memory.total,pci.bus_id', '--format=csv,noheader,nounits']
const timeoutS = 5

/** Asks `nvidia-smi`; empty when it is not installed, fails or is too slow. */
export async function findNvidia(host: Host): Promise<readonly NvidiaGpu[]> {
  const result = await host.command('nvidia-smi', query, timeoutS)
  if (result === null || result.exitCode !== 0) return []
  return result.stdout.split('\n').flatMap((line) => parseLine(line) ?? [])
}

function parseLine(line: string): NvidiaGpu | null {
  const [index, name, driverVersion, memory, bus] = line.split(',').map((part) => part.trim())
  if (!name || !/^\d{1,4}$/.test(index ?? '')) return null
  const mebibytes = Number(memory)
  const slot = /^[0-9a-f]{4,8}:([0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f])$/i.exec(bus ?? '')
  const domain = bus?.split(':')[0]?.slice(-4)
  return {
    index: Number(index),
    name,
    driverVersion: driverVersion || 'of unknown version',
    ...fact('memoryBytes', mebibytes > 0 ? mebibytes * 2 ** 20 : undefined),
    ...fact('pciSlot', slot ? `${domain}:${slot[1]}`.toLowerCase() : undefined),
  }
}
