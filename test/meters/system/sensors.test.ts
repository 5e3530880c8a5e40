import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CommandResult, Host } from '../../../src/core/host.ts'
import { type FakeTree, fakeHost } from '../../../src/hosts/fake.ts'
import { firmata } from '../../../src/meters/firmata/driver.ts'
import { openMeter } from '../../../src/meters/list.ts'
import { lpm01a } from '../../../src/meters/lpm01a/driver.ts'
import type { MeterDriver } from '../../../src/meters/meter.ts'
import { ppk2 } from '../../../src/meters/ppk2/driver.ts'
import { serialLine } from '../../../src/meters/serial-line/driver.ts'
import { battery } from '../../../src/meters/system/battery.ts'
import { hwmon, jetson } from '../../../src/meters/system/hwmon.ts'
import { nvidia, readWatts } from '../../../src/meters/system/nvidia.ts'
import { powercap } from '../../../src/meters/system/powercap.ts'
import { pmicPower, readPmic, rpiPmic } from '../../../src/meters/system/rpi-pmic.ts'
import { collect } from '../../support/collect.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { meterHost } from '../../support/meter-host.ts'

const answer = (stdout: string, exitCode = 0): CommandResult => ({ exitCode, stdout, stderr: '' })

/** A machine out of tables; `change` overwrites files while it runs. */
function machine(root: FakeTree, command: Host['command'] = async () => null) {
  const clock = createFakeClock()
  const files: Record<string, FakeTree[string]> = { ...root }
  const base = meterHost(clock)
  const system: Host['system'] = {
    readText: (path) => fakeHost({ root: files }).system.readText(path),
    list: (path) => fakeHost({ root: files }).system.list(path),
    exists: (path) => fakeHost({ root: files }).system.exists(path),
    isAccessible: (path) => fakeHost({ root: files }).system.isAccessible(path),
  }
  const host: Host = { ...base, system, command }
  const change = (path: string, entry: FakeTree[string]) => {
    files[path] = entry
  }
  return { clock, host, change }
}

async function read(driver: MeterDriver, bench: ReturnType<typeof machine>, path: string, seconds: number) {
  const meter = await bench.clock.until(driver.open(bench.host, { path }))
  const controller = new AbortController()
  const reading = collect(meter.samples(controller.signal))
  reading.catch(() => {})
  await bench.clock.advance(seconds)
  controller.abort()
  return { meter, reading: bench.clock.until(reading) }
}

