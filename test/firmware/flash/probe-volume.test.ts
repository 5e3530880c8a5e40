import { describe, expect, it } from 'vitest'
import type { Host } from '../../../src/core/host.ts'
import { readIntelHex } from '../../../src/firmware/flash/intel-hex.ts'
import { listVolumes } from '../../../src/firmware/flash/volumes.ts'
import { fakeHost } from '../../../src/hosts/fake.ts'
import { boardOf, flashJob, jobFor, randomBytes, skippingClock } from './support/flash-job.ts'

const folder = '/media/me/MICROBIT'
const details = (id: string) => ({ [`${folder}/DETAILS.TXT`]: `# DAPLink Firmware\r\nUnique ID: ${id}58434e45\r\n` })
const microbit = boardOf('microbit-v2')
const parts = [{ address: 0, bytes: randomBytes(2000, 1) }]

/** A micro:bit whose probe takes its volume away once it has the file, and shows it again with what it says. */
function probeHost(files: Readonly<Record<string, string>>, says: Readonly<Record<string, string>> = {}): Host {
  const host = fakeHost({
    environment: { USER: 'me' },
    root: { '/proc/mounts': `/dev/sdb ${folder} vfat rw 0 0` },
    files,
  })
  let gone = 0
  return {
    ...host,
    clock: skippingClock(),
    files: {
      ...host.files,
      append: async (path) => {
        const file = await host.files.append(path)
        return {
          ...file,
          close: async () => {
            gone = 3
            for (const [name, text] of Object.entries(says)) await host.files.write(`${folder}/${name}`, text)
          },
        }
      },
      list: async (path) => (path === folder && gone-- > 0 ? [] : host.files.list(path)),
    },
  }
}

describe('hex volume', () => {
  it('copies Intel HEX and waits until the probe has written it', async () => {
    const host = probeHost(details('9904'))
    const result = await flashJob(jobFor(host, microbit, 'hex volume', parts).job)
    expect(result).toMatchObject({ verified: false, started: true, how: expect.stringContaining('no FAIL.TXT') })
    expect(readIntelHex(await host.files.readText(`${folder}/MILLIWAT.HEX`))).toEqual(parts)
  })

  it('says what the probe wrote into FAIL.TXT', async () => {
    const host = probeHost(details('9904'), { 'FAIL.TXT': 'error: The hex file cannot be decoded.\r\ntype: user\r\n' })
    await expect(flashJob(jobFor(host, microbit, 'hex volume', parts).job)).rejects.toMatchObject({
      code: 'FLASH_UNCHECKED',
      detail: expect.stringContaining('The hex file cannot be decoded. type: user'),
    })
  })

  it('refuses the first micro:bit, a volume of another name, and where there is none', async () => {
    const flash = (host: Host, more: Parameters<typeof jobFor>[4] = {}) =>
      flashJob(jobFor(host, microbit, 'hex volume', parts, more).job)
    await expect(flash(probeHost(details('9901')))).rejects.toMatchObject({ code: 'IMAGE_WRONG_BOARD', where: folder })
    const other = fakeHost({
      root: { '/proc/mounts': '/dev/sdc /media/me/NODE_F401RE vfat rw 0 0' },
      files: { '/media/me/NODE_F401RE/MBED.HTM': '' },
    })
    await expect(flash(other, { volume: '/media/me/NODE_F401RE' })).rejects.toMatchObject({ code: 'IMAGE_WRONG_BOARD' })
    await expect(flash(fakeHost())).rejects.toMatchObject({
      code: 'BOOTLOADER_SILENT',
      detail: expect.stringContaining('MICROBIT'),
    })
  })
})

describe('bin volume', () => {
  const nucleo = boardOf('nucleo-l4r5zi')
  const flash = (host: Host, image = [{ address: 0x08000000, bytes: randomBytes(700, 1) }]) =>
    flashJob(jobFor(host, nucleo, 'bin volume', image, { volume: '/plain' }).job)

  it('copies the bytes from the beginning of the flash on, and reads them back from a plain folder', async () => {
    const host = { ...fakeHost({ files: { '/plain/MBED.HTM': '' } }), clock: skippingClock() }
    const image = [
      { address: 0x08000000, bytes: Uint8Array.of(1, 2) },
      { address: 0x08000004, bytes: Uint8Array.of(3) },
    ]
    expect(await flash(host, image)).toMatchObject({ verified: true })
    expect([...(await host.files.readBytes('/plain/MILLIWAT.BIN'))]).toEqual([1, 2, 0xff, 0xff, 3])
  })

  it('refuses bytes below the flash', async () => {
    const host = fakeHost({ files: { '/plain/MBED.HTM': '' } })
    await expect(flash(host, [{ address: 0, bytes: Uint8Array.of(1) }])).rejects.toMatchObject({
      code: 'IMAGE_INVALID',
    })
  })
})

describe('volumes', () => {
  it('are looked for where each system mounts them', async () => {
    const linux = fakeHost({
      environment: { USER: 'me' },
      root: {
        '/proc/mounts': 'proc /proc proc rw 0 0\n/dev/sdb1 /mnt/my\\040board vfat rw 0 0\n/dev/sda1 / ext4 rw 0 0',
      },
      files: { '/media/me/RPI-RP2/INFO_UF2.TXT': '', '/run/media/me/XIAO/INFO_UF2.TXT': '' },
    })
    expect(await listVolumes(linux)).toEqual(
      expect.arrayContaining(['/media/me/RPI-RP2', '/mnt/my board', '/run/media/me/XIAO']),
    )
    const mac = fakeHost({ platform: 'darwin', files: { '/Volumes/RPI-RP2/INFO_UF2.TXT': '' } })
    expect(await listVolumes(mac)).toEqual(['/Volumes/RPI-RP2'])
    const base = fakeHost({ platform: 'win32' })
    const files = {
      ...base.files,
      stat: async (path: string) => (path === 'E:\\' ? { kind: 'folder' as const, sizeBytes: 0 } : null),
    }
    expect(await listVolumes({ ...base, files })).toEqual(['E:\\'])
  })
})
