import type { Device, DeviceFact } from '../core/device.ts'
import { messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { inTime } from '../core/in-time.ts'

/** Adapters, or why there is none; `reason` is empty when there is one. */
export interface WebGpuResult {
  readonly devices: readonly Device[]
  readonly reason: string
}

interface Adapter {
  readonly info?: Readonly<Record<string, unknown>>
}

interface Gpu {
  requestAdapter(): Promise<Adapter | null>
}

const provider = 'webgpu'
const timeoutS = 3

/** Asks the optional package `webgpu` (Dawn for Node) for its adapter. Never throws and never waits longer than 3 s. */
export async function findWebGpu(host: Host): Promise<WebGpuResult> {
  const none = (reason: string): WebGpuResult => ({ devices: [], reason })
  try {
    const answer = await inTime(host.clock, timeoutS, () => askAdapter(host))
    if (answer === 'late') return none(`the WebGPU provider "${provider}" gave no answer within ${timeoutS} s`)
    if (answer === 'not installed') return none(`no WebGPU provider is installed (npm install ${provider})`)
    if (answer === null) return none(`the WebGPU provider "${provider}" has no adapter`)
    return { devices: [toDevice(answer)], reason: '' }
  } catch (error) {
    return none(`the WebGPU provider "${provider}" failed: ${messageOf(error)}`)
  }
}

async function askAdapter(host: Host): Promise<Adapter | null | 'not installed'> {
  const loaded = await host.optionalPackage(provider)
  if (loaded === null) return 'not installed'
  const create = (loaded as { create?: unknown }).create
  if (typeof create !== 'function') throw new Error('it exports no create()')
  return (create([]) as Gpu).requestAdapter()
}

function toDevice(adapter: Adapter): Device {
  const info = adapter.info ?? {}
  const texts = ['vendor', 'architecture', 'device', 'description'].flatMap((key) => {
    const value = info[key]
    return typeof value === 'string' && value !== '' ? [[key, value] as const] : []
  })
  const facts: Readonly<Record<string, DeviceFact>> = Object.fromEntries(texts)
  const name = facts.description ?? facts.device ?? facts.vendor ?? 'GPU'
  return { id: 'gpu:webgpu', kind: 'gpu', name: `${name} (WebGPU)`, facts, sources: [`package ${provider}`] }
}
