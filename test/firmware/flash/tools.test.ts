import { describe, expect, it } from 'vitest'
import type { Host } from '../../../src/core/host.ts'
import type { Link } from '../../../src/core/link.ts'
import { flasherOf } from '../../../src/firmware/flash/list.ts'
import type { FakeCommand } from '../../../src/hosts/fake.ts'
import { boardOf, flashJob, jobFor, randomBytes, timedHost } from './support/flash-job.ts'

const versions: Readonly<Record<string, FakeCommand>> = {
  openocd: { stderr: 'Open On-Chip Debugger 0.12.0\nLicensed under GNU GPL v2\n' },
  avrdude: { stderr: 'avrdude version 7.1, URL: <https://github.com/avrdudes/avrdude>\n' },
  'dfu-util': { stdout: 'dfu-util 0.11\n\nCopyright\n' },
  bossac: { stdout: 'Basic Open Source SAM-BA Application (BOSSA) Version 1.9.1\n' },
}

/** A command that prints pieces and ends with an exit code, once it was listened to; endless where it has none. */
function printing(pieces: readonly string[], exitCode: number | null): Link {
  let end: (value: Awaited<Link['ended']>) => void = () => {}
  const ended = new Promise<Awaited<Link['ended']>>((resolve) => {
    end = resolve
  })
  return {
    path: 'tool',
    ended,
    write: async () => {},
    onData: (listener) => {
      setImmediate(() => {
        for (const piece of pieces) listener(new TextEncoder().encode(piece), 0)
        if (exitCode !== null) end({ how: 'lost', reason: `tool ended with status ${exitCode}`, exitCode })
      })
      return () => {}
    },
    close: async () => end({ how: 'closed' }),
    [Symbol.asyncDispose]: async () => end({ how: 'closed' }),
  }
}

/** A host on which a tool prints so; what it was called with is kept, and what its files held. */
function hostWith(print: (args: readonly string[], host: Host) => Promise<Link> | Link) {
  const calls: string[][] = []
  const tables = timedHost({ commands: versions, cacheFolder: '/cache' })
  const host: Host = {
    ...tables,
    startCommand: async (name, args) => {
      calls.push([name, ...args])
      return print(args, tables)
    },
  }
  return { host, calls }
}

const openocdOutput = [
  'Info : clock speed 500 kHz\n',
  '** Programming Started **\n',
  '** Programming Finished **\n** Verify Started **\n',
  '** Verified OK **\n** Resetting Target **\nshutdown command invoked\n',
]

const nucleoParts = [{ address: 0x08000000, bytes: randomBytes(1000, 1) }]
const nucleo = boardOf('nucleo-l4r5zi')
const openocdJob = (host: Host, more: Parameters<typeof jobFor>[4] = {}) =>
  jobFor(host, nucleo, 'openocd', nucleoParts, more)

describe('openocd', () => {
  it('gets an Intel HEX file and the scripts of the board, and tells how far it is', async () => {
    let held = ''
    const { host, calls } = hostWith(async (args, { files }) => {
      held = await files.readText(/\{(.*)\}/.exec(args.at(-1)!)![1]!)
      return printing(openocdOutput, 0)
    })
    const { job, progress } = openocdJob(host)
    const result = await flashJob(job)
    expect(result).toMatchObject({ found: 'openocd 0.12', verified: true, started: true })
    expect(calls[0]!.slice(0, -1)).toEqual(['openocd', '-f', 'interface/stlink.cfg', '-f', 'target/stm32l4x.cfg', '-c'])
    expect(calls[0]!.at(-1)).toMatch(/^program \{\/cache\/flash\/.*\.hex\} verify reset exit$/)
    expect(held).toMatch(/^:020000040800F2\n/)
    expect(await host.files.list('/cache/flash').catch(() => [])).toEqual([])
    expect(progress.map(([done]) => done)).toEqual([100, 700, 700, 1000])
  })

  it('says that nothing was written where it never began, what broke off where it had, and that another chip is there', async () => {
    const ends = (output: readonly string[], code = 1) =>
      flashJob(openocdJob(hostWith(() => printing(output, code)).host).job)
    await expect(ends(['Error: open failed\n** OpenOCD init failed **\n'])).rejects.toMatchObject({
      code: 'FLASH_UNAVAILABLE',
      detail: expect.stringContaining('Error: open failed'),
    })
    await expect(
      ends(['** Programming Started **\n', 'Error: flash write failed\n** Programming Failed **\n']),
    ).rejects.toMatchObject({
      code: 'FLASH_BROKEN',
      detail: expect.stringMatching(/flash write failed.*100 of 1000 bytes/),
    })
    await expect(
      ends(['Warn : UNEXPECTED idcode: 0x2ba01477\nError: expected 1 of 1: 0x4ba00477\n']),
    ).rejects.toMatchObject({
      code: 'IMAGE_WRONG_BOARD',
    })
    await expect(ends(['** Programming Started **\n** Programming Finished **\n'], 0)).rejects.toMatchObject({
      code: 'FLASH_UNCHECKED',
    })
  })

  it('is ended when the user stops', async () => {
    const controller = new AbortController()
    const { host } = hostWith(() => printing(openocdOutput.slice(0, 2), null))
    const { job } = openocdJob(host, {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('Ctrl-C')),
    })
    await expect(flashJob(job)).rejects.toMatchObject({ code: 'FLASH_INTERRUPTED' })
  })

  it('is not used where it is missing or too old', async () => {
    const [, way] = nucleo.flashers
    const detect = (command: FakeCommand) =>
      flasherOf(way!)!.detect(timedHost({ commands: { openocd: command } }), nucleo, way!, {})
    expect(await detect(null)).toEqual({ state: 'lacks', why: 'openocd is not installed' })
    expect(await detect({ stderr: 'Open On-Chip Debugger 0.10.0' })).toEqual({
      state: 'lacks',
      why: 'openocd 0.10 is too old: 0.11 or newer is needed',
    })
    expect(await detect({ stderr: 'what?' })).toMatchObject({ why: 'openocd does not say its version' })
    await expect(flashJob(openocdJob(timedHost({})).job)).rejects.toMatchObject({ code: 'FLASH_UNAVAILABLE' })
  })
})

