import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Host } from '../../../src/core/host.ts'
import type { FlashJob } from '../../../src/firmware/flash/flasher.ts'
import { prepareFlash } from '../../../src/firmware/flash/prepare.ts'
import { imagesFolder } from '../../../src/firmware/image-manifest.ts'
import { nodeHost } from '../../../src/hosts/node.ts'
import { boardOf, flashJob } from './support/flash-job.ts'
import { scriptedHost } from './support/scripted-port.ts'
import { scriptedStm32 } from './support/scripted-stm32.ts'
import { Uf2Board, volumeFolder } from './support/uf2-board.ts'

const folder = imagesFolder(nodeHost())
const boards = existsSync(folder) ? readdirSync(folder).filter((id) => boardOf(id).flashers.length > 0) : []
/** Takes the lines that a person would read. */
const quiet = { waitS: 0, signal: new AbortController().signal, onProgress: () => {}, tell: () => {} }

/** A job for the image that ships for a board. */
async function jobOf(
  host: Host,
  board: string,
  more: { readonly with: string; readonly port?: string },
): Promise<FlashJob> {
  const disk = { ...nodeHost(), optionalPackage: host.optionalPackage, command: host.command }
  const plan = await prepareFlash(disk, { what: 'kws', board, ...more })
  return { ...quiet, ...plan, ...(more.port === undefined ? {} : { port: more.port }), host }
}

describe.skipIf(boards.length === 0)('prebuilt images', () => {
  it.each(boards)('of %s passes what is checked before a board is touched, for each of its ways', async (id) => {
    for (const { way } of boardOf(id).flashers.filter(({ way }) => way !== 'j-link' && way !== 'vendor tool')) {
      const job = await jobOf(nodeHost(), id, { with: way, port: '/dev/none' })
      expect(job.image.manifest?.board).toBe(id)
      expect(job.image.bytes).toBeGreaterThan(10_000)
    }
  })

  it.runIf(boards.includes('raspberry-pi-pico'))(
    'of the Pico reaches the flash of an RP2040, byte for byte',
    async () => {
      const board = new Uf2Board()
      const job = await jobOf(board.host, 'raspberry-pi-pico', { with: 'uf2 volume' })
      expect(await flashJob(job)).toMatchObject({ started: true, found: expect.stringContaining(volumeFolder) })
      for (const { address, bytes } of job.image.parts)
        expect(Buffer.compare(board.read(address, bytes.length), bytes)).toBe(0)
    },
  )

  it.runIf(boards.includes('nucleo-l4r5zi'))('of the Nucleo reaches an STM32, byte for byte', async () => {
    const board = scriptedStm32()
    const job = await jobOf(scriptedHost(board.answer), 'nucleo-l4r5zi', { with: 'stm32 uart', port: '/dev/stm32' })
    expect(await flashJob(job)).toMatchObject({ verified: true, bytes: job.image.bytes })
    for (const { address, bytes } of job.image.parts)
      expect(bytes.every((byte, at) => board.memory.get(address + at) === byte)).toBe(true)
  })
})
