import { describe, expect, test } from 'vitest'
import { findDevices } from '../../src/devices/list.ts'
import { npuFinder } from '../../src/devices/npu.ts'
import { type FakeTree, fakeHost } from '../../src/hosts/fake.ts'
import type { AcceleratorTarget, Targets } from '../../src/targets/target.ts'
import { deviceOf, machineHost, ofKind, ownTargets } from './fixture.ts'

const targets = await ownTargets()
const npus = async (host: ReturnType<typeof fakeHost>, from: Targets = targets) => npuFinder(from).find(host)
const pci = (slot: string, vendor: string, device: string): FakeTree => ({
  [`/sys/bus/pci/devices/${slot}/vendor`]: `0x${vendor}\n`,
  [`/sys/bus/pci/devices/${slot}/device`]: `0x${device}\n`,
})
const usb = (vendor: string, product: string, accessible = true): FakeTree => ({
  '/sys/bus/usb/devices/1-1/idVendor': `${vendor}\n`,
  '/sys/bus/usb/devices/1-1/idProduct': `${product}\n`,
  '/sys/bus/usb/devices/1-1/busnum': '1\n',
  '/sys/bus/usb/devices/1-1/devnum': '4\n',
  '/dev/bus/usb/001/004': { node: true, accessible },
})
const tree = (compatible: string, node = 'npu@1', status = 'okay'): FakeTree => ({
  '/proc/device-tree/compatible': 'acme,board\0',
  '/proc/device-tree/soc/compatible': 'simple-bus\0',
  [`/proc/device-tree/soc/${node}/compatible`]: `${compatible}\0`,
  [`/proc/device-tree/soc/${node}/status`]: `${status}\0`,
})
const accel = (driver: string): FakeTree => ({
  '/sys/class/accel/accel0/device/uevent': `DRIVER=${driver}\n`,
  '/dev/accel/accel0': { node: true },
})

describe('an accelerator with its driver', () => {
  test.each<[string, FakeTree]>([
    ['hailo-8', { ...pci('0000:01:00.0', '1e60', '2864'), '/dev/hailo0': { node: true } }],
    ['hailo-10h', { ...pci('0000:01:00.0', '1e60', '45c4'), '/dev/hailo0': { node: true } }],
    ['coral-edge-tpu-pcie', { ...pci('0000:01:00.0', '1ac1', '089a'), '/dev/apex_0': { node: true } }],
    ['coral-edge-tpu-usb', usb('1a6e', '089a')],
    ['coral-edge-tpu-usb', usb('18d1', '9302')],
    ['intel-npu', { ...pci('0000:00:0b.0', '8086', '643e'), ...accel('intel_vpu') }],
    ['amd-xdna', { ...pci('0000:c4:00.1', '1022', '1502'), ...accel('amdxdna') }],
    ['rockchip-rknpu', { ...tree('rockchip,rk3588-rknn-core'), ...accel('rocket') }],
    ['rockchip-rknpu', { '/dev/rknpu': { node: true } }],
    ['ethos-u65', { ...tree('fsl,imx93-npu\0arm,ethos-u65'), '/dev/ethosu0': { node: true } }],
    ['qualcomm-hexagon', { '/dev/fastrpc-cdsp': { node: true } }],
    ['verisilicon-vip', tree('fsl,imx8mp')],
    ['nvidia-dla', { ...tree('nvidia,tegra234-nvdla', 'nvdla0@15880000'), '/dev/nvhost-ctrl-nvdla0': { node: true } }],
  ])('%s is there, but no backend runs on it by itself', async (id, root) => {
    const findings = await npus(fakeHost({ root }))
    expect(findings.map((finding) => [finding.status, deviceOf(finding).target])).toEqual([['unusable', id]])
    const { delegate } = targets.accelerators.get(id)!
    const reason = delegate
      ? expect.stringContaining(`delegate ${delegate.libraries.join(' or ')} (${delegate.status})`)
      : 'no backend of milliwatt runs on it yet'
    expect(findings[0]).toMatchObject({ reason })
    expect(findings[0]).toMatchObject({ next: expect.stringContaining('Outside milliwatt') })
  })

  test('of Apple is in every Mac with Apple silicon, and in no other', async () => {
    const [finding] = await npus(fakeHost({ platform: 'darwin', architecture: 'arm64' }))
    expect(finding).toMatchObject({ status: 'unusable', device: { target: 'apple-neural-engine' } })
    const [other] = await npus(fakeHost({ platform: 'darwin', architecture: 'x64' }))
    expect(other).toMatchObject({ status: 'absent', reason: expect.stringContaining('linux only') })
  })

  test('that a backend runs on is found; without permission it is not usable', async () => {
    const hailo = targets.accelerators.get('hailo-8')!
    const served: AcceleratorTarget = { ...hailo, backends: ['some-backend'] }
    const withBackend: Targets = { ...targets, accelerators: new Map([[served.id, served]]) }
    const [open] = await npus(fakeHost({ root: { '/dev/hailo0': { node: true } } }), withBackend)
    expect(open?.status).toBe('found')
    const [closed] = await npus(fakeHost({ root: { '/dev/hailo0': { node: true, accessible: false } } }), withBackend)
    expect(closed).toMatchObject({ status: 'unusable', reason: 'this user may not open /dev/hailo0' })
    expect(closed).toMatchObject({ next: expect.stringContaining('usermod') })
  })

  test('that is closed to the user and has no backend says both', async () => {
    const [finding] = ofKind(await findDevices(machineHost('laptop-intel-npu'), targets), 'npu')
    expect(finding).toMatchObject({
      status: 'unusable',
      reason: 'no backend of milliwatt runs on it yet; this user may not open /dev/accel/accel0 either',
    })
  })
})

