import type { Semantics } from '../compile/program.ts'
import type { Device } from '../core/device.ts'
import type { Host } from '../core/host.ts'
import { bridgeFirmware } from '../firmware/bridge-firmware.ts'
import { type BoardLink, startEmulatedBoard } from '../firmware/emulated-board.ts'
import { prebuiltElf } from '../firmware/image-manifest.ts'
import { openDevicePort } from '../firmware/open-device.ts'
import { listPorts, readPort } from '../firmware/port.ts'
import type { Graph } from '../graph/graph.ts'
import { BoardConnection } from './board-connection.ts'

/** A model that the board is to run. */
export interface WantedModel {
  readonly name: string
  readonly graph: Graph
  readonly semantics: Semantics
  readonly hash: string
}

/** One use of a board; when all uses are released its link is closed. */
export interface BoardUse {
  readonly connection: BoardConnection
  readonly isEmulated: boolean
  release(): Promise<void>
}

interface Shared {
  readonly opening: Promise<BoardConnection>
  users: number
}

const shared = new Map<string, Shared>()

/** Serial ports of boards, real or at the end of a pseudo terminal. */
const baudRate = 115_200

/** Whether a board's own name is that of an emulated one: an emulator may be at the end of any port. */
async function isEmulated(host: Host, board: string): Promise<boolean> {
  const known = await listPorts(host)
  return known.includes(board) && (await readPort(host, board)).machine !== undefined
}

/** How to reach a board, and what tells one way to do so from another. */
async function wayTo(
  host: Host,
  device: Device,
  wanted: WantedModel,
): Promise<{ readonly key: string; readonly open: () => Promise<BoardLink> }> {
  if (device.facts.emulator !== undefined) {
    const port = await readPort(host, device.target!)
    const elf = (await prebuiltElf(host, port.id, wanted.hash)) ?? (await bridgeFirmware(host, port, [wanted]))
    return { key: `${device.id} ${elf}`, open: () => startEmulatedBoard(host, port, elf) }
  }
  const path = String(device.facts.port)
  return { key: device.id, open: async () => ({ link: await openDevicePort(host, path, { baudRate }) }) }
}

/**
 * Connects to a board, or joins those who use it already. An emulated one gets firmware with the model.
 * @throws MilliwattError EMULATOR_MISSING, FIRMWARE_BUILD, DEVICE_*
 */
export async function useBoard(host: Host, device: Device, wanted: WantedModel): Promise<BoardUse> {
  const { key, open } = await wayTo(host, device, wanted)
  const known: Shared = shared.get(key) ?? {
    opening: open().then((link) => BoardConnection.open(host, link)),
    users: 0,
  }
  known.users++
  shared.set(key, known)
  let isReleased = false
  const release = async () => {
    if (isReleased) return
    isReleased = true
    if (--known.users > 0) return
    shared.delete(key)
    await (await known.opening.catch(() => null))?.close()
  }
  try {
    const connection = await known.opening
    return { connection, isEmulated: await isEmulated(host, connection.board.board), release }
  } catch (error) {
    await release()
    throw error
  }
}
