import { MilliwattError } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import type { ProbeVolume } from '../../targets/flash-way.ts'
import { checkPlainFile, copyToVolume } from './copy-to-volume.ts'
import {
  type Flasher,
  FlashFault,
  type FlashJob,
  type FlashPlace,
  type FlashSession,
  type Verification,
} from './flasher.ts'
import { flatBytes } from './image-part.ts'
import { writeIntelHex } from './intel-hex.ts'
import { isVolume, listVolumes, readFields } from './volumes.ts'
import { waitUntil } from './wait-until.ts'

const names = { 'hex volume': 'MILLIWAT.HEX', 'bin volume': 'MILLIWAT.BIN' } as const
const failFile = 'FAIL.TXT'
const detailsFile = 'DETAILS.TXT'
/** A probe takes its volume away when it has the file, and shows it again when it has written the chip. */
const leaveS = 5
const returnS = 20
const plainFolderS = 0.5

/** Copies a .hex or .bin file to the volume of a debug probe on the board: ST-Link, DAPLink, J-Link. */
export const probeVolume: Flasher<ProbeVolume> = {
  ways: ['hex volume', 'bin volume'],
  by: 'volume',
  prefers: 'hex',
  detect: async (host, _, way, place) => {
    const [folder] = await findVolumes(host, way, place)
    if (folder !== undefined) return { state: 'ready', why: `the volume ${folder}` }
    return { state: 'lacks', why: `no volume ${way.labels.join(' or ')} is mounted` }
  },
  enter,
}

async function findVolumes(host: Host, way: ProbeVolume, { volume }: FlashPlace): Promise<readonly string[]> {
  if (volume !== undefined) return (await host.files.stat(volume)) ? [host.files.resolve(volume)] : []
  const folders = await listVolumes(host)
  const known = await Promise.all(
    folders.map(
      async (folder) =>
        way.labels.includes(host.files.basename(folder)) || (await boardIdIn(host, folder, way)) === true,
    ),
  )
  return folders.filter((_, index) => known[index])
}

/** Whether DETAILS.TXT names this board; null where it is not there or the target does not say. */
async function boardIdIn(host: Host, folder: string, { boardIds }: ProbeVolume): Promise<boolean | null> {
  const id = (await readFields(host, folder, detailsFile))?.get('unique id')
  return id === undefined || boardIds === undefined ? null : boardIds.some((known) => id.startsWith(known))
}

async function enter(job: FlashJob<ProbeVolume>): Promise<FlashSession> {
  const { host, way, board } = job
  const bytes = toFile(job)
  const folders = await findVolumes(host, way, job)
  const [folder] = folders
  if (folder === undefined) throw new FlashFault('silent', `no volume ${way.labels.join(' or ')} is mounted`)
  if (folders.length > 1)
    throw new MilliwattError(
      'FLASH_UNAVAILABLE',
      board.id,
      `Several are plugged in: ${folders.join(', ')}; name one with --volume.`,
    )
  const isThisBoard = await boardIdIn(host, folder, way)
  if (isThisBoard === false)
    throw new MilliwattError('IMAGE_WRONG_BOARD', folder, `${detailsFile} there is not that of a ${board.name}.`)
  if (isThisBoard === null && (await isNamedOtherwise(host, folder, way)))
    throw new MilliwattError(
      'IMAGE_WRONG_BOARD',
      folder,
      `The volume of a ${board.name} is ${way.labels.join(' or ')}.`,
    )
  return {
    found: `the debug probe's volume ${folder}`,
    write: async () => {
      await copyToVolume(job, host.files.join(folder, names[way.way]), bytes, Math.min(512, bytes.length))
    },
    verify: () => hasTaken(job, folder, bytes),
    [Symbol.asyncDispose]: async () => {},
  }
}

/** Volumes of Windows are letters, which say nothing; a plain folder has any name. */
async function isNamedOtherwise(host: Host, folder: string, { labels }: ProbeVolume): Promise<boolean> {
  if (host.platform === 'win32' || !(await isVolume(host, folder))) return false
  const name = host.files.basename(folder)
  return !labels.some((label) => name.startsWith(label))
}

function toFile({ image, way }: FlashJob<ProbeVolume>): Uint8Array {
  if (way.way === 'hex volume')
    return image.format === 'hex' ? image.file : new TextEncoder().encode(writeIntelHex(image.parts))
  return flatBytes(image.parts, Number.parseInt(way.address, 16), image.path)
}

/** What the probe made of the file: it goes away and comes back, with FAIL.TXT where it failed. */
async function hasTaken(job: FlashJob<ProbeVolume>, folder: string, bytes: Uint8Array): Promise<Verification> {
  const { host, signal, way } = job
  const mounted = await isVolume(host, folder)
  const until = (seconds: number, there: boolean) =>
    waitUntil(host.clock, signal, seconds, async () => {
      const names = await host.files.list(folder).catch(() => [])
      return names.length > 0 === there ? true : null
    })
  const left = await until(mounted ? leaveS : plainFolderS, false)
  if (left && !(await until(returnS, true)))
    throw new FlashFault('lost', `the volume ${folder} went away and did not come back`)
  const failure = await host.files.readText(host.files.join(folder, failFile)).catch(() => null)
  if (failure !== null) throw new FlashFault('refused', `the probe failed: ${failure.trim().replace(/\s+/g, ' ')}`)
  if (!left && !mounted) return checkPlainFile(job, host.files.join(folder, names[way.way]), bytes)
  return { verified: false, how: `the probe took the file and left no ${failFile}; it gives nothing to read back` }
}
