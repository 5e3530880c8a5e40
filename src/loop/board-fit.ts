import type { Variant } from '../catalogue/load.ts'
import { compileC } from '../compile/c/compile-c.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { segmentIn } from '../formats/forms.ts'
import { originOf } from '../graph/segment.ts'
import { chipOf, loadTargets } from '../targets/load.ts'
import { modelFlashBytes } from './model-size.ts'
import { writeC } from './write-c.ts'

/** A memory of a board: what it has (null where its file does not say), what a model needs, what else lives there. */
export interface MemoryFit {
  readonly memory: 'flash' | 'RAM'
  readonly haveBytes: number | null
  readonly modelBytes: number
  /** Kept for the rest of the firmware. */
  readonly reservedBytes: number
  readonly fits: boolean | null
}

/** Whether a model in C fits a board, before anything is built for it or flashed. */
export interface BoardFit {
  readonly board: string
  readonly name: string
  /** How far milliwatt is with the board. */
  readonly status: string
  readonly core: string
  readonly memories: readonly MemoryFit[]
  /** Weights, tables and shapes of the model. */
  readonly constantBytes: number
  /** Code and what of it is not in `constantBytes`: measured by compiling it, or allowed for where nothing compiles it. */
  readonly codeBytes: number
  readonly codeIs: 'compiled for this core' | 'an allowance'
  /** Null where a memory's size is not known. */
  readonly fits: boolean | null
  /** Why not; empty where it fits. */
  readonly reasons: readonly string[]
}

/**
 * What is kept beside a model: the command loop, port and audio in flash; their buffers and the stack in RAM. The prebuilt
 * images (`firmware-bridge/README.md`) take 26 to 30 KB and 16 to 20 KB; a board that runs its code from RAM takes more there.
 */
const reserved = { flash: 32 * 1024, RAM: 24 * 1024 } as const

/** Flash that the code of a model is allowed to take where it cannot be compiled here. */
const codeAllowanceBytes = 12 * 1024

const memoryFit = (memory: 'flash' | 'RAM', haveBytes: number | null, modelBytes: number): MemoryFit => {
  const reservedBytes = reserved[memory]
  const fits = haveBytes === null ? null : modelBytes + reservedBytes <= haveBytes
  return { memory, haveBytes, modelBytes, reservedBytes, fits }
}

const reasonsOf = (memories: readonly MemoryFit[]): readonly string[] =>
  memories.flatMap(({ memory, haveBytes, modelBytes, reservedBytes, fits }) => {
    if (fits) return []
    if (haveBytes === null) return [`The board's file does not say how much ${memory} it has.`]
    const short = modelBytes + reservedBytes - haveBytes
    return [
      `${memory}: the model takes ${modelBytes} bytes and ${reservedBytes} are kept for the rest; the board has ${haveBytes}, ${short} too few.`,
    ]
  })

/**
 * Says whether a variant in C fits a board of `targets/boards`.
 * @throws MilliwattError TARGET_UNKNOWN, OP_UNSUPPORTED for a model that cannot be C
 */
export async function boardFit(host: Host, variant: Variant, id: string): Promise<BoardFit> {
  const targets = await loadTargets(host)
  const board = targets.boards.get(id)
  if (board?.role !== 'mcu') {
    const known = [...targets.boards.values()].filter(({ role }) => role === 'mcu').map((one) => one.id)
    throw new MilliwattError('TARGET_UNKNOWN', id, `Boards that take firmware: ${known.sort().join(', ')}.`)
  }
  const chip = chipOf(targets, board)
  const core = chip.cores[0]!.name
  const { segment } = variant
  const semantics = originOf(segment) === 'tflite' ? 'tflm' : 'fp32'
  const model = compileC(segmentIn(segment, 'canonical').graph, { target: 'portable', semantics })
  const { constantBytes, arenaBytes } = model.manifest
  const folder = host.files.join(host.cacheFolder, 'fit', variant.sha256.slice(0, 32))
  await writeC(host, folder, model)
  const measured = await modelFlashBytes(host, folder, model, core)
  const flashBytes = measured ?? constantBytes + codeAllowanceBytes
  const memories = [
    memoryFit('flash', board.flashBytes?.value ?? chip.flashBytes?.value ?? null, flashBytes),
    memoryFit('RAM', board.ramBytes?.value ?? chip.ramBytes?.value ?? null, arenaBytes),
  ]
  const verdicts = memories.map(({ fits }) => fits)
  return {
    board: id,
    name: board.name,
    status: board.status,
    core,
    memories,
    constantBytes,
    codeBytes: flashBytes - constantBytes,
    codeIs: measured === null ? 'an allowance' : 'compiled for this core',
    fits: verdicts.includes(false) ? false : verdicts.includes(null) ? null : true,
    reasons: reasonsOf(memories),
  }
}
