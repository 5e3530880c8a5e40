import { afterAll, beforeAll, expect, it } from 'vitest'
import { needs } from '../../support/needs.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { flashJob, jobFor, otherBoard, randomBytes, timedHost } from './support/flash-job.ts'
import { cutAfter, memoryLink } from './support/link-ends.ts'
import { type AvrBoard, bootloaderBytes, startAvrBoard } from './support/simavr.ts'
import { unplugEverywhere } from './support/unplug.ts'

const bootloader = { value: bootloaderBytes, source: 'support/simavr.ts' }
const uno = otherBoard('arduino-uno', ({ flashers }) => ({
  flashers: flashers.map((way) => (way.way === 'stk500v1' ? { ...way, bootloaderBytes: bootloader } : way)),
}))
/** `rjmp .-2`, then anything: a program that stays where it begins. */
const program = (seed: number, length: number) => Uint8Array.of(0xff, 0xcf, ...randomBytes(length - 2, seed))

needs('the sources of optiboot')('stk500v1', () => {
  needs('cc')('on this machine', () => {
    needs('simavr as a library')('against optiboot in simavr', () => {
      let board: AvrBoard
      beforeAll(() => {
        board = startAvrBoard(temporaryFolder())
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
    })
  })
})
