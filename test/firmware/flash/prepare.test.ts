import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { writeIntelHex } from '../../../src/firmware/flash/intel-hex.ts'
import { flashers } from '../../../src/firmware/flash/list.ts'
import { listFlashable, prepareFlash } from '../../../src/firmware/flash/prepare.ts'
import { writeUf2 } from '../../../src/firmware/flash/uf2.ts'
import { type FakeHostOptions, fakeHost } from '../../../src/hosts/fake.ts'
import { randomBytes } from './support/flash-job.ts'

const root = '/package/firmware-bridge/images'
const bytes = randomBytes(3000, 1)
const files = {
  hex: new TextEncoder().encode(writeIntelHex([{ address: 0x08000000, bytes }])),
  bin: bytes,
}
const sha256 = (file: Uint8Array) => createHash('sha256').update(file).digest('hex')
const manifest = (change: object = {}) =>
  JSON.stringify({
    version: 1,
    board: 'nucleo-l4r5zi',
    model: { name: 'ds-cnn', sha256: sha256(bytes), hash: '0123456789abcdef' },
    files: (['bin', 'hex'] as const).map((format) => ({
      format,
      file: `kws.${format}`,
      bytes: files[format].length,
      sha256: sha256(files[format]),
    })),
    address: '08000000',
    toolchain: 'arm-none-eabi-gcc 12.2.1',
    ...change,
  })

/** The real targets, with prebuilt images for the Nucleo alone. */
function hostWith(change: object = {}, more: FakeHostOptions = {}) {
  const base = fakeHost({
    readsDisk: true,
    ...more,
    files: {
      [`${root}/nucleo-l4r5zi/manifest.json`]: manifest(change),
      [`${root}/nucleo-l4r5zi/kws.hex`]: files.hex,
      [`${root}/nucleo-l4r5zi/kws.bin`]: files.bin,
      '/plain/x': '',
      ...more.files,
    },
  })
  const join = (...parts: string[]) => {
    const path = base.files.join(...parts)
    const at = path.indexOf('/firmware-bridge/images')
    return at < 0 ? path : `/package${path.slice(at)}`
  }
  return { ...base, files: { ...base.files, join } }
}

const kws = { what: 'kws', board: 'nucleo-l4r5zi', port: '/dev/ttyUSB0' }

describe('a prebuilt image', () => {
  it('is read in the format that the way passes on, and known by its name or its model', async () => {
    const plan = await prepareFlash(hostWith(), kws)
    expect(plan.way.way).toBe('stm32 uart')
    expect(plan.image).toMatchObject({ format: 'hex', bytes: 3000, sha256: sha256(files.hex) })
    expect(plan.image.parts).toEqual([{ address: 0x08000000, bytes }])
    expect(plan.memory.bytes).toBe(2 * 1024 * 1024)
    expect((await prepareFlash(hostWith(), { ...kws, what: 'ds-cnn' })).image.format).toBe('hex')
  })

  const file = (change: object) => ({
    files: [{ format: 'bin', file: 'kws.bin', bytes: 3000, sha256: sha256(bytes), ...change }],
  })
  it.each([
    [file({ bytes: 3001 }), 'IMAGE_INVALID', '3000 bytes; its manifest says 3001'],
    [file({ sha256: '0'.repeat(64) }), 'IMAGE_INVALID', 'SHA-256'],
    [file({ file: 'gone.bin' }), 'IMAGE_NOT_FOUND', 'There is'],
    [file({ file: '../../etc/passwd' }), 'IMAGE_INVALID', 'files.0.file'],
    [{ board: 'microbit-v2' }, 'IMAGE_WRONG_BOARD', 'microbit-v2'],
    [{ version: 2 }, 'IMAGE_INVALID', 'version'],
    [{ files: [] }, 'IMAGE_INVALID', 'files'],
  ])('with %j is refused: %s', async (change, code, words) => {
    await expect(prepareFlash(hostWith(change), kws)).rejects.toMatchObject({ code })
    await expect(prepareFlash(hostWith(change), kws)).rejects.toThrow(words)
  })

  it('that is not there is named, with the boards that have one', async () => {
    await expect(prepareFlash(hostWith(), { ...kws, board: 'microbit-v2' })).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      detail: expect.stringMatching(
        /^For microbit-v2 there is none. Boards with prebuilt images: nucleo-l4r5zi. "milliwatt firmware/,
      ),
    })
    await expect(prepareFlash(hostWith(), { ...kws, what: 'vww' })).rejects.toThrow('there is "kws"')
  })
})

