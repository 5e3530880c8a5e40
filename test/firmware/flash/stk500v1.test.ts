import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeHost } from '../../../src/hosts/node.ts'
import { nodeSerial } from '../../../src/hosts/node-serial.ts'
import { needs } from '../../support/needs.ts'
import { openPtyPair, requirePty } from '../../support/pty.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { flashJob, jobFor, otherBoard, randomBytes, timedHost } from './support/flash-job.ts'
import { cutAfter, memoryLink } from './support/link-ends.ts'
import { type AvrBoard, bootloaderBytes, startAvrBoard } from './support/simavr.ts'
import { unplugEverywhere } from './support/unplug.ts'

const bootloader = { value: bootloaderBytes, source: 'support/simavr.ts' }
const uno = otherBoard('arduino-uno', ({ flashers }) => ({
  flashers: flashers.map((way) => (way.way === 'stk500v1' ? { ...way, bootloaderBytes: bootloader } : way)),
}))
const noPty = requirePty()
const temporary = temporaryFolder()
/** A program that says nothing for so long has begun anew. */
const idleMs = 400
/** `rjmp .-2`, then anything: a program that stays where it begins. */
const program = (seed: number, length: number) => Uint8Array.of(0xff, 0xcf, ...randomBytes(length - 2, seed))

const simulator = ['the sources of optiboot', 'a compiler for AVR', 'cc', 'simavr as a library'] as const

needs(...simulator)('stk500v1 against optiboot in simavr', () => {
  let board: AvrBoard
  beforeAll(() => {
    board = startAvrBoard(temporary)
  })
  afterAll(() => board[Symbol.asyncDispose]())

  /** A host whose only port leads to the board, over a cable that is cut after so many bytes. */
  function hostWith(cutAt = Number.POSITIVE_INFINITY) {
    const passed = { count: () => 0 }
    const host = timedHost({
      openPort: async (path) => {
        const memory = memoryLink(path, board.end)
        board.onSend = memory.send
        const { link, countBytes } = cutAfter(memory, cutAt)
        passed.count = countBytes
        return link
      },
    })
    return { host, passed }
  }

  it('writes, reads back and starts a program', async () => {
    const bytes = program(1, 6000)
    const { host } = hostWith()
    const { job, progress } = jobFor(host, uno, 'stk500v1', [{ address: 0, bytes }], { port: '/dev/uno' })
    const result = await flashJob(job)
    expect(result).toMatchObject({ verified: true, started: true, bytes: 6000, attempts: 1, troubles: [] })
    expect(result.steps.map(({ step }) => step)).toEqual(['enter', 'write', 'verify', 'run'])
    expect(progress.at(-1)).toEqual([6000, 6000])
    await new Promise((resume) => setTimeout(resume, 50))
    const { flash, programCounter } = await board.dump()
    expect(Buffer.compare(flash.subarray(0, 6000), bytes)).toBe(0)
    expect(programCounter).toBe(0)
  })

  it('stops when the user does, and says what the board holds', async () => {
    const controller = new AbortController()
    const onProgress = () => controller.abort(new Error('Ctrl-C'))
    const parts = [{ address: 0, bytes: program(5, 600) }]
    const { job } = jobFor(hostWith().host, uno, 'stk500v1', parts, {
      port: '/dev/uno',
      signal: controller.signal,
      onProgress,
    })
    await expect(flashJob(job)).rejects.toMatchObject({
      code: 'FLASH_INTERRUPTED',
      detail: expect.stringMatching(/^128 of 600 bytes were written: the board holds no whole image/),
    })
  })

  it('unplugged at 20 random points it says what the board holds, and the next attempt succeeds', {
    timeout: 90_000,
  }, async () => {
    const bytes = program(2, 600)
    const attempt = (cutAt?: number) => {
      const { host, passed } = hostWith(cutAt)
      const { job } = jobFor(host, uno, 'stk500v1', [{ address: 0, bytes }], { port: '/dev/uno' })
      return { done: flashJob(job, { attempts: 3 }), passed }
    }
    const isHeld = async () => Buffer.compare((await board.dump()).flash.subarray(0, 600), bytes) === 0
    const codes = await unplugEverywhere(attempt, isHeld)
    expect(codes).toEqual(expect.arrayContaining(['BOOTLOADER_SILENT', 'FLASH_BROKEN', 'FLASH_UNCHECKED']))
  })

  describe('over a pty', () => {
    const parts = [{ address: 0, bytes: program(3, 400) }]

    /** The board behind a pty; a pty has no DTR, so that someone has to press reset when something is said to it. */
    async function behindPty() {
      const pair = await openPtyPair()
      const far = await nodeSerial.open(pair.b, { baudRate: 115_200 })
      board.onSend = (bytes) => void far.write(bytes).catch(() => {})
      let lastMs = 0
      far.onData((bytes) => {
        if (performance.now() - lastMs > idleMs) board.reset()
        lastMs = performance.now()
        board.end.receive(bytes)
      })
      const [host, cacheFolder] = [nodeHost(), temporary]
      const close = async () => {
        await far.close()
        await pair.cut()
      }
      return { host: { ...host, cacheFolder }, port: pair.a, [Symbol.asyncDispose]: close }
    }

    const isHeld = async () => Buffer.compare((await board.dump()).flash.subarray(0, 400), parts[0]!.bytes) === 0

    it.skipIf(noPty)(`is asked to be reset, and flashed ${noPty ?? ''}`, async () => {
      await using serial = await behindPty()
      const { job, told } = jobFor(serial.host, uno, 'stk500v1', parts, { port: serial.port, waitS: 10 })
      expect(await flashJob(job)).toMatchObject({ verified: true, started: true })
      expect(told).toEqual([expect.stringContaining('Press reset')])
      expect(await isHeld()).toBe(true)
    })

    needs('avrdude')('by avrdude', () => {
      it.skipIf(noPty)(`is flashed ${noPty ?? ''}`, async () => {
        await using serial = await behindPty()
        const bytes = program(4, 400)
        const { job } = jobFor(serial.host, uno, 'avrdude', [{ address: 0, bytes }], { port: serial.port })
        expect(await flashJob(job)).toMatchObject({ verified: true, how: expect.stringContaining('avrdude read') })
        expect(Buffer.compare((await board.dump()).flash.subarray(0, 400), bytes)).toBe(0)
      })
    })
  })
})
