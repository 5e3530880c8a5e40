import { readdir, readFile, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { messageOf } from '../core/errors.ts'
import type { PortInfo } from '../core/link.ts'

const portName = /^(tty(S|WCH|ACM|USB|AMA|MFD|O|XRUSB)\d+|rfcomm\d+)$/

async function textOf(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim() || undefined
  } catch {
    return undefined
  }
}

/** Only the set fields: optional properties must be absent rather than undefined. */
function compact(
  fields: { readonly path: string } & { readonly [key in keyof PortInfo]?: string | undefined },
): PortInfo {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value)) as unknown as PortInfo
}

/** Climbs from the device folder of a tty to the USB device (which has `idVendor`) and its interface. */
async function usbOf(folder: string): Promise<Omit<PortInfo, 'path'>> {
  let location: string | undefined
  for (let at = folder, level = 0; level < 5; at = dirname(at), level++) {
    if (/^\d+-[\d.]+:\d+\.\d+$/.test(basename(at))) location ??= basename(at)
    const vendorId = await textOf(join(at, 'idVendor'))
    if (vendorId === undefined) continue
    const [productId, serialNumber, manufacturer] = await Promise.all(
      ['idProduct', 'serial', 'manufacturer'].map((name) => textOf(join(at, name))),
    )
    return compact({ path: '', vendorId, productId, serialNumber, manufacturer, location })
  }
  return {}
}

/**
 * Lists serial ports from `/sys/class/tty`, with USB ids and the interface as location (`1-2:1.1`).
 * Ports of the mainboard that have no hardware behind them (`type` 0) are left out.
 * @param root folder that stands for `/`
 */
export async function listSysfsPorts(root = '/'): Promise<readonly PortInfo[]> {
  const folder = join(root, 'sys/class/tty')
  const names = (await readdir(folder).catch(() => [])).filter((name) => portName.test(name)).sort()
  const ports: PortInfo[] = []
  for (const name of names) {
    if (/^ttyS/.test(name) && ((await textOf(join(folder, name, 'type'))) ?? '0') === '0') continue
    const device = await realpath(join(folder, name, 'device')).catch(() => undefined)
    ports.push(compact({ path: `/dev/${name}`, ...(device ? await usbOf(device) : {}) }))
  }
  return ports
}

/** The list of the package `serialport`, which needs `udevadm` on Linux. Rejects where that is missing. */
async function listPackagePorts(): Promise<readonly PortInfo[]> {
  const { SerialPort } = await import('serialport')
  return (await SerialPort.list()).map((port) =>
    compact({
      path: port.path,
      vendorId: port.vendorId?.toLowerCase(),
      productId: port.productId?.toLowerCase(),
      serialNumber: port.serialNumber,
      manufacturer: port.manufacturer,
      location: port.locationId,
    }),
  )
}

/**
 * Lists the serial ports: what `serialport` finds, completed on Linux by what the kernel tells in `/sys`.
 * Never rejects; without ports it says why.
 */
export async function listPorts(
  root = '/',
): Promise<{ readonly ports: readonly PortInfo[]; readonly reason?: string }> {
  let listed: readonly PortInfo[] = []
  let reason = 'the system lists no serial port'
  try {
    listed = await listPackagePorts()
  } catch (error) {
    reason = `serialport cannot list ports here (${messageOf(error)})`
  }
  const kernel = process.platform === 'linux' ? await listSysfsPorts(root) : []
  const byPath = new Map(kernel.map((port) => [port.path, port]))
  for (const port of listed) byPath.set(port.path, { ...byPath.get(port.path), ...port })
  const ports = [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  return ports.length > 0 ? { ports } : { ports, reason }
}