describe("a user's own file", () => {
  const host = hostWith(
    {},
    {
      files: {
        '/a.bin': bytes,
        '/a.hex': files.hex,
        '/a.uf2': writeUf2([{ address: 0x10000000, bytes }], 0xe48bff56),
        '/a.elf': new Uint8Array(60).fill(1),
        '/empty.bin': '',
        '/a.txt': '',
      },
    },
  )
  const prepare = (what: string, more: object = {}) => prepareFlash(host, { ...kws, what, ...more })

  it('is read by its ending; a .bin file goes where the board or the user says', async () => {
    expect((await prepare('/a.hex')).image.parts).toEqual([{ address: 0x08000000, bytes }])
    expect((await prepare('/a.bin')).image.parts).toEqual([{ address: 0x08000000, bytes }])
    expect((await prepare('/a.bin', { address: 0x08010000 })).image.parts[0]!.address).toBe(0x08010000)
    const pico = await prepare('/a.uf2', { board: 'raspberry-pi-pico', port: '/dev/ttyACM0' })
    expect(pico.image.parts[0]!.address).toBe(0x10000000)
  })

  it.each([
    ['/a.uf2', {}, 'IMAGE_WRONG_BOARD', 'takes no UF2 files'],
    ['/a.uf2', { board: 'xiao-nrf52840-sense' }, 'IMAGE_WRONG_BOARD', 'family e48bff56'],
    ['/a.elf', {}, 'IMAGE_INVALID', 'no ELF file'],
    ['/empty.bin', {}, 'IMAGE_INVALID', 'empty'],
    ['/gone.bin', {}, 'IMAGE_NOT_FOUND', 'ENOENT'],
    ['/a.txt', {}, 'IMAGE_NOT_FOUND', 'a.txt'],
  ])('%s for %j is refused: %s', async (what, more, code, words) => {
    await expect(prepare(what, more)).rejects.toMatchObject({ code })
    await expect(prepare(what, more)).rejects.toThrow(words)
  })
})

describe('the way', () => {
  const wayOf = async (host: ReturnType<typeof hostWith>, more: object = {}) =>
    (await prepareFlash(host, { what: 'kws', board: 'nucleo-l4r5zi', ...more })).way.way
  const openocd = { openocd: { stderr: 'Open On-Chip Debugger 0.12.0' } }

  it('is a mounted volume, then a named port, then an installed tool', async () => {
    const mounted = hostWith(
      {},
      { environment: { USER: 'me' }, commands: openocd, files: { '/media/me/NODE_L4R5ZI/x': '' } },
    )
    expect(await wayOf(mounted, { port: '/dev/ttyUSB0' })).toBe('bin volume')
    const tooled = hostWith({}, { commands: openocd })
    expect(await wayOf(tooled, { port: '/dev/ttyUSB0' })).toBe('stm32 uart')
    expect(await wayOf(tooled)).toBe('openocd')
    expect(await wayOf(tooled, { volume: '/plain' })).toBe('bin volume')
    expect(await wayOf(tooled, { with: 'dfu-util' })).toBe('dfu-util')
  })

  it('that is none says what every one lacks', async () => {
    await expect(wayOf(hostWith())).rejects.toMatchObject({
      code: 'FLASH_UNAVAILABLE',
      detail: expect.stringMatching(
        /^bin volume: no volume NODE_L4R5ZI is mounted; openocd: openocd is not installed; stm32 uart: give/,
      ),
    })
    await expect(wayOf(hostWith(), { with: 'esptool' })).rejects.toMatchObject({ code: 'USAGE' })
    await expect(wayOf(hostWith(), { board: 'abacus' })).rejects.toMatchObject({ code: 'TARGET_UNKNOWN' })
  })
})

it('lists every microcontroller board, each with what goes its ways', async () => {
  const listed = await listFlashable(hostWith(), {})
  const of = (id: string) => listed.find(({ board }) => board.id === id)!
  expect(of('nucleo-l4r5zi').image).toBe('kws')
  expect(of('qemu-mps2-an386')).toMatchObject({ board: { emulator: 'qemu-system-arm' }, ways: [] })
  expect(of('arduino-nano-33-ble-sense').ways).toMatchObject([{ flasher: null, detection: { state: 'lacks' } }])
  const gone = new Set(listed.flatMap(({ ways }) => ways.flatMap(({ flasher }) => flasher ?? [])))
  expect(gone).toEqual(new Set(flashers))
})
