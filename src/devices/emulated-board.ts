import type { Device, DeviceFinder, Finding } from '../core/device.ts'
import type { Host } from '../core/host.ts'
import { emulatorCommand } from '../firmware/emulated-board.ts'
import type { BoardTarget, Targets } from '../targets/target.ts'

/** Finds the boards of `targets/boards` that an installed emulator runs; nothing where there is none. */
export function emulatedBoardFinder(targets: Targets): DeviceFinder {
  const boards = [...targets.boards.values()].filter(({ emulator }) => emulator !== undefined)
  return { name: 'emulated board', kind: 'board', find: (host) => findEmulated(host, boards) }
}

async function findEmulated(host: Host, boards: readonly BoardTarget[]): Promise<readonly Finding[]> {
  const command = emulatorCommand(host)
  const version = boards.length > 0 ? await host.command(command, ['--version'], 10) : null
  const said = version?.exitCode === 0 ? /version (\S+)/.exec(version.stdout)?.[1] : undefined
  if (said === undefined) return []
  return boards.map((board) => ({ status: 'found', kind: 'board', device: emulatedBoard(board, `${command} ${said}`) }))
}

/** An emulated board as a device. */
function emulatedBoard({ id, name, aliases = [] }: BoardTarget, emulator: string): Device {
  return {
    id: `board:${aliases[0] ?? id}`,
    kind: 'board',
    name,
    target: id,
    facts: { emulator },
    sources: [emulator, `targets/boards/${id}.json`],
  }
}
