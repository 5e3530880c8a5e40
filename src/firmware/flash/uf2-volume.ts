import { MilliwattError, messageOf } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import type { Uf2Volume } from '../../targets/flash-way.ts'
import type { BoardTarget } from '../../targets/target.ts'
import { checkPlainFile, copyToVolume } from './copy-to-volume.ts'
import {
  type FlashDetection,
  type Flasher,
  FlashFault,
  type FlashJob,
  type FlashPlace,
  type FlashSession,
  type Verification,
} from './flasher.ts'
import { portsOf, touchPort } from './touch.ts'
import { writeUf2 } from './uf2.ts'
import { isVolume, listVolumes, readFields } from './volumes.ts'
import { waitUntil } from './wait-until.ts'

const infoFile = 'INFO_UF2.TXT'
const fileName = 'MILLIWAT.UF2'
/** How long a board takes to restart into its bootloader and the system to mount it. */
const touchS = 10
/** How long a volume stays at most once its board has all blocks. */
const leaveS = 5
const plainFolderS = 0.5
const blockBytes = 512

/** A volume with INFO_UF2.TXT. */
interface Found {
  readonly folder: string
  readonly boardId: string
  readonly model: string
}

/** Copies a UF2 file to the volume that a bootloader shows. */
export const uf2Volume: Flasher<Uf2Volume> = {
  ways: ['uf2 volume'],
  by: 'volume',
  prefers: 'uf2',
  detect: async (host, board, way, place) => {
    const volumes = await findVolumes(host, place)
    const fits = volumes.find(({ boardId }) => isOf(way, boardId))
    if (fits) return { state: 'ready', why: `${fits.model} at ${fits.folder}` }
    return whyWaiting(host, board, way, place, volumes)
  },
  enter,
}

async function whyWaiting(
  host: Host,
  board: BoardTarget,
  way: Uf2Volume,
  place: FlashPlace,
  others: readonly Found[],
): Promise<FlashDetection> {
  const seen = others.map(({ folder, boardId }) => `${folder} is ${boardId}`).join(', ')
  const hint = seen === '' ? 'no volume with INFO_UF2.TXT is mounted' : `no volume of this board is mounted (${seen})`
  const port = way.touch ? await touchable(host, board, place) : undefined
  const next = port === undefined ? way.byHand : `${port} will be opened at 1200 baud.`
  return { state: 'waits', why: [hint, next].filter(Boolean).join('. ') }
}

const isOf = (way: Uf2Volume, boardId: string) =>
  way.boardIds.some((known) => boardId.toLowerCase().startsWith(known.toLowerCase()))

async function touchable(host: Host, board: BoardTarget, place: FlashPlace): Promise<string | undefined> {
  return place.port ?? (await portsOf(host, board, ['application'])).at(0)?.path
}

async function findVolumes(host: Host, { volume }: FlashPlace): Promise<readonly Found[]> {
  const folders = volume === undefined ? await listVolumes(host) : [host.files.resolve(volume)]
  const found = await Promise.all(
    folders.map(async (folder) => {
      const fields = await readFields(host, folder, infoFile)
      const boardId = fields?.get('board-id')
      return fields && boardId ? [{ folder, boardId, model: fields.get('model') ?? boardId }] : []
    }),
  )
  return found.flat()
}

/** The one volume of this board. @throws MilliwattError IMAGE_WRONG_BOARD, FLASH_UNAVAILABLE */
function choose(found: readonly Found[], { way, board, volume }: FlashJob<Uf2Volume>): Found | null {
  const fits = found.filter(({ boardId }) => isOf(way, boardId))
  if (fits.length > 1)
    throw new MilliwattError(
      'FLASH_UNAVAILABLE',
      board.id,
      `Several are plugged in: ${fits.map(({ folder }) => folder).join(', ')}; name one with --volume.`,
    )
  const other = found[0]
  if (fits.length === 0 && other && volume !== undefined)
    throw new MilliwattError(
      'IMAGE_WRONG_BOARD',
      other.folder,
      `The board there says that it is ${other.boardId} (${other.model}), not ${way.boardIds.join(' or ')}.`,
    )
  return fits[0] ?? null
}

async function enter(job: FlashJob<Uf2Volume>): Promise<FlashSession> {
  const { host, way, image, tell } = job
  const bytes = image.format === 'uf2' ? image.file : writeUf2(image.parts, Number.parseInt(way.familyIds[0], 16))
  let found = choose(await findVolumes(host, job), job)
  if (!found && way.touch) found = await afterTouch(job)
  if (!found && way.byHand !== undefined && job.waitS > 0) tell(`${way.byHand} Waiting for ${job.waitS} s.`)
  found ??= await waitFor(job, job.waitS)
  if (!found) throw new FlashFault('silent', `no volume of the bootloader (${way.boardIds.join(', ')}) is there`)
  const { folder, boardId, model } = found
  return {
    found: `${model} (${boardId}) at ${folder}`,
    write: async () => {
      // The board restarts by itself on the last block.
      await copyToVolume(job, host.files.join(folder, fileName), bytes, blockBytes)
    },
    verify: () => hasLeft(job, folder, bytes),
    // A board that runs what it got has taken its volume away.
    run: async () => (await readFields(host, folder, infoFile)) === null,
    [Symbol.asyncDispose]: async () => {},
  }
}

async function afterTouch(job: FlashJob<Uf2Volume>): Promise<Found | null> {
  const port = await touchable(job.host, job.board, job)
  if (port === undefined || job.volume !== undefined) return null
  job.tell(`Opening ${port} at 1200 baud, so that the board restarts into its bootloader.`)
  try {
    await touchPort(job.host, port)
  } catch (error) {
    job.tell(messageOf(error))
    return null
  }
  return waitFor(job, touchS)
}

function waitFor(job: FlashJob<Uf2Volume>, seconds: number): Promise<Found | null> {
  const { host, signal } = job
  return waitUntil(host.clock, signal, seconds, async () => choose(await findVolumes(host, job), job))
}

/**
 * A bootloader that has every block leaves, and its volume with it; memory cannot be read back over a volume. A plain
 * folder stays, with the file in it.
 */
async function hasLeft(job: FlashJob<Uf2Volume>, folder: string, bytes: Uint8Array): Promise<Verification> {
  const { host, signal } = job
  const mounted = await isVolume(host, folder)
  const left = await waitUntil(host.clock, signal, mounted ? leaveS : plainFolderS, async () =>
    (await readFields(host, folder, infoFile)) ? null : true,
  )
  if (left)
    return { verified: false, how: 'the bootloader took every block and restarted; it gives nothing to read back' }
  if (mounted) throw new FlashFault('refused', 'the bootloader got every block and is still there: it took no image')
  return checkPlainFile(job, host.files.join(folder, fileName), bytes)
}
