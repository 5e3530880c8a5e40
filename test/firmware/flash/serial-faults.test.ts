import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMilliwattError, MilliwattError } from '../../../src/core/errors.ts'
import type { Host } from '../../../src/core/host.ts'
import { boardOf, flashJob, jobFor, otherBoard, randomBytes } from './support/flash-job.ts'
import { type Answer, scriptedHost } from './support/scripted-port.ts'
import { scriptedStm32 } from './support/scripted-stm32.ts'

const port = '/dev/scripted'
const ack = 0x79
const nack = 0x1f
const nucleo = boardOf('nucleo-l4r5zi')
const uno = boardOf('arduino-uno')
const base = 0x08000000

const flashStm32 = (answer: (got: Uint8Array) => Answer, more: Parameters<typeof jobFor>[4] = {}, attempts = 1) => {
  const { job } = jobFor(scriptedHost(answer), nucleo, 'stm32 uart', [{ address: base, bytes: randomBytes(600, 1) }], {
    port,
    ...more,
  })
  return flashJob(job, { attempts })
}

describe('stm32 uart', () => {
  it('erases all by the command that the chip knows, and only the pages that it needs where they are known', async () => {
    const newer = scriptedStm32()
    expect(await flashStm32(newer.answer)).toMatchObject({ verified: true, started: true })
    expect(newer.erased).toEqual([[0xff, 0xff, 0x00]])
    const older = scriptedStm32(undefined, 0x43)
    await flashStm32(older.answer)
    expect(older.erased).toEqual([[0xff, 0x00]])
    const board = otherBoard('nucleo-l4r5zi', ({ flashers }) => ({
      flashers: flashers.map((way) =>
        way.way === 'stm32 uart' ? { ...way, pageBytes: { value: 256, source: 'this test' } } : way,
      ),
    }))
    const paged = scriptedStm32()
    const parts = [{ address: base + 256, bytes: randomBytes(600, 1) }]
    await flashJob(jobFor(scriptedHost(paged.answer), board, 'stm32 uart', parts, { port }).job)
    expect(paged.erased).toEqual([[0, 2, 0, 1, 0, 2, 0, 3, 2]])
  })

  it('says that a protected chip is protected, and that nothing was written', async () => {
    const board = scriptedStm32((command, answer) => (command === 0x44 ? [nack] : answer))
    await expect(flashStm32(board.answer)).rejects.toMatchObject({
      code: 'FLASH_UNAVAILABLE',
      detail: expect.stringContaining('protected'),
    })
    expect(board.memory.size).toBe(0)
  })

  it('refuses another chip, and an image for another place', async () => {
    const wrong = otherBoard('nucleo-l4r5zi', ({ flashers }) => ({
      flashers: flashers.map((way) => (way.way === 'stm32 uart' ? { ...way, chipId: '0413' } : way)),
    }))
    const { job } = jobFor(
      scriptedHost(scriptedStm32().answer),
      wrong,
      'stm32 uart',
      [{ address: base, bytes: randomBytes(9, 1) }],
      {
        port,
      },
    )
    await expect(flashJob(job)).rejects.toMatchObject({
      code: 'IMAGE_WRONG_BOARD',
      detail: expect.stringContaining('0x0470'),
    })
    const elsewhere = jobFor(
      scriptedHost(() => null),
      nucleo,
      'stm32 uart',
      [{ address: 0, bytes: randomBytes(9, 1) }],
      { port },
    )
    await expect(flashJob(elsewhere.job)).rejects.toMatchObject({
      code: 'IMAGE_WRONG_BOARD',
      detail: expect.stringContaining('0x8000000 to 0x81fffff'),
    })
  })

  it('writes a block again that was refused, and begins anew where the board falls silent', async () => {
    let refusals = 2
    const stubborn = scriptedStm32((command, answer) => (command === 0x31 && refusals-- > 0 ? [nack] : answer))
    expect(await flashStm32(stubborn.answer)).toMatchObject({ attempts: 1, verified: true })
    let silences = 1
    const quiet = scriptedStm32((command, answer) => (command === 0x11 && silences-- > 0 ? null : answer))
    const result = await flashStm32(quiet.answer, {}, 2)
    expect(result).toMatchObject({ attempts: 2, verified: true, troubles: [expect.stringContaining('no answer came')] })
  })

  it('remembers what an earlier attempt left when the next one finds no board', async () => {
    const quiet = scriptedStm32((command, answer) => (command === 0x31 ? null : answer))
    const host = scriptedHost(quiet.answer)
    let opened = 0
    const open: Host['serial']['open'] = (path, settings) => {
      if (++opened === 2) throw new MilliwattError('DEVICE_NOT_FOUND', path)
      return host.serial.open(path, settings)
    }
    const unplugged = { ...host, serial: { ...host.serial, open } }
    const parts = [{ address: base, bytes: randomBytes(600, 1) }]
    const { job } = jobFor(unplugged, nucleo, 'stm32 uart', parts, { port })
    await expect(flashJob(job, { attempts: 3 })).rejects.toMatchObject({
      code: 'FLASH_BROKEN',
      detail: expect.stringMatching(/^0 of 600 bytes were written.*no serial port at this path/),
    })
    expect(opened).toBe(2)
  })

  it('says what differs, what was not compared, and what was not started', async () => {
    const worn = scriptedStm32()
    const { answer } = worn
    const wears = (got: Uint8Array): Answer => {
      if (got[0] === 0x11) worn.memory.set(base + 5, 0)
      return answer(got)
    }
    await expect(flashStm32(wears)).rejects.toMatchObject({
      code: 'FLASH_DIFFERS',
      detail: expect.stringContaining('256 bytes at 0x8000000'),
    })
    const cutAt = (wanted: number) => scriptedStm32((command, said) => (command === wanted ? 'cut' : said)).answer
    await expect(flashStm32(cutAt(0x11))).rejects.toMatchObject({ code: 'FLASH_UNCHECKED' })
    await expect(flashStm32(cutAt(0x21))).rejects.toMatchObject({ code: 'FLASH_NOT_STARTED' })
    await expect(flashStm32(cutAt(0x31))).rejects.toMatchObject({
      code: 'FLASH_BROKEN',
      detail: expect.stringMatching(/^The port went away \(unplugged\)\. 0 of 600 bytes were written.*BOOT0/),
    })
  })

  it('stops at any moment when the user does', async () => {
    const board = scriptedStm32()
    const moments = [
      [1, /^Nothing was written/],
      [5, /^0 of 600 bytes were written/],
      [9, /^256 of 600 bytes were written/],
      [20, /^The whole image was written; it was not compared/],
    ] as const
    for (const [stopAt, words] of moments) {
      const controller = new AbortController()
      let answers = 0
      const stopping = (got: Uint8Array): Answer => {
        if (++answers === stopAt) controller.abort(new Error('Ctrl-C'))
        return board.answer(got)
      }
      await expect(flashStm32(stopping, { signal: controller.signal })).rejects.toMatchObject({
        code: 'FLASH_INTERRUPTED',
        detail: expect.stringMatching(words),
      })
    }
  })
})

