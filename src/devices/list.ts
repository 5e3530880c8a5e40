import type { DeviceFinder, Finding } from '../core/device.ts'
import { messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { inTime } from '../core/in-time.ts'
import type { Targets } from '../targets/target.ts'
import { boardFinder } from './board.ts'
import { cpuFinder } from './cpu.ts'
import { emulatedBoardFinder } from './emulated-board.ts'
import { gpuFinder } from './gpu.ts'
import { meterFinder } from './meter.ts'
import { npuFinder } from './npu.ts'

/** Deadline of one finder in seconds. */
const deadlineS = 15

/** Every device finder, in the order in which results are shown. */
export function deviceFinders(targets: Targets): readonly DeviceFinder[] {
  return [
    cpuFinder(targets),
    gpuFinder(targets),
    npuFinder(targets),
    boardFinder(targets),
    emulatedBoardFinder(targets),
    meterFinder(targets),
  ]
}

/**
 * Runs all finders side by side, each with its own deadline. Never throws: a finder that fails or is late
 * becomes an absence with the reason.
 */
export async function findDevices(
  host: Host,
  targets: Targets,
  finders: readonly DeviceFinder[] = deviceFinders(targets),
): Promise<readonly Finding[]> {
  return (await Promise.all(finders.map((finder) => runFinder(host, finder)))).flat()
}

async function runFinder(host: Host, finder: DeviceFinder): Promise<readonly Finding[]> {
  const absent = (reason: string): readonly Finding[] => [{ status: 'absent', kind: finder.kind, reason }]
  try {
    const found = await inTime(host.clock, deadlineS, () => finder.find(host))
    return found === 'late' ? absent(`the search gave no answer within ${deadlineS} s`) : found
  } catch (error) {
    return absent(`the search failed: ${messageOf(error)}`)
  }
}
