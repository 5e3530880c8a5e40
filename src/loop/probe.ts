import type { Backend } from '../backends/backend.ts'
import { selectBackends } from '../backends/list.ts'
import type { Device, Finding } from '../core/device.ts'
import type { Host } from '../core/host.ts'
import type { PublishedPower } from '../cost/modelled.ts'
import { findDevices } from '../devices/list.ts'
import { identifyMachine } from '../devices/machine.ts'
import { loadTargets } from '../targets/load.ts'
import type { Targets } from '../targets/target.ts'

/** What is here: the machine, its devices, and what is published about it. */
export interface Probe {
  readonly machine: string
  readonly findings: readonly Finding[]
  /** Usable devices that can compute. */
  readonly devices: readonly Device[]
  readonly targets: Targets
  /** Published power of this machine's board; null when it is not in `targets/` or has no figure. */
  readonly power: PublishedPower | null
  /** Names the machine, its processor and the runtime, so that measurements are kept apart. */
  readonly fingerprint: string
}

const computing = new Set(['cpu', 'gpu', 'npu'])

/**
 * Looks at this machine. Finding nothing is a result, never an error.
 * @param backends engines that are asked for accelerators which only they reach
 */
export async function probe(host: Host, backends: readonly Backend[] = selectBackends(undefined)): Promise<Probe> {
  const targets = await loadTargets(host)
  const [onBuses, machine, ...through] = await Promise.all([
    findDevices(host, targets),
    identifyMachine(host, targets),
    ...backends.map((backend) => backend.devices?.(host, targets) ?? []),
  ])
  const findings = [...onBuses, ...through.flat()]
  const devices = findings.flatMap((finding) =>
    finding.status === 'found' && computing.has(finding.kind) ? [finding.device] : [],
  )
  // A board's published power says nothing about a guest that shares the board with others.
  const published = machine.board && !machine.virtual ? targets.boards.get(machine.board)?.power : undefined
  const power = published?.activeW ? { activeW: published.activeW.value, idleW: published.idleW?.value ?? null } : null
  const cpu = devices.find((device) => device.kind === 'cpu')
  const facts = cpu ? JSON.stringify(cpu.facts, stableFacts) : ''
  const fingerprint = [host.platform, host.architecture, host.runtime, machine.name, cpu?.name ?? '', facts].join(' | ')
  return { machine: machine.name, findings, devices, targets, power, fingerprint }
}

/** Facts that change from minute to minute do not name a machine. */
function stableFacts(key: string, value: unknown): unknown {
  return /governor|frequency|Hz$/i.test(key) ? undefined : value
}