describe('powercap', () => {
  const zone = (id: string, name: string, energy: FakeTree[string]) => ({
    [`/sys/class/powercap/${id}/name`]: name,
    [`/sys/class/powercap/${id}/energy_uj`]: energy,
    [`/sys/class/powercap/${id}/max_energy_range_uj`]: '262143328850',
  })
  const laptop = {
    ...zone('intel-rapl:0', 'package-0', '1000'),
    ...zone('intel-rapl:0:0', 'core', '500'),
    ...zone('intel-rapl:1', 'psys', '4000'),
    ...zone('intel-rapl-mmio:0', 'package-0', '1000'),
  }

  it('finds packages and the platform, and never adds the parts inside them or the twin', async () => {
    const { meters } = await powercap.find(machine(laptop).host)
    expect(meters.map((meter) => meter.path)).toEqual(['package', 'psys'])
    const server = machine({ ...zone('intel-rapl:0', 'package-0', '7'), ...zone('intel-rapl:1', 'package-1', '9') })
    const meter = await server.clock.until(powercap.open(server.host, { path: 'package' }))
    expect(meter.info).toMatchObject({
      model: 'Linux powercap (package-0 + package-1)',
      supplySource: 'not used',
      sampleRateHz: 100,
    })
  })

  it('goes on where the counter begins again', async () => {
    const bench = machine(zone('intel-rapl:0', 'package-0', '262143000000'))
    const { meter, reading } = await (async () => {
      const opened = await bench.clock.until(powercap.open(bench.host, { path: 'package,rate=10' }))
      const controller = new AbortController()
      const stream = collect(opened.samples(controller.signal))
      await bench.clock.advance(0.05)
      bench.change('/sys/class/powercap/intel-rapl:0/energy_uj', '671150')
      await bench.clock.advance(0.1)
      controller.abort()
      return { meter: opened, reading: bench.clock.until(stream) }
    })()
    const { powerW } = await reading
    expect(powerW[0]).toBeCloseTo(10, 3)
    expect(meter.counts.lost).toBe(0)
  })

  it('names a missing permission with the command that cures it', async () => {
    const bench = machine(zone('intel-rapl:0', 'package-0', { unreadable: true }))
    const { meters } = await powercap.find(bench.host)
    expect(meters).toMatchObject([
      {
        path: 'package',
        problem: { reason: expect.stringMatching(/root alone/), next: expect.stringMatching(/sudo chmod/) },
      },
    ])
    await expect(powercap.open(bench.host, { path: 'package' })).rejects.toMatchObject({
      code: 'METER_PERMISSION',
      detail: expect.stringMatching(/sudo chmod/),
    })
  })

  it('loses a counter that can no longer be read, and says where there is none', async () => {
    const bench = machine(zone('intel-rapl:0', 'package-0', '1000'))
    const { reading } = await (async () => {
      const opened = await bench.clock.until(powercap.open(bench.host, { path: 'package' }))
      const stream = collect(opened.samples(new AbortController().signal))
      stream.catch(() => {})
      bench.change('/sys/class/powercap/intel-rapl:0/energy_uj', { unreadable: true })
      await bench.clock.advance(5)
      return { reading: stream }
    })()
    await expect(reading).rejects.toMatchObject({
      code: 'METER_LOST',
      detail: expect.stringMatching(/no longer be read/),
    })
    expect((await powercap.find(machine({}).host)).reason).toMatch(/no \/sys\/class\/powercap/)
    const none = machine(laptop)
    await expect(powercap.open(none.host, { path: 'gpu' })).rejects.toMatchObject({
      code: 'METER_NOT_FOUND',
      detail: expect.stringMatching(/package-0 \(intel-rapl:0\)/),
    })
  })
})

describe('hwmon', () => {
  const root = {
    '/sys/class/hwmon/hwmon0/name': 'coretemp',
    '/sys/class/hwmon/hwmon0/power1_input': '1',
    '/sys/class/hwmon/hwmon1/name': 'ina226',
    '/sys/class/hwmon/hwmon1/in0_input': '4',
    '/sys/class/hwmon/hwmon1/in1_input': '5000',
    '/sys/class/hwmon/hwmon1/curr1_input': '400',
    '/sys/class/hwmon/hwmon1/power1_input': '2000000',
    '/sys/class/hwmon/hwmon1/update_interval': '500',
    '/sys/class/hwmon/hwmon4/name': 'ina226',
    '/sys/class/hwmon/hwmon4/power1_input': { unreadable: true },
    '/sys/class/hwmon/hwmon7/name': 'ina3221',
    '/sys/class/hwmon/hwmon7/in1_label': 'VDD_3V3',
    '/sys/class/hwmon/hwmon7/in1_input': '3300',
    '/sys/class/hwmon/hwmon7/curr1_input': '100',
    '/sys/class/hwmon/hwmon7/in2_input': '1800',
    '/sys/class/hwmon/hwmon7/curr2_input': '50',
    '/sys/class/hwmon/hwmon7/in4_input': '2',
    '/sys/class/hwmon/hwmon8/name': 'ina228',
    '/sys/class/hwmon/hwmon8/energy1_input': '1000',
    '/sys/class/hwmon/hwmon8/power1_input': '5',
    '/sys/class/hwmon/hwmon9/name': 'BAT0',
    '/sys/class/hwmon/hwmon9/in0_input': '12000',
    '/sys/class/hwmon/hwmon9/curr1_input': '12',
  } satisfies FakeTree

  it('finds chips by their names and channels by their labels', async () => {
    const { meters } = await hwmon.find(machine(root).host)
    expect(meters.map((meter) => meter.path)).toEqual(['ina226', 'ina226#2', 'ina3221/VDD_3V3', 'ina3221/2', 'ina228'])
    expect(meters[1]!.problem?.next).toMatch(/sudo chmod a\+r .*power1_input/)
  })

  it('refuses a sensor that this user may not read with the command that cures it', async () => {
    await expect(hwmon.open(machine(root).host, { path: 'ina226#2' })).rejects.toMatchObject({
      code: 'METER_PERMISSION',
      detail: expect.stringMatching(/sudo chmod a\+r \/sys\/class\/hwmon\/hwmon4\/power1_input/),
    })
  })

  it('reads power, current times voltage, or counted energy', async () => {
    for (const [path, watts] of [
      ['ina226', 2],
      ['ina3221/VDD_3V3', 0.33],
    ] as const) {
      const { meter, reading } = await read(hwmon, machine(root), path, 1)
      expect((await reading).powerW[3]).toBeCloseTo(watts, 6)
      expect(meter.info.supplyV).toBeGreaterThan(3)
    }
    const slow = await read(hwmon, machine(root), 'ina226', 0.1)
    expect(slow.meter.info.warnings.join()).toMatch(/every 0\.5 s only/)
    const counted = await read(hwmon, machine(root), 'ina228', 1)
    expect((await counted.reading).powerW[0]).toBe(0)
  })

  it('wants a name where there are several, and says which there are', async () => {
    await expect(hwmon.open(machine(root).host, { path: '' })).rejects.toMatchObject({
      code: 'METER_NOT_FOUND',
      detail: expect.stringMatching(/ina3221\/VDD_3V3/),
    })
    await expect(hwmon.open(machine({}).host, { path: '' })).rejects.toMatchObject({
      detail: expect.stringMatching(/no chip/),
    })
  })
})