describe('an accelerator without its driver', () => {
  test.each<[string, FakeTree]>([
    ['hailo-8', pci('0000:01:00.0', '1e60', '2864')],
    ['coral-edge-tpu-pcie', pci('0000:01:00.0', '1ac1', '089a')],
    ['intel-npu', pci('0000:00:0b.0', '8086', '7d1d')],
    ['amd-xdna', pci('0000:c4:00.1', '1022', '17f0')],
    ['rockchip-rknpu', { '/proc/device-tree/compatible': 'radxa,rock-5b\0rockchip,rk3588\0' }],
    ['ethos-u65', tree('arm,ethos-u65')],
    ['qualcomm-hexagon', { '/proc/device-tree/compatible': 'radxa,dragon-q6a\0qcom,qcm6490\0' }],
  ])('%s: driver missing, and the next step', async (id, root) => {
    const [finding, ...rest] = await npus(fakeHost({ root }))
    expect(rest).toEqual([])
    expect(finding).toMatchObject({ status: 'unusable', device: { target: id } })
    expect(finding).toMatchObject({ reason: expect.stringMatching(/^the driver is missing.*is not loaded/) })
    expect(finding).toMatchObject({ next: targets.accelerators.get(id)!.next })
  })

  test('with the module loaded says that it made no node', async () => {
    const host = machineHost('raspberry-pi-5-hailo', {}, /^\/dev\/hailo0$/)
    const [finding] = await npus(host)
    expect(finding).toMatchObject({ reason: expect.stringContaining('module hailo_pci is loaded but made no node') })
    expect(finding).toMatchObject({ reason: expect.stringContaining('pci 1e60:2864 at 0001:01:00.0') })
  })

  test('an /dev/accel node of another driver is not taken for it', async () => {
    const findings = await npus(fakeHost({ root: { ...pci('0000:00:0b.0', '8086', '7d1d'), ...accel('habanalabs') } }))
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatchObject({ reason: expect.stringContaining('driver is missing') })
  })
})

describe('no accelerator', () => {
  test('a node that the device tree disables does not count', async () => {
    const [finding] = await npus(fakeHost({ root: tree('nvidia,tegra234-nvdla', 'nvdla0@15880000', 'disabled') }))
    expect(finding?.status).toBe('absent')
  })

  test('a machine with nothing says what was looked at', async () => {
    const [finding] = await npus(machineHost('bare-vm'))
    expect(finding).toMatchObject({ status: 'absent', reason: expect.stringContaining('PCI, USB') })
  })
})

test('two accelerators are two findings', async () => {
  const root = {
    ...pci('0000:01:00.0', '1e60', '2864'),
    '/dev/hailo0': { node: true } as const,
    ...usb('18d1', '9302'),
  }
  const findings = await npus(fakeHost({ root }))
  expect(findings.map((finding) => deviceOf(finding).target).sort()).toEqual(['coral-edge-tpu-usb', 'hailo-8'])
})
