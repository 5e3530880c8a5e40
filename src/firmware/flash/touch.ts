import { messageOf } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import type { PortInfo } from '../../core/link.ts'
import type { BoardTarget, UsbRole } from '../../targets/target.ts'
import { openDevicePort } from '../open-device.ts'
import { FlashFault } from './flasher.ts'

const touchBaud = 1200
const touchHoldS = 0.1

/** Ports whose USB ids a board shows in one of these roles. */
export async function portsOf(host: Host, board: BoardTarget, roles: readonly UsbRole[]): Promise<readonly PortInfo[]> {
  const ids = board.usb.filter(({ what, exclusive }) => exclusive && roles.includes(what))
  const { ports } = await host.serial.list()
  return ports.filter((port) =>
    ids.some(({ vendorId, productId }) => vendorId === port.vendorId && productId === port.productId),
  )
}

/**
 * Opens and closes a port at 1200 baud, at which boards with their own USB restart into their bootloader.
 * @throws FlashFault when the port cannot be opened
 */
export async function touchPort(host: Host, path: string): Promise<void> {
  try {
    await using link = await openDevicePort(host, path, { baudRate: touchBaud })
    await link.setLines?.({ dtr: false, rts: false })
    await host.clock.sleep(touchHoldS)
  } catch (error) {
    // A board that restarts at once takes the port away under our hands.
    if (/lost|closed|disconnected/i.test(messageOf(error))) return
    throw new FlashFault('silent', `the 1200-baud touch did not work: ${messageOf(error)}`)
  }
}