describe('dfu-util', () => {
  it('writes, reads back, and starts the board', async () => {
    const { host, calls } = hostWith(async (args, { files }) => {
      const file = args.at(-1)!
      if (args.includes('-U'))
        await files.write(file, args.includes('0x08000000:4:leave') ? 'boot' : nucleoParts[0]!.bytes)
      return printing(
        [
          'Download\t[=====                    ]  20%          200 bytes\r',
          'Download done.\nFile downloaded successfully\n',
        ],
        0,
      )
    })
    const { job, progress } = jobFor(host, nucleo, 'dfu-util', nucleoParts)
    expect(await flashJob(job)).toMatchObject({ verified: true, started: true })
    expect(calls.map((call) => call.slice(0, 7))).toEqual([
      ['dfu-util', '-d', '0483:df11', '-a', '0', '-s', '0x08000000'],
      ['dfu-util', '-d', '0483:df11', '-a', '0', '-s', '0x08000000:1000'],
      ['dfu-util', '-d', '0483:df11', '-a', '0', '-s', '0x08000000:4:leave'],
    ])
    expect(progress[0]).toEqual([200, 1000])
  })

  it('says what differs', async () => {
    const { host } = hostWith(async (args, { files }) => {
      if (args.includes('-U')) await files.write(args.at(-1)!, new Uint8Array(1000))
      return printing(['Download\t[=]  100%\n'], 0)
    })
    await expect(flashJob(jobFor(host, nucleo, 'dfu-util', nucleoParts).job)).rejects.toMatchObject({
      code: 'FLASH_DIFFERS',
    })
  })
})

describe('avrdude', () => {
  const uno = boardOf('arduino-uno')
  const parts = [{ address: 0, bytes: randomBytes(200, 1) }]
  const job = (host: Host) => jobFor(host, uno, 'avrdude', parts, { port: '/dev/ttyACM0' })

  it('gets part, programmer, port and rate, and its bars are progress', async () => {
    const bar = '#'.repeat(50)
    const { host, calls } = hostWith(() =>
      printing(
        [
          'avrdude: writing 200 bytes flash ...\nWriting | ####################',
          `##############################| 100% 0.05s\nReading | ${bar}| 100% 0.04s\navrdude: 200 bytes of flash verified\n`,
        ],
        0,
      ),
    )
    const { job: flashing, progress } = job(host)
    expect(await flashJob(flashing)).toMatchObject({ verified: true, found: 'avrdude 7.1 at /dev/ttyACM0' })
    expect(calls[0]!.slice(0, -1)).toEqual('avrdude -p m328p -c arduino -P /dev/ttyACM0 -b 115200 -D -U'.split(' '))
    expect(progress.map(([done]) => done)).toEqual([40, 200, 200])
  })

  it('says that another chip is there', async () => {
    const { host } = hostWith(() =>
      printing(
        ['avrdude: Device signature = 0x1e9801\navrdude error: expected signature for ATmega328P is 1E 95 0F\n'],
        1,
      ),
    )
    await expect(flashJob(job(host).job)).rejects.toMatchObject({ code: 'IMAGE_WRONG_BOARD' })
  })
})

describe('bossac', () => {
  const nano = boardOf('arduino-nano-33-iot')
  const parts = [{ address: 0x2000, bytes: randomBytes(640, 1) }]

  it('writes behind the bootloader and verifies', async () => {
    const { host, calls } = hostWith(() =>
      printing(
        [
          'Erase flash\n\nWrite 640 bytes to flash (10 pages)\n',
          '[===============               ] 50% (5/10 pages)\r',
          '[==============================] 100% (10/10 pages)\nVerify 640 bytes of flash with checksum.\nVerify successful\n',
        ],
        0,
      ),
    )
    const { job, progress } = jobFor(host, nano, 'bossac', parts, { port: '/dev/ttyACM1' })
    expect(await flashJob(job)).toMatchObject({ verified: true, found: 'bossac 1.9 at /dev/ttyACM1' })
    expect(calls[0]!.slice(0, -1)).toEqual([
      'bossac',
      '--port=/dev/ttyACM1',
      '--offset=0x00002000',
      '-e',
      '-w',
      '-v',
      '-R',
    ])
    expect(progress.map(([done]) => done)).toEqual([0, 160, 320, 640])
  })
})
