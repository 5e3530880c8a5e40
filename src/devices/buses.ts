import type { SystemTree } from '../core/host.ts'
import { readNumber, readUevent } from './read.ts'

/** A device on PCI. Ids are lower-case hex of four digits. */
export interface PciDevice {
  readonly slot: string
  readonly vendorId: string
  readonly deviceId: string
}

/** A device on USB. `node` is the file under which a user-space driver opens it, when its number is known. */
export interface UsbDevice {
  readonly name: string
  readonly vendorId: string
  readonly productId: string
  readonly product?: string
  readonly serialNumber?: string
  readonly node?: string
}

/** A device node of the kernel's graphics or accelerator class, and the driver behind it. */
export interface DrmNode {
  readonly node: string
  /** Its folder in `/sys/class`. */
  readonly folder: string
  readonly driver: string
  readonly pciId?: string
  readonly pciSlot?: string
  readonly compatible?: string
}

const pciFolder = '/sys/bus/pci/devices'
const usbFolder = '/sys/bus/usb/devices'

/** Every PCI device that sysfs names. */
export async function pciDevices(system: SystemTree): Promise<readonly PciDevice[]> {
  const found = await Promise.all(
    (await system.list(pciFolder)).map(async (slot) => {
      const vendorId = toHexId(await system.readText(`${pciFolder}/${slot}/vendor`))
      const deviceId = toHexId(await system.readText(`${pciFolder}/${slot}/device`))
      return vendorId && deviceId ? [{ slot, vendorId, deviceId }] : []
    }),
  )
  return found.flat()
}

/** Every USB device that sysfs names. */
export async function usbDevices(system: SystemTree): Promise<readonly UsbDevice[]> {
  const found = await Promise.all((await system.list(usbFolder)).map((name) => readUsbDevice(system, name)))
  return found.flat()
}

async function readUsbDevice(system: SystemTree, name: string): Promise<UsbDevice[]> {
  const folder = `${usbFolder}/${name}`
  const vendorId = toHexId(await system.readText(`${folder}/idVendor`))
  const productId = toHexId(await system.readText(`${folder}/idProduct`))
  if (!vendorId || !productId) return []
  const [product, serialNumber] = [
    await system.readText(`${folder}/product`),
    await system.readText(`${folder}/serial`),
  ]
  const [bus, number] = [await readNumber(system, `${folder}/busnum`), await readNumber(system, `${folder}/devnum`)]
  const digits = (value: number) => String(value).padStart(3, '0')
  return [
    {
      name,
      vendorId,
      productId,
      ...(product ? { product } : {}),
      ...(serialNumber ? { serialNumber } : {}),
      ...(bus === undefined || number === undefined ? {} : { node: `/dev/bus/usb/${digits(bus)}/${digits(number)}` }),
    },
  ]
}

/** Nodes in `/dev/accel` (`accelN`) and render nodes in `/dev/dri` (`renderDN`), each with its driver. */
export async function drmNodes(system: SystemTree): Promise<readonly DrmNode[]> {
  const classes = [
    { folder: '/sys/class/accel', pattern: /^accel\d+$/, nodes: '/dev/accel' },
    { folder: '/sys/class/drm', pattern: /^renderD\d+$/, nodes: '/dev/dri' },
  ]
  const found = await Promise.all(
    classes.map(async ({ folder, pattern, nodes }) => {
      const names = (await system.list(folder)).filter((name) => pattern.test(name))
      return Promise.all(names.map((name) => readDrmNode(system, `${folder}/${name}`, `${nodes}/${name}`)))
    }),
  )
  return found.flat()
}

async function readDrmNode(system: SystemTree, folder: string, node: string): Promise<DrmNode> {
  const event = await readUevent(system, `${folder}/device/uevent`)
  const pciId = event.get('PCI_ID')?.toLowerCase()
  const pciSlot = event.get('PCI_SLOT_NAME')
  const compatible = event.get('OF_COMPATIBLE_0')
  return {
    node,
    folder,
    driver: event.get('DRIVER') ?? 'unknown driver',
    ...(pciId ? { pciId } : {}),
    ...(pciSlot ? { pciSlot } : {}),
    ...(compatible ? { compatible } : {}),
  }
}

function toHexId(text: string | null): string | null {
  const id = text?.trim().toLowerCase().replace(/^0x/, '')
  return id !== undefined && /^[0-9a-f]{4}$/.test(id) ? id : null
}