describe('jetson', () => {
  const compatible = { '/proc/device-tree/compatible': 'nvidia,p3737-0000\0nvidia,tegra234' }
  const new_ = {
    ...compatible,
    '/sys/class/hwmon/hwmon2/name': 'ina3221',
    '/sys/class/hwmon/hwmon2/in1_label': 'VDD_IN',
    '/sys/class/hwmon/hwmon2/in1_input': '5000',
    '/sys/class/hwmon/hwmon2/curr1_input': '1000',
    '/sys/class/hwmon/hwmon2/in2_label': 'VDD_SOC',
    '/sys/class/hwmon/hwmon2/in2_input': '5000',
    '/sys/class/hwmon/hwmon2/curr2_input': '200',
  }
  const old = {
    ...compatible,
    '/sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/rail_name_0': 'POM_5V_IN',
    '/sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/in_power0_input': '2345',
    '/sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/rail_name_1': 'POM_5V_GPU',
    '/sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/in_power1_input': '345',
  }

  it('takes the whole module on newer and on older systems, and says that the carrier is not included', async () => {
    for (const [root, watts] of [
      [new_, 5],
      [old, 2.345],
    ] as const) {
      const { meter, reading } = await read(jetson, machine(root), '', 1)
      expect((await reading).powerW[2]).toBeCloseTo(watts, 6)
      expect(meter.info.covers).toMatch(/without its carrier board/)
    }
    const { reading } = await read(jetson, machine(old), 'POM_5V_GPU', 1)
    expect((await reading).powerW[2]).toBeCloseTo(0.345, 6)
  })

  it('is no Jetson without its device tree', async () => {
    const { '/proc/device-tree/compatible': _, ...rest } = new_
    expect(await jetson.find(machine(rest).host)).toMatchObject({
      meters: [],
      reason: expect.stringMatching(/no Jetson/),
    })
  })
})

