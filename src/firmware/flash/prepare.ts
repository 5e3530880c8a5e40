import { MilliwattError } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import { chipOf, loadTargets } from '../../targets/load.ts'
import type { BoardTarget, Targets } from '../../targets/target.ts'
import { type ImageManifest, imageFormats, imageNames, imagesFolder, readImageManifest } from '../image-manifest.ts'
import { type ChosenWay, chooseWay, type WayHere, waysHere } from './choose.ts'
import type { FlashMemory, FlashPlace } from './flasher.ts'
import { type FlashImage, formatOf, type ImageUse, readImageFile, readPrebuiltImage } from './image.ts'

/** What the user wants on a board. */
export interface FlashRequest extends FlashPlace {
  /** Name of a model with prebuilt images, or path of a .uf2, .hex, .bin or .elf file. */
  readonly what: string
  /** A board of `targets/boards`. */
  readonly board: string
  /** A way of the board's targets; the best that can be gone by default. */
  readonly with?: string
  /** Where a .bin file belongs; what the targets say by default. */
  readonly address?: number
}

/** All that is known before a board is touched. */
export interface FlashPlan extends ChosenWay {
  readonly board: BoardTarget
  readonly memory: FlashMemory
  readonly image: FlashImage
}

/** Finds a board by its id or another of its names. @throws MilliwattError TARGET_UNKNOWN with the boards that there are */
export function boardNamed(targets: Targets, id: string): BoardTarget {
  const board = [...targets.boards.values()].find((each) => each.id === id || each.aliases?.includes(id))
  if (board) return board
  const known = [...targets.boards.values()].filter(({ role }) => role === 'mcu').map((known) => known.id)
  throw new MilliwattError('TARGET_UNKNOWN', id, `Boards: ${known.join(', ')}.`)
}

/**
 * Chooses way and image, and checks the image against board and manifest.
 * @throws MilliwattError TARGET_UNKNOWN, USAGE, FLASH_UNAVAILABLE, IMAGE_NOT_FOUND, IMAGE_INVALID, IMAGE_WRONG_BOARD
 */
export async function prepareFlash(host: Host, request: FlashRequest): Promise<FlashPlan> {
  const targets = await loadTargets(host)
  const board = boardNamed(targets, request.board)
  const find = await imageFinder(host, request, board)
  const chosen = await chooseWay(host, board, request, request.with)
  const bytes = (board.flashBytes ?? chipOf(targets, board).flashBytes)?.value ?? null
  return { ...chosen, board, memory: { bytes }, image: await find(chosen) }
}

/** Finds the image for a way; that there is none is said at once. */
async function imageFinder(
  host: Host,
  { what, address }: FlashRequest,
  board: BoardTarget,
): Promise<(chosen: ChosenWay) => Promise<FlashImage>> {
  const familyIds = board.flashers.flatMap((way) =>
    way.way === 'uf2 volume' ? way.familyIds.map((id) => Number.parseInt(id, 16)) : [],
  )
  const use = ({ way }: ChosenWay): ImageUse => {
    const usual = 'address' in way ? Number.parseInt(way.address, 16) : 0
    return { board: board.name, address: address ?? usual, familyIds }
  }
  if (formatOf(what)) return (chosen) => readImageFile(host, what, use(chosen))
  const manifest = await readImageManifest(host, board.id)
  if (!manifest || !imageNames(manifest).includes(what)) throw await noImage(host, what, board, manifest)
  return (chosen) => {
    const { prefers } = chosen.flasher
    const formats = [prefers, ...imageFormats.filter((format) => format !== prefers)]
    return readPrebuiltImage(host, manifest, formats, use(chosen))
  }
}

async function noImage(
  host: Host,
  what: string,
  board: BoardTarget,
  manifest: ImageManifest | null,
): Promise<MilliwattError> {
  const held = manifest ? `For ${board.id} there is "${imageNames(manifest)[0]}".` : `For ${board.id} there is none.`
  const boards = await boardsWithImages(host)
  const others = boards.length > 0 ? ` Boards with prebuilt images: ${boards.join(', ')}.` : ''
  const own = ' "milliwatt firmware MODEL --board NAME" builds one with a model of your own.'
  return new MilliwattError('IMAGE_NOT_FOUND', what, `${held}${others}${own}`)
}

/** Ids of the boards that have prebuilt images. */
async function boardsWithImages(host: Host): Promise<readonly string[]> {
  const { files } = host
  const names = await files.list(imagesFolder(host)).catch(() => [])
  const have = await Promise.all(names.map((name) => files.stat(files.join(imagesFolder(host), name, 'manifest.json'))))
  return names.filter((_, index) => have[index])
}

/** A board and the ways to flash it. */
export interface BoardWays {
  readonly board: BoardTarget
  /** Name of its prebuilt image; null without one. */
  readonly image: string | null
  readonly ways: readonly WayHere[]
}

/** Every microcontroller board, or the named one, and how it can be flashed here and now. */
export async function listFlashable(host: Host, place: FlashPlace, only?: string): Promise<readonly BoardWays[]> {
  const targets = await loadTargets(host)
  const boards = only === undefined ? [...targets.boards.values()] : [boardNamed(targets, only)]
  return Promise.all(
    boards
      .filter(({ role }) => role === 'mcu')
      .map(async (board) => ({
        board,
        image: await prebuiltName(host, board),
        ways: await waysHere(host, board, place),
      })),
  )
}

async function prebuiltName(host: Host, board: BoardTarget): Promise<string | null> {
  const manifest = await readImageManifest(host, board.id)
  return manifest && imageNames(manifest)[0]
}
