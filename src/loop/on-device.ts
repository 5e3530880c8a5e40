import type { Backend } from '../backends/backend.ts'
import { board } from '../backends/board.ts'
import type { Device, Finding } from '../core/device.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { Probe } from './probe.ts'

const isFound = (finding: Finding): finding is Finding & { readonly status: 'found' } => finding.status === 'found'

const isCalled = (name: string, device: Device) =>
  device.id === name || device.id === `${device.kind}:${name}` || device.target === name || device.facts.port === name

/** A board at a path that shows no USB ids: a UART adapter, a pseudo terminal, the port of an emulator. */
const boardAt = (path: string): Device => ({
  id: `board:${path}`,
  kind: 'board',
  name: `board at ${path}`,
  facts: { port: path },
  sources: [path],
})

/**
 * The device that somebody names: by its id, by its file in `targets/`, or by its serial port.
 * @throws MilliwattError BOARD_UNKNOWN, EMULATOR_MISSING
 */
export async function namedDevice(host: Host, { findings, targets }: Probe, name: string): Promise<Device> {
  const found = findings.filter(isFound).find(({ device }) => device.kind !== 'meter' && isCalled(name, device))
  if (found) return found.device
  const unusable = findings.find((finding) => finding.status === 'unusable' && isCalled(name, finding.device))
  if (unusable?.status === 'unusable')
    throw new MilliwattError('BOARD_UNKNOWN', name, `${unusable.reason}. ${unusable.next}`)
  const target = [...targets.boards.values()].find(({ id, aliases }) => id === name || aliases?.includes(name))
  if (target?.emulator) throw new MilliwattError('EMULATOR_MISSING', name, `(${target.emulator})`)
  if (target) throw new MilliwattError('BOARD_UNKNOWN', name, `No ${target.name} is plugged in.`)
  const path = name.replace(/^board:/, '')
  if ((await host.files.stat(path)) || /^COM\d+$/i.test(path)) return boardAt(path)
  const known = findings.filter(isFound).filter(({ kind }) => kind !== 'meter')
  throw new MilliwattError('BOARD_UNKNOWN', name, `Here are: ${known.map(({ device }) => device.id).join(', ')}.`)
}

/** The engine of boards, beside others where a device is none. */
function backendsFor(devices: readonly Device[], usual: readonly Backend[]): readonly Backend[] {
  const boards = devices.filter(({ kind }) => kind === 'board').length
  if (boards === 0) return usual
  return boards === devices.length ? [board] : [...usual.filter((one) => one !== board), board]
}

/**
 * A probe that knows only the devices of these names, and the engines that reach them.
 * @throws MilliwattError BOARD_UNKNOWN, EMULATOR_MISSING
 */
export async function probeOn(
  host: Host,
  probed: Probe,
  names: readonly string[],
  usual: readonly Backend[],
): Promise<{ readonly probe: Probe; readonly backends: readonly Backend[] }> {
  const devices: Device[] = []
  for (const name of names) devices.push(await namedDevice(host, probed, name))
  // What is published of this machine's power says nothing about a board's.
  const power = devices.some(({ kind }) => kind === 'board') ? null : probed.power
  return { probe: { ...probed, devices, power }, backends: backendsFor(devices, usual) }
}