describe('Raspberry Pi 5 PMIC', () => {
  const printed = `     3V7_WL_SW_A current(0)=0.00097594A
   3V3_SYS_A current(1)=0.08782960A
  VDD_CORE_A current(7)=1.43298000A
   3V7_WL_SW_V volt(8)=3.70653000V
   3V3_SYS_V volt(9)=3.31000000V
  VDD_CORE_V volt(15)=0.72075960V
      EXT5V_V volt(24)=5.12000000V`

  it('adds the rails of which it tells both', () => {
    expect(pmicPower(readPmic(printed))).toBeCloseTo(0.00097594 * 3.70653 + 0.0878296 * 3.31 + 1.43298 * 0.7207596, 9)
    expect(pmicPower(readPmic('EXT5V_V volt(24)=5.1V'))).toBeNull()
  })

  it('reads five times a second, and tells a Pi 4, a missing right and a missing command', async () => {
    const bench = machine({}, async () => answer(printed))
    const { meter, reading } = await read(rpiPmic, bench, 'pmic', 2)
    expect((await reading).powerW[0]).toBeCloseTo(1.327, 2)
    expect(meter.info).toMatchObject({ sampleRateHz: 5, minimumWindowS: 10 })
    const refused = machine({}, async () =>
      answer("Can't open device file: /dev/vcio\nTry creating a device file with: sudo mknod", 255),
    )
    expect((await rpiPmic.find(refused.host)).meters[0]?.problem?.next).toMatch(/usermod -aG video/)
    await expect(rpiPmic.open(refused.host, { path: 'pmic' })).rejects.toMatchObject({ code: 'METER_PERMISSION' })
    expect(
      (await rpiPmic.find(machine({}, async () => answer('error=1 error_msg="Command not registered"', 255)).host))
        .reason,
    ).toMatch(/only a Raspberry Pi 5/)
    expect((await rpiPmic.find(machine({}).host)).reason).toMatch(/not installed/)
  })
})

describe('battery', () => {
  const root = {
    '/sys/class/power_supply/AC/type': 'Mains',
    '/sys/class/power_supply/BAT1/type': 'Battery',
    '/sys/class/power_supply/BAT1/status': 'Discharging',
    '/sys/class/power_supply/BAT1/voltage_now': '11500000',
    '/sys/class/power_supply/BAT1/current_now': '-1000000',
    '/sys/class/power_supply/hid-mouse/type': 'Battery',
    '/sys/class/power_supply/hid-mouse/scope': 'Device',
  }

  it('reads a discharging battery of the machine once a second, whatever the sign', async () => {
    const bench = machine(root)
    expect((await battery.find(bench.host)).meters.map((meter) => meter.path)).toEqual(['BAT1'])
    const { meter, reading } = await read(battery, bench, 'BAT1', 4)
    expect((await reading).powerW[1]).toBeCloseTo(11.5, 5)
    expect(meter.info).toMatchObject({ minimumWindowS: 60, supplyV: 11.5 })
  })

  it('is not usable while it is charged, and stops when that begins', async () => {
    const charging = machine({ ...root, '/sys/class/power_supply/BAT1/status': 'Charging' })
    expect((await battery.find(charging.host)).meters[0]?.problem).toMatchObject({ next: 'Pull the charger out.' })
    await expect(battery.open(charging.host, { path: 'BAT1' })).rejects.toMatchObject({ code: 'METER_WRONG' })
    const bench = machine(root)
    const meter = await bench.clock.until(battery.open(bench.host, { path: 'BAT1' }))
    const stream = collect(meter.samples(new AbortController().signal))
    stream.catch(() => {})
    await bench.clock.advance(3)
    bench.change('/sys/class/power_supply/BAT1/status', 'Charging')
    await bench.clock.advance(10)
    await expect(stream).rejects.toMatchObject({ code: 'METER_LOST', detail: expect.stringMatching(/Charging/) })
  })
})

describe('nvidia', () => {
  it('reads watts and nothing else', () => {
    expect(readWatts(' 71.63 ')).toBe(71.63)
    for (const line of ['[N/A]', '[Not Supported]', '', '12 W', '-3', '1e3', 'power.draw [W]'])
      expect(readWatts(line)).toBeNull()
    fc.assert(fc.property(fc.string(), (line) => readWatts(line) === null || Number.isFinite(readWatts(line))))
  })

  it('falls back to what an older driver knows, and says where it knows nothing', async () => {
    const driver =
      (old: string): Host['command'] =>
      async (_, args) => {
        if (args[0] === '--query-gpu=index,name') return answer('0, Tesla T4\n')
        if (args[0] === '--query-gpu=name,power.draw.instant')
          return answer('Field "power.draw.instant" is not a valid field', 2)
        return answer(`Tesla T4, ${old}\n`)
      }
    const known = machine({}, driver('26.05'))
    expect((await nvidia.find(known.host)).meters).toMatchObject([{ path: '0', name: 'Tesla T4' }])
    const meter = await known.clock.until(nvidia.open(known.host, { path: '0' }))
    expect(meter.info.calibration).toEqual({ field: 'power.draw' })
    const none = machine({}, driver('[N/A]'))
    expect((await nvidia.find(none.host)).meters[0]?.problem?.reason).toMatch(/tells no power/)
    await expect(none.clock.until(nvidia.open(none.host, { path: '0' }))).rejects.toMatchObject({
      code: 'METER_NOT_FOUND',
    })
    const broken = machine({}, async () =>
      answer("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", 9),
    )
    expect((await nvidia.find(broken.host)).reason).toMatch(/communicate/)
  })
})

