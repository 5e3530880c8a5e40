import { describe, expect, test } from 'vitest'
import { boardFinder } from '../../src/devices/board.ts'
import { meterFinder } from '../../src/devices/meter.ts'
import { type FakePort, type FakeTree, fakeHost } from '../../src/hosts/fake.ts'
import type { Targets } from '../../src/targets/target.ts'
import { deviceOf, ownTargets } from './fixture.ts'

const targets = await ownTargets()
const port = (path: string, ids: string, more: Partial<FakePort> = {}): FakePort => {
  const [vendorId, productId] = ids.split(':') as [string, string]
  return { path, vendorId, productId, ...more }
}
const boards = (ports: FakePort[], from: Targets = targets) => boardFinder(from).find(fakeHost({ ports }))
const meters = (ports: FakePort[], root: FakeTree = {}) => meterFinder(targets).find(fakeHost({ ports, root }))

describe('boards', () => {
  test('a board by its own USB id', async () => {
    const [finding] = await boards([port('/dev/ttyACM0', '2886:8045', { serialNumber: 'A1' })])
    expect(deviceOf(finding)).toMatchObject({
      id: 'board:/dev/ttyACM0',
      target: 'xiao-nrf52840-sense',
      facts: { port: '/dev/ttyACM0', usb: '2886:8045', shows: 'application', serialNumber: 'A1' },
    })
    expect(finding?.status).toBe('found')
  })

  test('a board for which there is no firmware says so', async () => {
    const [finding] = await boards([port('/dev/ttyACM0', '2341:805a')])
    expect(finding).toMatchObject({ status: 'unusable', reason: 'milliwatt has no firmware for this board yet' })
  })

  test('a board in its bootloader says how to leave it', async () => {
    const [finding] = await boards([port('/dev/ttyACM0', '2341:005a')])
    expect(finding).toMatchObject({ status: 'unusable', reason: 'it is in its bootloader' })
    expect(deviceOf(finding).target).toBe('arduino-nano-33-ble-sense')
  })

  test('a debug probe that several boards carry names all of them and claims none', async () => {
    const device = deviceOf((await boards([port('/dev/ttyACM0', '0483:374b')]))[0])
    expect(device.target).toBeUndefined()
    expect(device.facts.candidates).toEqual(['b-l475e-iot01a', 'nucleo-l4r5zi'])
    expect(device.name).toContain('perhaps')
  })

  test('a port that this user may not open says which command cures it', async () => {
    const [finding] = await boards([port('/dev/ttyACM0', '2886:8045', { accessible: false })])
    expect(finding).toMatchObject({
      status: 'unusable',
      reason: 'this user may not open /dev/ttyACM0',
      next: expect.stringContaining('usermod -aG dialout $USER'),
    })
  })

  test('a port of Windows is no path and needs no permission', async () => {
    const [finding] = await boards([port('COM3', '2886:8045', { accessible: false })])
    expect(finding?.status).toBe('found')
  })

  test('an unknown USB port is named in the reason', async () => {
    const [finding] = await boards([port('/dev/ttyUSB0', '1a86:7523')])
    expect(finding).toMatchObject({ status: 'absent', reason: expect.stringContaining('/dev/ttyUSB0 (1a86:7523)') })
  })

  test('no port at all passes on the reason of the host', async () => {
    const host = fakeHost({ portsReason: 'udevadm is not installed', ports: [{ path: '/dev/ttyS0' }] })
    expect(await boardFinder(targets).find(host)).toEqual([
      { status: 'absent', kind: 'board', reason: 'udevadm is not installed' },
    ])
  })
})

describe('meters', () => {
  const ppk2 = (path: string, location: string, more: Partial<FakePort> = {}) =>
    port(path, '1915:c00a', { location, serialNumber: 'P1', ...more })

  test('the two ports of one PPK2 are one meter, and the data port is the lowest location', async () => {
    const findings = await meters([ppk2('/dev/ttyACM1', '1-1.10:1.1'), ppk2('/dev/ttyACM2', '1-1.9:1.3')])
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatchObject({ status: 'found', device: { target: 'ppk2' } })
    expect(deviceOf(findings[0]).facts).toMatchObject({
      port: '/dev/ttyACM2',
      open: 'ppk2:/dev/ttyACM2',
      otherPorts: ['/dev/ttyACM1'],
      sampleRateHz: 100000,
    })
  })

  test('without a location the lowest path is taken', async () => {
    const [finding] = await meters([port('/dev/ttyACM10', '1915:c00a'), port('/dev/ttyACM9', '1915:c00a')])
    expect(deviceOf(finding).facts.port).toBe('/dev/ttyACM9')
  })

  test('two PPK2 are two meters, by serial number or else by place', async () => {
    const bySerial = [ppk2('/dev/a', '1-1:1.1'), ppk2('/dev/b', '1-2:1.1', { serialNumber: 'P2' })]
    expect(await meters(bySerial)).toHaveLength(2)
    const byPlace = ['1-1:1.1', '1-1:1.3', '1-2:1.1', '1-2:1.3'].map((location, index) =>
      port(`/dev/ttyACM${index}`, '1915:c00a', { location }),
    )
    expect((await meters(byPlace)).map((finding) => deviceOf(finding).facts.port)).toEqual([
      '/dev/ttyACM0',
      '/dev/ttyACM2',
    ])
  })

  test('a PPK2 that this user may not open is not usable', async () => {
    const [finding] = await meters([ppk2('/dev/ttyACM0', '1-1:1.1', { accessible: false })])
    expect(finding).toMatchObject({ status: 'unusable', next: expect.stringContaining('usermod') })
  })

  test('an LPM01A shows ids that others show too', async () => {
    const [finding] = await meters([port('/dev/ttyACM0', '0483:5740')])
    expect(finding).toMatchObject({ status: 'found' })
    expect(deviceOf(finding).facts.open).toBe('lpm01a:/dev/ttyACM0')
    expect(deviceOf(finding).name).toContain('perhaps ST X-NUCLEO-LPM01A')
  })

  test('a Joulescope is seen on the USB bus', async () => {
    const root = {
      '/sys/bus/usb/devices/2-1/idVendor': '16d0\n',
      '/sys/bus/usb/devices/2-1/idProduct': '10ba\n',
      '/sys/bus/usb/devices/2-1/serial': '000123\n',
    }
    const [finding] = await meters([], root)
    expect(finding).toMatchObject({ status: 'unusable', device: { target: 'joulescope-js220' } })
    expect(deviceOf(finding).facts.serialNumber).toBe('000123')
  })

  test('none is absent with the reason', async () => {
    expect(await meters([])).toEqual([{ status: 'absent', kind: 'meter', reason: 'no USB serial port is plugged in' }])
  })
})
