import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMilliwattError } from '../../../src/core/errors.ts'
import { imageParts } from './support/arbitrary-parts.ts'
import { boardOf, flashJob, jobFor, randomBytes, seeded } from './support/flash-job.ts'
import { memoryLink } from './support/link-ends.ts'
import { Uf2Board, volumeFolder } from './support/uf2-board.ts'

const pico = boardOf('raspberry-pi-pico')
const start = 0x10000000
const flashTo = (board: Uf2Board, bytes: Uint8Array, more: Parameters<typeof jobFor>[4] = {}) =>
  flashJob(jobFor(board.host, pico, 'uf2 volume', [{ address: start, bytes }], more).job)

describe('uf2 volume', () => {
  it('brings any image into the flash of rp2040js, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(imageParts, async (parts) => {
        const board = new Uf2Board()
        const { job } = jobFor(
          board.host,
          pico,
          'uf2 volume',
          parts.map((part) => ({ ...part, address: part.address + 0x1000 })),
        )
        const result = await flashJob(job)
        expect(result).toMatchObject({
          verified: false,
          started: true,
          found: `Raspberry Pi RP2 (RPI-RP2) at ${volumeFolder}`,
        })
        for (const { address, bytes } of job.image.parts)
          expect(Buffer.compare(board.read(address, bytes.length), bytes)).toBe(0)
        expect(board.restarts).toBe(1)
      }),
      { numRuns: 10 },
    )
  })

  it('unplugged at 20 random points it says what the board holds, and the next attempt succeeds', async () => {
    const bytes = randomBytes(100_000, 5)
    const next = seeded(9)
    for (let point = 0; point < 20; point++) {
      const board = new Uf2Board()
      board.cutAt = Math.floor(next() * 2 * bytes.length)
      const error: unknown = await flashTo(board, bytes).catch((thrown: unknown) => thrown)
      expect(isMilliwattError(error, 'FLASH_BROKEN')).toBe(true)
      expect(String(error)).toMatch(/the volume went away .* of 100000 bytes were written/i)
      expect(String(error)).toMatch(/Hold BOOTSEL/)
      expect(board.restarts).toBe(0)
      board.plugIn()
      await flashTo(board, bytes)
      expect(Buffer.compare(board.read(start, bytes.length), bytes)).toBe(0)
      expect(board.restarts).toBe(1)
    }
  })

  it('stops at once when the user does, and says what the board holds', async () => {
    const board = new Uf2Board()
    const controller = new AbortController()
    const onProgress = (done: number) => {
      if (done > 30_000) controller.abort(new Error('Ctrl-C'))
    }
    const stopped = flashTo(board, randomBytes(100_000, 6), { signal: controller.signal, onProgress })
    await expect(stopped).rejects.toMatchObject({
      code: 'FLASH_INTERRUPTED',
      detail: expect.stringMatching(/^\d+ of 100000 bytes were written: the board holds no whole image/),
    })
    expect(board.restarts).toBe(0)
    const before = flashTo(board, randomBytes(10, 6), { signal: AbortSignal.abort() })
    await expect(before).rejects.toMatchObject({
      code: 'FLASH_INTERRUPTED',
      detail: expect.stringContaining('Nothing was written'),
    })
  })

  it('refuses another board, and two of them', async () => {
    const other = {
      [`${volumeFolder}/INFO_UF2.TXT`]:
        'UF2 Bootloader 0.6.1\r\nModel: Seeed XIAO nRF52840\r\nBoard-ID: nRF52840-SeeedXiaoSense-v1\r\n',
    }
    await expect(
      flashTo(new Uf2Board({ files: other }), randomBytes(10, 1), { volume: volumeFolder }),
    ).rejects.toMatchObject({
      code: 'IMAGE_WRONG_BOARD',
      where: volumeFolder,
      detail: expect.stringContaining('nRF52840-SeeedXiaoSense-v1'),
    })
    await expect(flashTo(new Uf2Board({ files: other }), randomBytes(10, 1))).rejects.toMatchObject({
      code: 'BOOTLOADER_SILENT',
      detail: expect.stringContaining('Hold BOOTSEL'),
    })
    const two = { '/media/me/RPI-RP21/INFO_UF2.TXT': 'Board-ID: RPI-RP2' }
    await expect(flashTo(new Uf2Board({ files: two }), randomBytes(10, 1))).rejects.toMatchObject({
      code: 'FLASH_UNAVAILABLE',
      detail: expect.stringContaining('--volume'),
    })
  })

  it('says that nothing was written where the volume takes nothing, and what was where it fills up', async () => {
    const full = new Uf2Board()
    full.roomBytes = 0
    await expect(flashTo(full, randomBytes(100_000, 1))).rejects.toMatchObject({ code: 'FLASH_UNAVAILABLE' })
    full.roomBytes = 100_000
    await expect(flashTo(full, randomBytes(100_000, 1))).rejects.toMatchObject({
      code: 'FLASH_BROKEN',
      detail: expect.stringMatching(/the volume is full .* of 100000 bytes were written/i),
    })
  })

  it('says that a board that stays in its bootloader took no image', async () => {
    const board = new Uf2Board()
    const parts = [{ address: start, bytes: randomBytes(1000, 1) }]
    const { job } = jobFor(board.host, pico, 'uf2 volume', parts)
    const [way] = pico.flashers
    if (way?.way !== 'uf2 volume') throw new Error('no UF2 volume')
    const wrongFamily = { ...job, way: { ...way, familyIds: ['ada52840'] as [string] } }
    await expect(flashJob(wrongFamily)).rejects.toMatchObject({
      code: 'FLASH_UNCHECKED',
      detail: expect.stringContaining('it took no image'),
    })
  })

  it('brings a running board into its bootloader by a touch at 1200 baud', async () => {
    const opened: number[] = []
    const ports = [{ path: '/dev/ttyACM3', vendorId: '2e8a', productId: '000a' }]
    const board = new Uf2Board({
      ports: [{ ...ports[0]!, vendorId: '2341', productId: '025e' }],
      openPort: async (path, { baudRate }) => {
        opened.push(baudRate)
        board.mounted = true
        return memoryLink(path, { receive: () => {} }).link
      },
    })
    board.mounted = false
    const nano = boardOf('arduino-nano-rp2040-connect')
    const bytes = randomBytes(600, 2)
    const { job, told } = jobFor(board.host, nano, 'uf2 volume', [{ address: start, bytes }])
    await flashJob(job)
    expect(opened).toEqual([1200])
    expect(told.join()).toContain('/dev/ttyACM3 at 1200 baud')
    expect(Buffer.compare(board.read(start, 600), bytes)).toBe(0)
  })

  it('waits for a person who brings the board into its bootloader', async () => {
    const board = new Uf2Board()
    board.mounted = false
    const tell = (line: string) => {
      told.push(line)
      setImmediate(() => board.plugIn())
    }
    const told: string[] = []
    const { job } = jobFor(board.host, pico, 'uf2 volume', [{ address: start, bytes: randomBytes(10, 1) }], {
      tell,
      waitS: 5,
    })
    expect((await flashJob(job)).started).toBe(true)
    expect(told).toEqual(['Hold BOOTSEL while you plug the board in; a volume RPI-RP2 appears. Waiting for 5 s.'])
  })
})
