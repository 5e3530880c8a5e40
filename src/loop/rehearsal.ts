import { semanticsOf } from '../backends/compiled.ts'
import type { Variant } from '../catalogue/load.ts'
import { valueBytes } from '../compile/arena.ts'
import { compileC } from '../compile/c/compile-c.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { Link, LinkEnd } from '../core/link.ts'
import { bridgeFirmware } from '../firmware/bridge-firmware.ts'
import type { GivenModel } from '../firmware/bridge-image.ts'
import { startEmulatedBoard } from '../firmware/emulated-board.ts'
import { readPort } from '../firmware/port.ts'
import { joinLinks, openPty } from '../firmware/pty.ts'
import { segmentIn } from '../formats/forms.ts'
import { demoLoad, toLoadCurve } from '../meters/emulation/demo-load.ts'
import { EmulatedPpk2 } from '../meters/ppk2/emulator.ts'
import { loadTargets } from '../targets/load.ts'
import { readModelSource } from './model-source.ts'

/** What stands on a rehearsal bench. */
export interface RehearsalOptions {
  /** A board that an emulator runs, by its id or a shorter name (`qemu-m4`). */
  readonly board: string
  /** Model whose variants are in the firmware. */
  readonly model: string
  /** Folder in which the ports appear: `board`, and `meter` where there is one. */
  readonly folder: string
  readonly meter: boolean
}

/** A board and a meter in software, each at a serial port of its own, the board's marker pin wired to the meter's D0. */
export interface RehearsalBench extends AsyncDisposable {
  readonly board: string
  readonly boardPath: string
  /** Null without a meter. */
  readonly meterPath: string | null
  readonly models: readonly string[]
  /** Of the board, in volts. */
  readonly supplyV: number
  /** Bytes of the inputs of the first model, which speaks the protocol of MLPerf Tiny. */
  readonly inputBytes: number
  /** Windows that the marker pin has drawn so far. */
  readonly windows: () => number
  /** Resolves when the emulator ends. */
  readonly ended: Promise<LinkEnd>
}

/** Edges reach the meter so much later, all alike: by then the emulator's word of them is here, in seconds. */
const wireS = 0.25

/** A meter that feeds the demonstration load, and tells other programs what it is. */
const demoMeter = {
  loadA: toLoadCurve(demoLoad),
  externalV: demoLoad.supplyV,
  regulatorMv: 1000 * demoLoad.supplyV,
  saysEmulated: true,
} as const

/** The variants that can be C; those that cannot are left out. */
function givenModels(variants: readonly Variant[]): readonly GivenModel[] {
  return variants.flatMap(({ name, segment }) => {
    try {
      return [{ name, graph: segmentIn(segment, 'canonical').graph, semantics: semanticsOf(segment) }]
    } catch (error) {
      if (error instanceof MilliwattError) return []
      throw error
    }
  })
}

function inputBytesOf({ graph, semantics }: GivenModel): number {
  const { inputs } = compileC(graph, { target: 'portable', semantics }).manifest
  return inputs.reduce((sum, tensor) => sum + valueBytes(tensor), 0)
}

async function portOf(host: Host, name: string) {
  const { boards } = await loadTargets(host)
  const all = [...boards.values()].filter(({ emulator }) => emulator !== undefined)
  const board = all.find(({ id, aliases }) => id === name || aliases?.includes(name))
  if (board) return readPort(host, board.id)
  const known = all.map(({ id, aliases = [] }) => aliases[0] ?? id).join(', ')
  throw new MilliwattError('BOARD_UNKNOWN', name, `Boards that are emulated: ${known}.`)
}

/**
 * Starts a rehearsal bench: the firmware in an emulator, a PPK2 in software that says so.
 * @throws MilliwattError BOARD_UNKNOWN, EMULATOR_MISSING, PTY_MISSING, FIRMWARE_BUILD, MODEL_*
 */
export async function openRehearsal(host: Host, options: RehearsalOptions): Promise<RehearsalBench> {
  const port = await portOf(host, options.board)
  const { catalogue } = await readModelSource(host, options.model)
  const models = givenModels(catalogue.variants)
  const elf = await bridgeFirmware(host, port, models)
  const emulated = await startEmulatedBoard(host, port, elf)
  const opened: (() => unknown)[] = [() => emulated.link.close()]
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end()
  }
  const { files } = host
  const note = files.join(options.folder, 'bench.json')
  const pty = async (name: string, link: Link) => {
    const made = await openPty(host, files.join(options.folder, name))
    opened.push(() => made[Symbol.asyncDispose](), joinLinks(link, made.link))
    return made.path
  }
  const ppk2 = options.meter ? new EmulatedPpk2({ ...demoMeter, clock: host.clock }) : null
  try {
    // It makes the folder, too.
    await files.write(
      note,
      `${JSON.stringify({ version: 1, board: port.id, models: models.map(({ name }) => name) })}\n`,
    )
    opened.push(() => files.remove(note))
    const boardPath = await pty('board', emulated.link)
    const meterPath = ppk2 ? await pty('meter', ppk2.link('rehearsal')) : null
    let windows = 0
    emulated.onMarker?.((high, atS) => {
      if (!high) windows++
      ppk2?.setDigital(0, high, atS + wireS)
    })
    return {
      board: port.id,
      boardPath,
      meterPath,
      models: models.map(({ name }) => name),
      supplyV: demoLoad.supplyV,
      inputBytes: inputBytesOf(models[0]!),
      windows: () => windows,
      ended: emulated.link.ended,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