describe('a missing right', () => {
  const shut = { unreadable: true } as const
  const jetsonRoot = {
    '/proc/device-tree/compatible': 'nvidia,p3768-0000\0nvidia,tegra234',
    '/sys/class/hwmon/hwmon1/name': 'ina3221',
    '/sys/class/hwmon/hwmon1/in1_label': 'VDD_IN',
    '/sys/class/hwmon/hwmon1/in1_input': '5000',
    '/sys/class/hwmon/hwmon1/curr1_input': shut,
  }
  const oldJetson = {
    '/proc/device-tree/compatible': 'nvidia,tegra210',
    '/sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/rail_name_0': 'POM_5V_IN',
    '/sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/in_power0_input': shut,
  }
  const batteryRoot = {
    '/sys/class/power_supply/BAT0/type': 'Battery',
    '/sys/class/power_supply/BAT0/status': 'Discharging',
    '/sys/class/power_supply/BAT0/voltage_now': '12000000',
    '/sys/class/power_supply/BAT0/current_now': shut,
  }
  const cases: [string, MeterDriver, FakeTree, string, string][] = [
    ['of a Jetson', jetson, jetsonRoot, 'VDD_IN', '/sys/class/hwmon/hwmon1/curr1_input'],
    ['of an older Jetson', jetson, oldJetson, 'POM_5V_IN', 'iio:device0/in_power0_input'],
    ['of a battery', battery, batteryRoot, 'BAT0', '/sys/class/power_supply/BAT0/current_now'],
  ]
  it.each(cases)('on the files %s is a finding, and an error, with the command that cures it', async (...all) => {
    const [, driver, root, path, file] = all
    const { meters } = await driver.find(machine(root).host)
    expect(meters).toMatchObject([{ path, problem: { next: expect.stringContaining(file) } }])
    expect(meters[0]!.problem!.next).toMatch(/^Run: sudo chmod a\+r \//)
    await expect(driver.open(machine(root).host, { path })).rejects.toMatchObject({
      code: 'METER_PERMISSION',
      detail: expect.stringMatching(/sudo chmod a\+r/),
    })
  })

  it('on a GPU is a finding with the command that cures it', async () => {
    const refused: CommandResult = {
      exitCode: 4,
      stdout: '',
      stderr: 'Failed to initialize NVML: Insufficient Permissions',
    }
    const bench = machine({}, async () => refused)
    expect((await nvidia.find(bench.host)).meters).toMatchObject([{ problem: { next: expect.stringMatching(/sudo/) } }])
    await expect(nvidia.open(bench.host, { path: '0' })).rejects.toMatchObject({
      code: 'METER_PERMISSION',
      detail: expect.stringMatching(/sudo/),
    })
  })

  it('on a serial port is a finding with the command that cures it', async () => {
    const port = (vendorId: string, productId: string) => ({
      path: '/dev/ttyACM0',
      vendorId,
      productId,
      accessible: false,
    })
    for (const [driver, ids] of [
      [ppk2, port('1915', 'c00a')],
      [lpm01a, port('0483', '5740')],
    ] as const) {
      const host = fakeHost({ ports: [ids] })
      expect((await driver.find(host)).meters).toMatchObject([
        { path: '/dev/ttyACM0', problem: { next: expect.stringMatching(/sudo usermod -aG dialout/) } },
      ])
      await expect(openMeter(host, driver.name, { supplyV: 3 })).rejects.toMatchObject({ code: 'METER_PERMISSION' })
    }
    const host = fakeHost({ ports: [port('2341', '0043')], packages: { 'johnny-five': {}, 'firmata-io': {} } })
    for (const driver of [serialLine, firmata]) {
      expect((await driver.find(host)).reason).toMatch(/any of \/dev\/ttyACM0.*sudo usermod -aG dialout/)
    }
  })
})
