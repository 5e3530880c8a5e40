import type { Host } from '../core/host.ts'
import type { PortInfo } from '../core/link.ts'
import type { UsbId } from '../targets/target.ts'

/** A target and the USB identity of it that a port shows. */
export interface PortMatch<T> {
  readonly target: T
  readonly usb: UsbId
}

/** Targets whose USB ids a port shows. */
export function matchPort<T extends { readonly usb: readonly UsbId[] }>(
  port: PortInfo,
  targets: Iterable<T>,
): readonly PortMatch<T>[] {
  return [...targets].flatMap((target) =>
    target.usb
      .filter((usb) => usb.vendorId === port.vendorId && usb.productId === port.productId)
      .map((usb) => ({ target, usb })),
  )
}

/** Ports of USB devices, and why there is nothing when there is nothing. */
export async function usbPorts(host: Host): Promise<{ readonly ports: readonly PortInfo[]; readonly reason: string }> {
  const { ports, reason } = await host.serial.list()
  const usb = ports.filter((port) => port.vendorId !== undefined && port.productId !== undefined)
  if (usb.length > 0) return { ports: usb, reason: `none of ${usb.map(describePort).join(', ')}` }
  return { ports: [], reason: reason ?? 'no USB serial port is plugged in' }
}

/** A port with its USB ids: `/dev/ttyACM0 (1915:c00a)`. */
export function describePort(port: PortInfo): string {
  return `${port.path} (${port.vendorId}:${port.productId})`
}

/** Orders ports of one device by the kernel's place, then by path; numbers count as numbers. */
export function byLocation(a: PortInfo, b: PortInfo): number {
  const compare = (left = '', right = '') => left.localeCompare(right, 'en', { numeric: true })
  return compare(a.location, b.location) || compare(a.path, b.path)
}
