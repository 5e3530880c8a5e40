import { describe, expect, test } from 'vitest'
import { cpuClusters } from '../../src/devices/cpu.ts'
import { findDevices } from '../../src/devices/list.ts'
import { identifyMachine } from '../../src/devices/machine.ts'
import { fakeHost } from '../../src/hosts/fake.ts'
import { deviceOf, machineHost, machineNames, ofKind, ownTargets } from './fixture.ts'

const targets = await ownTargets()
const find = (host: ReturnType<typeof machineHost>) => findDevices(host, targets)
const cpuOf = async (host: ReturnType<typeof machineHost>) => deviceOf(ofKind(await find(host), 'cpu')[0])

test('the recorded machines are told apart', async () => {
  const seen = await Promise.all(
    machineNames.map(async (name) => {
      const host = machineHost(name)
      const findings = await find(host)
      const machine = await identifyMachine(host, targets)
      const npus = ofKind(findings, 'npu').map((finding) => (finding.status === 'absent' ? '-' : finding.device.target))
      const gpus = ofKind(findings, 'gpu').map((finding) => (finding.status === 'absent' ? '-' : finding.device.name))
      return [name, machine.board ?? machine.name, machine.chip ?? '-', npus.join(), gpus.join()]
    }),
  )
  expect(seen).toEqual([
    ['raspberry-pi-5', 'raspberry-pi-5', 'bcm2712', '-', 'Broadcom GPU (v3d)'],
    ['raspberry-pi-5-hailo', 'raspberry-pi-5', 'bcm2712', 'hailo-8', 'Broadcom GPU (v3d)'],
    ['jetson-orin-nano', 'jetson-orin-nano', 'tegra234-orin-nano', '-', 'Orin (nvgpu)'],
    ['radxa-rock-5b', 'radxa-rock-5b', 'rk3588', 'rockchip-rknpu', 'Arm Mali GPU (mali)'],
    ['laptop-intel-npu', 'LENOVO 21KCCTO1WW', '-', 'intel-npu', 'Intel GPU (i915)'],
    ['bare-vm', 'linux x64', '-', '-', '-'],
  ])
})

test('every finding that is not found has a reason, and an unusable one a next step', async () => {
  for (const name of machineNames) {
    for (const finding of await find(machineHost(name))) {
      if (finding.status !== 'found') expect(finding.reason.length).toBeGreaterThan(10)
      if (finding.status === 'unusable') expect(finding.next.length).toBeGreaterThan(10)
    }
  }
})

