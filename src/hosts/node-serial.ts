import type { SerialPorts } from '../core/host.ts'
import { openSerialLink } from './serial-link.ts'
import { listPorts } from './serial-list.ts'

/** The serial ports of a Node process, over the package `serialport`. */
export const nodeSerial: SerialPorts = {
  list: () => listPorts(),
  open: openSerialLink,
}
