import type { Host } from '../core/host.ts'
import { portProblem } from '../core/port-problem.ts'
import type { MeterSearch } from './meter.ts'

/**
 * The search for a meter that shows no USB ids of its own: which ports it may be on, and which of them this user may not
 * open.
 * @param why the user has to name the port
 */
export async function searchUnnamedPort(host: Host, why: string): Promise<MeterSearch> {
  const { ports, reason } = await host.serial.list()
  if (ports.length === 0) return { meters: [], reason: reason ?? 'no serial port is here' }
  const problems = await Promise.all(ports.map((port) => portProblem(host, port.path)))
  const problem = problems.find((each) => each !== null)
  const named = `name its port, which may be any of ${ports.map((port) => port.path).join(', ')}: ${why}`
  return { meters: [], reason: problem ? `${named}; ${problem.reason}. ${problem.next}` : named }
}
