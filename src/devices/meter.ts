import type { Device, DeviceFinder, Finding } from '../core/device.ts'
import type { Host } from '../core/host.ts'
import type { PortInfo } from '../core/link.ts'
import { portProblem } from '../core/port-problem.ts'
import type { MeterTarget, Targets, UsbId } from '../targets/target.ts'
import { type UsbDevice, usbDevices } from './buses.ts'
import { byLocation, describePort, matchPort, usbPorts } from './ports.ts'
import { fact } from './read.ts'

/** All ports of one meter; the data port comes first. */
interface PortGroup {
  readonly target: MeterTarget
  readonly usb: UsbId
  readonly ports: readonly PortInfo[]
}

/** Finds power meters by the USB ids of `targets/meters`: on serial ports, and on the bus for those without one. */
export function meterFinder(targets: Targets): DeviceFinder {
  return { name: 'meter', kind: 'meter', find: (host) => findMeters(host, [...targets.meters.values()]) }
}

async function findMeters(host: Host, meters: readonly MeterTarget[]): Promise<readonly Finding[]> {
  const { ports, reason } = await usbPorts(host)
  const serial = meters.filter((meter) => meter.link === 'serial')
  const groups = groupPorts(ports, serial)
  const onBus = matchBus(await usbDevices(host.system), meters).filter(({ target }) => target.link !== 'serial')
  const findings = await Promise.all([
    ...groups.map((group) => judgeSerial(host, group)),
    ...onBus.map(async ({ target, device }) => judgeDriver(target, busDevice(target, device))),
  ])
  if (findings.length > 0) return findings
  const unknown = ports.length > 0 ? `${reason} is a meter that a file in targets/meters describes` : reason
  return [{ status: 'absent', kind: 'meter', reason: unknown }]
}

function groupPorts(ports: readonly PortInfo[], meters: readonly MeterTarget[]): readonly PortGroup[] {
  const groups = new Map<string, PortGroup>()
  for (const port of [...ports].sort(byLocation)) {
    for (const { target, usb } of matchPort(port, meters)) {
      const several = target.dataPort === undefined ? port.path : whichDevice(port)
      const key = `${target.id} ${several}`
      groups.set(key, { target, usb, ports: [...(groups.get(key)?.ports ?? []), port] })
    }
  }
  return [...groups.values()]
}

/** What is equal for all ports of one device: its serial number, else its place without the interface. */
function whichDevice(port: PortInfo): string {
  return port.serialNumber ?? port.location?.split(':')[0] ?? ''
}

async function judgeSerial(host: Host, group: PortGroup): Promise<Finding> {
  const device = serialDevice(group)
  const problem = await portProblem(host, group.ports[0]!.path)
  if (problem) return { status: 'unusable', kind: 'meter', device, ...problem }
  return judgeDriver(group.target, device)
}

function judgeDriver(target: MeterTarget, device: Device): Finding {
  if (target.driver !== null) return { status: 'found', kind: 'meter', device }
  const next = 'Use a meter that milliwatt drives, or --meter emulated; "milliwatt run --help" names the drivers.'
  return { status: 'unusable', kind: 'meter', device, reason: 'milliwatt has no driver for it yet', next }
}

function serialDevice({ target, usb, ports }: PortGroup): Device {
  const data = ports[0]!
  return {
    id: `meter:${data.path}`,
    kind: 'meter',
    name: usb.exclusive ? target.name : `perhaps ${target.name} (other devices show the same USB ids)`,
    ...(usb.exclusive ? { target: target.id } : {}),
    facts: {
      port: data.path,
      ...fact('open', target.driver === null ? undefined : `${target.driver}:${data.path}`),
      ...fact('otherPorts', ports.length > 1 ? ports.slice(1).map((port) => port.path) : undefined),
      usb: `${data.vendorId}:${data.productId}`,
      ...fact('serialNumber', data.serialNumber),
      ...capability(target),
    },
    sources: [...ports.map(describePort), `targets/meters/${target.id}.json`],
  }
}

function busDevice(target: MeterTarget, device: UsbDevice): Device {
  return {
    id: `meter:usb:${device.name}`,
    kind: 'meter',
    name: target.name,
    target: target.id,
    facts: {
      usb: `${device.vendorId}:${device.productId}`,
      ...fact('serialNumber', device.serialNumber),
      ...capability(target),
    },
    sources: [`/sys/bus/usb/devices/${device.name}`, `targets/meters/${target.id}.json`],
  }
}

function capability(target: MeterTarget) {
  return {
    ...fact('sampleRateHz', target.sampleRateHz?.value),
    ...fact('maximumCurrentA', target.maximumCurrentA?.value),
  }
}

function matchBus(devices: readonly UsbDevice[], meters: readonly MeterTarget[]) {
  return devices.flatMap((device) =>
    meters
      .filter((target) => target.usb.some((id) => id.vendorId === device.vendorId && id.productId === device.productId))
      .map((target) => ({ target, device })),
  )
}
