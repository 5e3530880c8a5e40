import { MilliwattError } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import { createEmulatedDevice } from '../emulation/device.ts'
import type { SensorReading } from '../host-grid.ts'
import type { FoundMeter, Meter, MeterDriver, MeterOptions, MeterSearch, Rehearsal } from '../meter.ts'
import { splitPath } from '../path-settings.ts'
import { emulatedTree } from './emulated-tree.ts'
import { openSystemSensor, readNumber, readProblem } from './sensor-meter.ts'

const root = '/sys/class/power_supply'
const minimumWindowS = 60
const covers = 'all that the battery feeds: the whole machine, its screen included'

/** Reads power, or current and voltage, of a battery. */
async function readBattery(host: Host, name: string): Promise<SensorReading | string> {
  const value = async (file: string) => {
    const micro = await readNumber(host, `${root}/${name}/${file}`)
    return micro === undefined ? undefined : Math.abs(micro) * 1e-6
  }
  const voltageV = await value('voltage_now')
  const currentA = await value('current_now')
  const powerW = (await value('power_now')) ?? (currentA ?? Number.NaN) * (voltageV ?? Number.NaN)
  if (Number.isNaN(powerW)) return `${root}/${name} tells neither power nor current`
  return {
    atS: host.clock.nowS(),
    powerW,
    ...(voltageV === undefined ? {} : { voltageV }),
    ...(currentA === undefined ? {} : { currentA }),
  }
}

const filesOf = (name: string) =>
  ['status', 'voltage_now', 'current_now', 'power_now'].map((file) => `${root}/${name}/${file}`)

/** Why a battery does not show what the machine draws; null when it does. */
async function problemOf(host: Host, name: string): Promise<FoundMeter['problem'] | null> {
  const status = (await host.system.readText(`${root}/${name}/status`)) ?? 'unknown'
  if (status === 'Discharging') return null
  return {
    reason: `it is "${status}": only a discharging battery shows what the machine draws`,
    next: 'Pull the charger out.',
  }
}

async function batteriesOf(host: Host): Promise<readonly string[]> {
  const names = await host.system.list(root)
  const types = await Promise.all(names.map((name) => host.system.readText(`${root}/${name}/type`)))
  const scopes = await Promise.all(names.map((name) => host.system.readText(`${root}/${name}/scope`)))
  // Mice and headsets show batteries of their own.
  return names.filter((_, index) => types[index] === 'Battery' && scopes[index] !== 'Device')
}

async function find(host: Host): Promise<MeterSearch> {
  const names = await batteriesOf(host)
  if (names.length === 0) return { meters: [], reason: `no battery in ${root}` }
  const meters = names.map(async (name) => {
    const unreadable =
      typeof (await readBattery(host, name)) === 'string' ? await readProblem(host, filesOf(name)) : null
    const problem = unreadable ?? (await problemOf(host, name))
    return { driver: 'battery', path: name, name: `battery ${name}`, covers, ...(problem ? { problem } : {}) }
  })
  return { meters: await Promise.all(meters) }
}

async function open(host: Host, options: MeterOptions): Promise<Meter> {
  const settings = splitPath('battery', options.path, {})
  const where = `battery:${settings.path}`
  if (!(await batteriesOf(host)).includes(settings.path)) {
    throw new MilliwattError('METER_NOT_FOUND', where, `(no such battery in ${root})`)
  }
  const problem = await problemOf(host, settings.path)
  if (problem) throw new MilliwattError('METER_WRONG', where, `(${problem.reason}. ${problem.next})`)
  return openSystemSensor(host, {
    driver: 'battery',
    model: 'battery fuel gauge',
    path: settings.path,
    target: 'linux-battery',
    covers,
    rateHz: 1,
    minimumWindowS,
    calibration: { folder: `${root}/${settings.path}` },
    files: filesOf(settings.path),
    read: async () => (await problemOf(host, settings.path))?.reason ?? readBattery(host, settings.path),
  })
}

function rehearse(host: Host): Rehearsal {
  const device = createEmulatedDevice(host.clock)
  const micro = (value: number) => String(Math.round(value * 1e6))
  const files = {
    [`${root}/BAT0/type`]: () => 'Battery',
    [`${root}/BAT0/status`]: () => 'Discharging',
    [`${root}/BAT0/voltage_now`]: () => micro(device.voltageAt(host.clock.nowS())),
    [`${root}/BAT0/current_now`]: () => micro(device.currentAt(host.clock.nowS())),
  }
  return { host: emulatedTree(host, files), path: 'BAT0' }
}

/** The fuel gauge of this machine's battery: seconds apart, for long runs only. */
export const battery: MeterDriver = {
  name: 'battery',
  summary: "fuel gauge of this machine's battery, once a second; battery, battery:BAT0",
  automatic: false,
  find,
  open,
  rehearse,
}
