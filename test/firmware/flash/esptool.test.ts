import { beforeEach, expect, it } from 'vitest'
import type { Host } from '../../../src/core/host.ts'
import { nodeHost } from '../../../src/hosts/node.ts'
import { needs } from '../../support/needs.ts'
import { Esp32S3 } from './support/esp32s3.ts'
import { boardOf, flashJob, jobFor, randomBytes, timedHost } from './support/flash-job.ts'
import { cutAfter, memoryLink } from './support/link-ends.ts'
import { unplugEverywhere } from './support/unplug.ts'

const eye = boardOf('xiao-esp32s3-sense')
const port = '/dev/esp'
const real = nodeHost()

needs('esptool-js')('esptool against an emulated ROM and stub', () => {
  let chip: Esp32S3
  beforeEach(() => {
    chip = new Esp32S3()
  })

  function hostWith(cutAt = Number.POSITIVE_INFINITY, hasLines = true) {
    const passed = { count: () => 0 }
    const tables = timedHost({
      openPort: async (path) => {
        const memory = memoryLink(path, chip, hasLines)
        chip.onSend = memory.send
        const { link, countBytes } = cutAfter(memory, cutAt)
        passed.count = countBytes
        return link
      },
    })
    const host: Host = { ...tables, optionalPackage: real.optionalPackage, packagePath: real.packagePath }
    return { host, passed }
  }

  const held = (address: number, bytes: Uint8Array) =>
    Buffer.compare(chip.flash.subarray(address, address + bytes.length), bytes) === 0

  it('detects the chip, writes compressed, compares the MD5 and starts the chip', async () => {
    const parts = [
      { address: 0, bytes: randomBytes(30_001, 1) },
      { address: 0x10000, bytes: new Uint8Array(200_000).fill(7) },
    ]
    const { job, progress } = jobFor(hostWith().host, eye, 'esptool', parts, { port })
    const result = await flashJob(job)
    expect(result).toMatchObject({ verified: true, started: true, found: 'ESP32-S3 at /dev/esp', bytes: 230_001 })
    for (const { address, bytes } of parts) expect(held(address, bytes)).toBe(true)
    expect(chip.mode).toBe('application')
    expect(progress.at(-1)).toEqual([230_001, 230_001])
  })

  it('unplugged at 20 random points it says what the board holds, and the next attempt succeeds', {
    timeout: 90_000,
  }, async () => {
    const bytes = randomBytes(40_000, 2)
    const attempt = (cutAt?: number) => {
      const { host, passed } = hostWith(cutAt)
      const { job } = jobFor(host, eye, 'esptool', [{ address: 0x10000, bytes }], { port })
      return { done: flashJob(job), passed }
    }
    const codes = await unplugEverywhere(attempt, async () => held(0x10000, bytes))
    expect(codes).toEqual(['BOOTLOADER_SILENT', 'FLASH_BROKEN'])
  })

  const parts = [{ address: 0, bytes: randomBytes(20_000, 3) }]

  it('says what is wrong: another chip, an image for one, worn flash, no lines, no package', async () => {
    const flash = (host: Host, more: Parameters<typeof jobFor>[4] = {}, image = parts) =>
      flashJob(jobFor(host, eye, 'esptool', image, { port, ...more }).job)
    chip.chipId = 5
    await expect(flash(hostWith().host)).rejects.toMatchObject({
      code: 'IMAGE_WRONG_BOARD',
      detail: expect.stringContaining('ESP32-C3'),
    })
    const forC3 = Uint8Array.of(0xe9, ...new Array(11).fill(0), 5, 0, 0, 0)
    await expect(flash(hostWith().host, {}, [{ address: 0, bytes: forC3 }])).rejects.toMatchObject({
      code: 'IMAGE_WRONG_BOARD',
      detail: expect.stringContaining('0x0005'),
    })
    chip.chipId = 9
    chip.wornByte = 77
    await expect(flash(hostWith().host)).rejects.toMatchObject({
      code: 'FLASH_DIFFERS',
      detail: expect.stringContaining('MD5'),
    })
    chip.wornByte = null
    chip.start('rom')
    expect(await flash(hostWith(undefined, false).host)).toMatchObject({ verified: true, started: false })
    const without = { ...hostWith().host, optionalPackage: async () => null }
    await expect(flash(without)).rejects.toMatchObject({
      code: 'PACKAGE_MISSING',
      detail: expect.stringContaining('npm install'),
    })
  })

  it('stops when the user does', async () => {
    const controller = new AbortController()
    const onProgress = (done: number) => {
      if (done > 10_000) controller.abort(new Error('Ctrl-C'))
    }
    const { job } = jobFor(hostWith().host, eye, 'esptool', parts, { port, signal: controller.signal, onProgress })
    await expect(flashJob(job)).rejects.toMatchObject({
      code: 'FLASH_INTERRUPTED',
      detail: expect.stringMatching(/^\d+ of 20000 bytes were written/),
    })
  })
})
