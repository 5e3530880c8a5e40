import type { Device } from '../core/device.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { type BoardLink, startEmulatedBoard } from './emulated-board.ts'
import { prebuiltElf } from './image-manifest.ts'
import { openDevicePort } from './open-device.ts'
import { readPort } from './port.ts'

/** Serial ports of boards, real or at the end of a pseudo terminal. */
const baudRate = 115_200

/**
 * Opens the link of a board: its serial port or, of an emulated one, the emulator with the board's prebuilt image.
 * @throws MilliwattError DEVICE_NOT_FOUND, METER_BUSY, METER_PERMISSION, EMULATOR_MISSING, IMAGE_NOT_FOUND
 */
export async function openBoardLink(host: Host, { id, facts, target }: Device): Promise<BoardLink> {
  if (facts.emulator === undefined) return { link: await openDevicePort(host, String(facts.port), { baudRate }) }
  const elf = await prebuiltElf(host, target!)
  if (elf === null) throw new MilliwattError('IMAGE_NOT_FOUND', id, 'There is no prebuilt image for the emulator.')
  return startEmulatedBoard(host, await readPort(host, target!), elf)
}
