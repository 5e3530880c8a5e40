import type { Host } from '../../core/host.ts'
import type { Link } from '../../core/link.ts'
import { openFiveBoard, within } from '../../firmware/five-board.ts'
import type { ReadRegister, WriteRegister } from './sensors.ts'

/** Longest time that a read may take, in seconds. */
const replyS = 0.5

/** A Firmata board with its I²C bus. */
export interface I2cBoard {
  /** What its firmware calls itself. */
  readonly firmware: string
  /** Registers of the device at an address. A read that is not answered in time rejects. */
  device(address: number): { readonly read: ReadRegister; readonly write: WriteRegister }
  close(): Promise<void>
}

/** Opens the I²C bus of a Firmata board. @throws MilliwattError PACKAGE_MISSING, METER_WRONG, METER_LOST */
export async function openI2cBoard(host: Host, link: Link): Promise<I2cBoard> {
  const { board, firmware } = await openFiveBoard(host, link)
  const device = (address: number) => {
    board.i2cConfig({ address })
    const read: ReadRegister = (register, bytes) => {
      const answer = new Promise<readonly number[]>((resolve) => board.i2cReadOnce(address, register, bytes, resolve))
      return within(host.clock, replyS, answer, `no answer from I²C address 0x${address.toString(16)}`)
    }
    const write: WriteRegister = async (register, value) => board.i2cWrite(address, register, [value >> 8, value & 255])
    return { read, write }
  }
  return { firmware, device, close: () => link.close() }
}
