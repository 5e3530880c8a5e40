import type { Device, DeviceFinder, Finding } from '../core/device.ts'
import type { Host } from '../core/host.ts'
import type { PortInfo } from '../core/link.ts'
import { portProblem } from '../core/port-problem.ts'
import type { BoardTarget, Targets } from '../targets/target.ts'
import { describePort, matchPort, type PortMatch, usbPorts } from './ports.ts'
import { distinct, fact } from './read.ts'

/** Finds boards on serial ports by the USB ids of `targets/boards`. */
export function boardFinder(targets: Targets): DeviceFinder {
  const boards = [...targets.boards.values()].filter((board) => board.role === 'mcu')
  return { name: 'board', kind: 'board', find: (host) => findBoards(host, boards) }
}

async function findBoards(host: Host, boards: readonly BoardTarget[]): Promise<readonly Finding[]> {
  const { ports, reason } = await usbPorts(host)
  const findings = await Promise.all(
    ports.flatMap((port) => {
      const matches = matchPort(port, boards)
      return matches.length > 0 ? [judge(host, port, matches)] : []
    }),
  )
  if (findings.length > 0) return findings
  const unknown = ports.length > 0 ? `${reason} is a board that a file in targets/boards describes` : reason
  return [{ status: 'absent', kind: 'board', reason: unknown }]
}

async function judge(host: Host, port: PortInfo, matches: readonly PortMatch<BoardTarget>[]): Promise<Finding> {
  const device = toDevice(port, matches)
  const unusable = (reason: string, next: string): Finding => ({
    status: 'unusable',
    kind: 'board',
    device,
    reason,
    next,
  })
  const problem = await portProblem(host, port.path)
  if (problem) return unusable(problem.reason, problem.next)
  if (matches.every((match) => match.usb.what === 'bootloader')) {
    return unusable(
      'it is in its bootloader',
      'Flash firmware onto it, or press its reset button to start what is on it.',
    )
  }
  const ready = matches.some((match) => match.target.status !== 'described')
  if (!ready) {
    return unusable(
      'milliwatt has no firmware for this board yet',
      'Run on this machine instead; the board is only described so far.',
    )
  }
  return { status: 'found', kind: 'board', device }
}

function toDevice(port: PortInfo, matches: readonly PortMatch<BoardTarget>[]): Device {
  const boards = distinct(matches.map((match) => match.target))
  const certain = boards.length === 1 && matches.every((match) => match.usb.exclusive)
  const names = boards.map((board) => board.name).join(' or ')
  return {
    id: `board:${port.path}`,
    kind: 'board',
    name: certain ? names : `perhaps ${names} (other boards show the same USB ids)`,
    ...(certain ? fact('target', boards[0]?.id) : {}),
    facts: {
      port: port.path,
      usb: `${port.vendorId}:${port.productId}`,
      shows: distinct(matches.map((match) => match.usb.what)).join(' or '),
      ...fact('candidates', certain ? undefined : boards.map((board) => board.id)),
      ...fact('serialNumber', port.serialNumber),
    },
    sources: [describePort(port), ...boards.map((board) => `targets/boards/${board.id}.json`)],
  }
}
