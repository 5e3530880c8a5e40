import { MilliwattError } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import type { FlashWay } from '../../targets/flash-way.ts'
import type { BoardTarget } from '../../targets/target.ts'
import type { FlashDetection, Flasher, FlashPlace } from './flasher.ts'
import { flasherOf } from './list.ts'

/** A way of a board, with who goes it. */
export interface WayHere {
  readonly way: FlashWay
  /** Null where milliwatt does not go it. */
  readonly flasher: Flasher | null
  readonly detection: FlashDetection
}

/** All ways of a board, best first, and whether they can be gone here and now. */
export function waysHere(host: Host, board: BoardTarget, place: FlashPlace): Promise<readonly WayHere[]> {
  return Promise.all(
    board.flashers.map(async (way) => {
      const flasher = flasherOf(way)
      const detection = flasher
        ? await flasher.detect(host, board, way, place)
        : ({ state: 'lacks', why: 'milliwatt does not go this way' } as const)
      return { way, flasher, detection }
    }),
  )
}

/** A way that can be gone. */
export interface ChosenWay {
  readonly way: FlashWay
  readonly flasher: Flasher
}

/**
 * Chooses the way to flash a board: the named one, else the best of its targets that can be gone at once. What the user
 * names as place counts for more than a tool that happens to be installed.
 * @throws MilliwattError FLASH_UNAVAILABLE with what every way lacks, USAGE for a way that the board has not got
 */
export async function chooseWay(
  host: Host,
  board: BoardTarget,
  place: FlashPlace,
  named: string | undefined,
): Promise<ChosenWay> {
  const ways = board.flashers.filter(({ way }) => named === undefined || way === named)
  const list = board.flashers.map(({ way }) => way).join(', ') || 'none'
  if (named !== undefined && ways.length === 0)
    throw new MilliwattError('USAGE', '--with', `The ways to flash ${board.name} are: ${list}.`)
  const here = await waysHere(host, { ...board, flashers: ways }, place)
  const ranked = here
    .flatMap(({ way, flasher, detection }) =>
      flasher ? [{ way, flasher, rank: rankOf(flasher, detection, place) }] : [],
    )
    .sort((a, b) => a.rank - b.rank)
  const [best] = ranked
  // A way that is named is tried, so that its own error tells what it lacks.
  if (best && (best.rank < unusable || named !== undefined)) return best
  const reasons = here.map(({ way, detection }) => `${way.way}: ${detection.why}`).join('; ') || 'no way is known'
  throw new MilliwattError('FLASH_UNAVAILABLE', board.id, `${reasons}.`)
}

const unusable = 9

/** 0 is best; equal ranks keep the order of the targets. */
function rankOf({ by }: Flasher, { state }: FlashDetection, { port, volume }: FlashPlace): number {
  if (state === 'lacks' || (volume !== undefined && by !== 'volume')) return unusable
  if (state === 'waits') return 3
  if (by === 'volume' || port === undefined) return by === 'tool' ? 2 : 0
  return by === 'port' ? 1 : 2
}