describe('the processor', () => {
  test('of a Raspberry Pi 5: four equal cores with dot product', async () => {
    const device = await cpuOf(machineHost('raspberry-pi-5'))
    expect(device).toMatchObject({ id: 'cpu', name: 'Cortex-A76', target: 'bcm2712' })
    expect(device.facts).toMatchObject({
      board: 'raspberry-pi-5',
      cores: 4,
      logicalCores: 4,
      isa: ['neon', 'asimd', 'asimdhp', 'asimddp'],
      minimumHz: 1.5e9,
      maximumHz: 2.4e9,
      governor: 'ondemand',
    })
    expect(device.facts.clusters).toBeUndefined()
  })

  test('of an RK3588: little and big clusters, two bins of big cores are one kind', async () => {
    const clusters = await cpuClusters(machineHost('radxa-rock-5b'))
    expect(clusters.map(({ cpus, core, capacity, maximumHz }) => ({ cpus, core, capacity, maximumHz }))).toEqual([
      { cpus: [0, 1, 2, 3], core: 'Cortex-A55', capacity: 530, maximumHz: 1.8e9 },
      { cpus: [4, 5, 6, 7], core: 'Cortex-A76', capacity: 1024, maximumHz: 2.4e9 },
    ])
  })

  test('without cpu_capacity the highest frequency tells clusters apart, and favoured cores stay with the rest', async () => {
    const clusters = await cpuClusters(machineHost('laptop-intel-npu'))
    expect(clusters.map(({ cpus, maximumHz }) => [cpus.length, maximumHz])).toEqual([
      [2, 2.5e9],
      [8, 3.8e9],
      [12, 4.8e9],
    ])
  })

  test('with threads counts physical cores once', async () => {
    const { facts } = await cpuOf(machineHost('laptop-intel-npu'))
    expect([facts.cores, facts.logicalCores]).toEqual([16, 22])
    expect(facts.isa).toEqual(expect.arrayContaining(['avx2', 'fma', 'vnni', 'sse4.1']))
  })

  test('without topology counts by socket and core', async () => {
    const { facts } = await cpuOf(machineHost('laptop-intel-npu', {}, /topology/))
    expect([facts.cores, facts.logicalCores]).toEqual([16, 22])
  })

  test('leaves out processors that are off-line', async () => {
    const root = { '/sys/devices/system/cpu/cpu3/online': '0\n' }
    const { facts } = await cpuOf(machineHost('raspberry-pi-5', { root }))
    expect(facts.logicalCores).toBe(3)
  })

  test('of a bare VM: no frequency, a hypervisor', async () => {
    const { name, facts } = await cpuOf(machineHost('bare-vm'))
    expect(name).toBe('AMD EPYC')
    expect(facts).toMatchObject({ cores: 2, virtual: 'unknown hypervisor' })
    expect(facts.isa).toEqual(expect.arrayContaining(['avx512', 'vnni']))
    expect(facts.maximumHz ?? facts.governor).toBeUndefined()
  })

  test('is found even where nothing can be read', async () => {
    const device = await cpuOf(fakeHost({ architecture: 'riscv64' }))
    expect(device.name).toBe('riscv64 processor')
  })

  test('of RISC-V shows the vector extension', async () => {
    const cpuinfo = 'processor\t: 0\nhart\t\t: 0\nisa\t\t: rv64imafdcv_zicsr\nuarch\t\t: spacemit,x60\n'
    const { name, facts } = await cpuOf(fakeHost({ architecture: 'riscv64', root: { '/proc/cpuinfo': cpuinfo } }))
    expect([name, facts.isa]).toEqual(['spacemit,x60', ['rvv']])
  })

  test('of 32-bit Arm shows neon', async () => {
    const cpuinfo = 'processor\t: 0\nmodel name\t: ARMv7 Processor rev 3 (v7l)\nFeatures\t: half thumb neon vfpv4\n'
    const { facts } = await cpuOf(fakeHost({ architecture: 'arm', root: { '/proc/cpuinfo': cpuinfo } }))
    expect(facts.isa).toEqual(['neon'])
  })

  test('of a Mac comes from sysctl', async () => {
    const stdout = [
      'machdep.cpu.brand_string: Apple M2',
      'hw.physicalcpu: 8',
      'hw.logicalcpu: 8',
      'hw.model: Mac14,2',
      'hw.nperflevels: 2',
      'hw.perflevel0.name: Performance',
      'hw.perflevel0.logicalcpu: 4',
      'hw.perflevel1.name: Efficiency',
      'hw.perflevel1.logicalcpu: 4',
      'hw.optional.AdvSIMD: 1',
      'hw.optional.arm.FEAT_DotProd: 1',
      'hw.optional.arm.FEAT_I8MM: 1',
      'hw.optional.arm.FEAT_BF16: 0',
    ].join('\n')
    const { name, facts } = await cpuOf(
      fakeHost({ platform: 'darwin', architecture: 'arm64', commands: { sysctl: { stdout } } }),
    )
    expect(name).toBe('Apple M2')
    expect(facts).toMatchObject({
      cores: 8,
      isa: ['neon', 'asimd', 'asimddp', 'i8mm'],
      clusters: ['Efficiency: 4 cores', 'Performance: 4 cores'],
    })
  })

  test('of Windows comes from CIM, else from the environment', async () => {
    const stdout =
      '{"Name":"Intel(R) Core(TM) i7 ","NumberOfCores":4,"NumberOfLogicalProcessors":8,"MaxClockSpeed":2800}'
    const { name, facts } = await cpuOf(fakeHost({ platform: 'win32', commands: { 'powershell.exe': { stdout } } }))
    expect([name, facts.cores, facts.logicalCores, facts.maximumHz]).toEqual(['Intel(R) Core(TM) i7', 4, 8, 2.8e9])
    const environment = { PROCESSOR_IDENTIFIER: 'ARMv8 (64-bit) Family 8', NUMBER_OF_PROCESSORS: '8' }
    expect((await cpuOf(fakeHost({ platform: 'win32', environment }))).facts.logicalCores).toBe(8)
  })
})

describe('the machine', () => {
  test('an unknown board with a known chip says so', async () => {
    const root = {
      '/proc/device-tree/compatible': 'acme,board\0rockchip,rk3588\0',
      '/proc/device-tree/model': 'Acme\0',
    }
    const machine = await identifyMachine(fakeHost({ architecture: 'arm64', root }), targets)
    expect(machine).toMatchObject({ name: 'Acme', chip: 'rk3588' })
    expect(machine.board).toBeUndefined()
    expect(machine.reason).toContain('no file in targets/boards matches acme,board, rockchip,rk3588')
  })

  test('the device tree is also read where /proc/device-tree is missing', async () => {
    const root = { '/sys/firmware/devicetree/base/compatible': 'raspberrypi,4-model-b\0brcm,bcm2711\0' }
    expect(await identifyMachine(fakeHost({ root }), targets)).toMatchObject({ board: 'raspberry-pi-4' })
  })

  test.each([
    ['QEMU', 'Standard PC (Q35 + ICH9, 2009)', 'QEMU/KVM'],
    ['VMware, Inc.', 'VMware20,1', 'VMware'],
    ['innotek GmbH', 'VirtualBox', 'VirtualBox'],
    ['Microsoft Corporation', 'Virtual Machine', 'Hyper-V'],
    ['Amazon EC2', 't3.small', 'Amazon EC2'],
  ])('%s %s is a virtual machine', async (vendor, product, virtual) => {
    const root = { '/sys/class/dmi/id/sys_vendor': `${vendor}\n`, '/sys/class/dmi/id/product_name': `${product}\n` }
    expect((await identifyMachine(fakeHost({ root }), targets)).virtual).toBe(virtual)
  })

  test('a laptop is none', async () => {
    expect((await identifyMachine(machineHost('laptop-intel-npu'), targets)).virtual).toBeUndefined()
  })
})
