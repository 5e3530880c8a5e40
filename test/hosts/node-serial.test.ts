import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Link } from '../../src/core/link.ts'
import { nodeSerial } from '../../src/hosts/node-serial.ts'
import { openErrorCode } from '../../src/hosts/serial-link.ts'
import { listPorts, listSysfsPorts } from '../../src/hosts/serial-list.ts'
import { openPtyPair, requirePty } from '../support/pty.ts'

const missing = requirePty()
const open = (path: string) => nodeSerial.open(path, { baudRate: 115200 })

/** Collects until so many bytes came. */
function receive(link: Link, count: number): Promise<Buffer> {
  return new Promise((done) => {
    const chunks: Uint8Array[] = []
    let length = 0
    const off = link.onData((chunk) => {
      chunks.push(chunk)
      length += chunk.length
      if (length < count) return
      off()
      done(Buffer.concat(chunks))
    })
  })
}

describe('node serial', () => {
  it('maps the words of the system to the error table', () => {
    expect(openErrorCode('Error: No such file or directory, cannot open /dev/nope')).toBe('METER_NOT_FOUND')
    expect(openErrorCode('Error Resource temporarily unavailable Cannot lock port')).toBe('METER_BUSY')
    expect(openErrorCode('Error: Device or resource busy, cannot open /dev/ttyACM0')).toBe('METER_BUSY')
    expect(openErrorCode('Opening COM3: Access denied')).toBe('METER_BUSY')
    expect(openErrorCode('Error: Permission denied, cannot open /dev/ttyACM0')).toBe('METER_PERMISSION')
    expect(openErrorCode('Inappropriate ioctl for device')).toBe('METER_WRONG')
  })

  it('rejects a missing path and a path that is no port', async () => {
    await expect(open('/dev/milliwatt-none')).rejects.toMatchObject({ code: 'METER_NOT_FOUND' })
    await expect(open('/dev/null')).rejects.toMatchObject({ code: 'METER_WRONG' })
  })

  it.skipIf(missing)(`carries all byte values both ways, in order ${missing ?? ''}`, async () => {
    await using pair = await openPtyPair()
    await using a = await open(pair.a)
    await using b = await open(pair.b)
    const sent = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 7 + (i >> 8)) & 255))
    const got = receive(b, sent.length)
    await a.write(sent)
    expect((await got).equals(sent)).toBe(true)
    const back = receive(a, 256)
    await b.write(Uint8Array.from({ length: 256 }, (_, i) => i))
    expect([...(await back)]).toEqual(Array.from({ length: 256 }, (_, i) => i))
  })

  it.skipIf(missing)(
    `says that a pty has no modem lines, and carries bytes with even parity ${missing ?? ''}`,
    async () => {
      await using pair = await openPtyPair()
      const a = await nodeSerial.open(pair.a, { baudRate: 115200, parity: 'even' })
      await using b = await open(pair.b)
      expect(await a.setLines!({ dtr: false, rts: true })).toBe(false)
      const got = receive(b, 256)
      await a.write(Uint8Array.from({ length: 256 }, (_, i) => i))
      expect([...(await got)]).toEqual(Array.from({ length: 256 }, (_, i) => i))
      await a.close()
      await expect(a.setLines!({ dtr: false, rts: true })).rejects.toMatchObject({ code: 'METER_LOST' })
    },
  )

  it.skipIf(missing)(`stamps arrival on the host clock and loses nothing while blocked ${missing ?? ''}`, async () => {
    await using pair = await openPtyPair()
    await using a = await open(pair.a)
    await using b = await open(pair.b)
    const nowS = () => (performance.timeOrigin + performance.now()) / 1000
    const before = nowS()
    const stamps: number[] = []
    a.onData((_, arrivalS) => stamps.push(arrivalS))
    const got = receive(a, 200_000)
    const written = b.write(new Uint8Array(200_000))
    for (const until = nowS() + 0.3; nowS() < until; );
    expect((await got).length).toBe(200_000)
    await written
    expect(stamps.every((stamp, i) => stamp >= before && stamp <= nowS() && stamp >= (stamps[i - 1] ?? 0))).toBe(true)
  })

  it.skipIf(missing)(`refuses a second opening as busy and frees the port on close ${missing ?? ''}`, async () => {
    await using pair = await openPtyPair()
    const first = await open(pair.a)
    await expect(open(pair.a)).rejects.toMatchObject({ code: 'METER_BUSY' })
    await first.close()
    await first.close()
    expect(await first.ended).toEqual({ how: 'closed' })
    await expect(first.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'METER_LOST' })
    const second = await open(pair.a)
    await second.close()
  })

  it.skipIf(missing)(`ends as lost when the other side goes away ${missing ?? ''}`, async () => {
    await using pair = await openPtyPair()
    const link = await open(pair.a)
    await pair.cut()
    expect(await link.ended).toMatchObject({ how: 'lost' })
    await link.close()
  })
})

describe('port list', () => {
  const root = mkdtempSync(join(tmpdir(), 'milliwatt-sysfs-'))
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  const usb = join(root, 'sys/devices/usb1/1-2')
  const tty = join(root, 'sys/class/tty')
  mkdirSync(tty, { recursive: true })
  for (const [name, content] of [
    ['idVendor', '1915\n'],
    ['idProduct', 'c00a\n'],
    ['serial', 'DB12345678\n'],
    ['manufacturer', 'Nordic Semiconductor\n'],
  ] as const) {
    mkdirSync(usb, { recursive: true })
    writeFileSync(join(usb, name), content)
  }
  for (const [name, place] of [
    ['ttyACM0', '1-2:1.1'],
    ['ttyACM1', '1-2:1.3'],
  ] as const) {
    mkdirSync(join(usb, place, 'tty', name), { recursive: true })
    symlinkSync(join(usb, place), join(usb, place, 'tty', name, 'device'))
    symlinkSync(join(usb, place, 'tty', name), join(tty, name))
  }
  mkdirSync(join(tty, 'ttyS0'))
  writeFileSync(join(tty, 'ttyS0/type'), '4\n')
  mkdirSync(join(tty, 'ttyS1'))
  writeFileSync(join(tty, 'ttyS1/type'), '0\n')
  mkdirSync(join(tty, 'tty1'))

  it('reads USB ids, serial number and interface from sysfs, and leaves phantom ports out', async () => {
    const shared = {
      vendorId: '1915',
      productId: 'c00a',
      serialNumber: 'DB12345678',
      manufacturer: 'Nordic Semiconductor',
    }
    expect(await listSysfsPorts(root)).toEqual([
      { path: '/dev/ttyACM0', ...shared, location: '1-2:1.1' },
      { path: '/dev/ttyACM1', ...shared, location: '1-2:1.3' },
      { path: '/dev/ttyS0' },
    ])
  })

  it('gives an empty list where there is no sysfs, and never rejects', async () => {
    expect(await listSysfsPorts(join(root, 'nowhere'))).toEqual([])
    const { ports, reason } = await listPorts(join(root, 'nowhere'))
    if (ports.length === 0) expect(reason).toMatch(/serial/)
  })
})