describe('stk500v1', () => {
  const flashUno = (answer: (got: Uint8Array) => Answer, bytes = randomBytes(300, 1)) =>
    flashJob(jobFor(scriptedHost(answer, true), uno, 'stk500v1', [{ address: 0, bytes }], { port }).job)

  it('refuses another chip, and an image that would overwrite the bootloader', async () => {
    const other = (got: Uint8Array) => (got[0] === 0x75 ? [0x14, 0x1e, 0x98, 0x01, 0x10] : [0x14, 0x10])
    await expect(flashUno(other)).rejects.toMatchObject({
      code: 'IMAGE_WRONG_BOARD',
      detail: expect.stringContaining('1e9801'),
    })
    await expect(flashUno(other, randomBytes(32300, 1))).rejects.toMatchObject({
      code: 'IMAGE_WRONG_BOARD',
      detail: expect.stringContaining('0x7dff'),
    })
  })

  it('asks for a reset where the port has no lines for it', async () => {
    const { job, told } = jobFor(
      scriptedHost(() => null),
      uno,
      'stk500v1',
      [{ address: 0, bytes: randomBytes(9, 1) }],
      { port },
    )
    await expect(flashJob(job)).rejects.toMatchObject({ code: 'BOOTLOADER_SILENT' })
    expect(told).toEqual(['The port has no lines that reset the board. Press reset when asked to.'])
  })
})

describe('a board that answers anything', () => {
  const noise = fc.array(
    fc.oneof(
      fc.constant(null),
      fc.array(fc.nat({ max: 255 }), { maxLength: 12 }),
      fc.constantFrom([ack], [nack], [0x14, 0x10]),
    ),
    {
      minLength: 1,
      maxLength: 30,
    },
  )

  it.each(['stm32 uart', 'stk500v1'])('%s ends with an error of the table, and never hangs', async (way) => {
    await fc.assert(
      fc.asyncProperty(noise, fc.boolean(), async (answers, cuts) => {
        let turn = 0
        const answer = () => (turn < answers.length ? answers[turn++]! : cuts ? 'cut' : null)
        const [board, address] = way === 'stk500v1' ? [uno, 0] : [nucleo, base]
        const { job } = jobFor(scriptedHost(answer, true), board, way, [{ address, bytes: randomBytes(40, 1) }], {
          port,
        })
        const thrown: unknown = await flashJob(job, { attempts: 2 }).catch((error: unknown) => error)
        expect(isMilliwattError(thrown)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })
})
