import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SerialSettings } from '../../../src/core/host.ts'
import type { ImagePart } from '../../../src/firmware/flash/image-part.ts'
import { needs } from '../../support/needs.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { flashJob, jobFor, otherBoard, randomBytes, timedHost } from './support/flash-job.ts'
import { cutAfter, memoryLink } from './support/link-ends.ts'
import { buildProgram, flashAddress, type Stm32Board, startStm32Board } from './support/qemu-stm32.ts'
import { unplugEverywhere } from './support/unplug.ts'

/** The Nucleo with its flash where the emulated machine has memory. */
const nucleo = (more: object = {}) =>
  otherBoard('nucleo-l4r5zi', ({ flashers }) => ({
    flashers: flashers.map((way) => (way.way === 'stm32 uart' ? { ...way, address: flashAddress, ...more } : way)),
  }))
const base = Number.parseInt(flashAddress, 16)
const port = '/dev/stm32'

needs('a compiler for Cortex-M', 'an emulator of Cortex-M')('stm32 uart against a bootloader in QEMU', () => {
  let board: Stm32Board
  let program: readonly ImagePart[]
  beforeAll(async () => {
    const folder = temporaryFolder()
    program = await buildProgram(folder)
    board = await startStm32Board(folder)
  })
  afterAll(() => board[Symbol.asyncDispose]())

  /** A host whose only port leads to the board, over a cable that is cut after so many bytes. */
  function hostWith(cutAt = Number.POSITIVE_INFINITY) {
    const opened: SerialSettings[] = []
    const passed = { count: () => 0 }
    const host = timedHost({
      openPort: async (path, settings) => {
        opened.push(settings)
        const memory = memoryLink(path, board.end, false)
        board.onSend = memory.send
        const { link, countBytes } = cutAfter(memory, cutAt)
        passed.count = countBytes
        return link
      },
    })
    return { host, opened, passed }
  }

  const held = async (bytes: Uint8Array) => Buffer.compare(await board.memory(base, bytes.length), bytes) === 0

  it('unplugged at 20 random points it says what the board holds, and the next attempt succeeds', {
    timeout: 90_000,
  }, async () => {
    const bytes = randomBytes(1200, 1)
    const pages = { pageBytes: { value: 4096, source: 'support/bootloader.c' } }
    const attempt = (cutAt?: number) => {
      const { host, passed } = hostWith(cutAt)
      const { job } = jobFor(host, nucleo(pages), 'stm32 uart', [{ address: base, bytes }], { port })
      return { done: flashJob(job, { run: false }), passed }
    }
    const codes = await unplugEverywhere(attempt, () => held(bytes))
    expect(codes).toEqual(['BOOTLOADER_SILENT', 'FLASH_BROKEN', 'FLASH_UNCHECKED'])
  })

  it('erases, writes, reads back and starts a program', async () => {
    const { host, opened } = hostWith()
    const { job } = jobFor(host, nucleo(), 'stm32 uart', program, { port, parity: 'none', baudRate: 57_600 })
    board.said()
    const result = await flashJob(job)
    expect(result).toMatchObject({ verified: true, started: true, attempts: 1 })
    expect(result.steps.map(({ step }) => step)).toEqual(['enter', 'erase', 'write', 'verify', 'run'])
    expect(opened).toEqual([{ baudRate: 57_600 }])
    for (const { address, bytes } of program)
      expect(Buffer.compare(await board.memory(address, bytes.length), bytes)).toBe(0)
    await expect.poll(() => board.said(), { timeout: 5000 }).toContain('milliwatt runs\n')
    board.end.receive(Uint8Array.of(65))
    await expect.poll(() => board.said(), { timeout: 5000 }).toBe('B')
  })
})
