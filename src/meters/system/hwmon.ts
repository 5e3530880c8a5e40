import { MilliwattError } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import { createEmulatedDevice } from '../emulation/device.ts'
import type { Meter, MeterDriver, MeterOptions, MeterSearch, Rehearsal } from '../meter.ts'
import { numberSetting, splitPath } from '../path-settings.ts'
import { emulatedTree } from './emulated-tree.ts'
import { hwmonRails, iioRails, type Rail } from './rails.ts'
import { openSystemSensor, readProblem } from './sensor-meter.ts'

const defaultRateHz = 10
const minimumWindowS = 5

/** A family of rails with a name of its own. */
interface RailFamily {
  readonly name: string
  readonly summary: string
  readonly target: string
  /** Why there are none. */
  readonly absent: string
  rails(host: Host): Promise<readonly Rail[]>
  /** The rail that stands for the whole board, when one does. */
  whole(rails: readonly Rail[]): Rail | undefined
  coverOf(rail: Rail): string
  rehearse(host: Host): Rehearsal
}

async function openRail(family: RailFamily, host: Host, options: MeterOptions): Promise<Meter> {
  const settings = splitPath(family.name, options.path, {
    rate: numberSetting(`readings per second; default ${defaultRateHz}`, 0.1, 1000),
  })
  const rails = await family.rails(host)
  const rail = settings.path === '' ? family.whole(rails) : rails.find((each) => each.path === settings.path)
  if (!rail) {
    const names = rails.map((each) => each.path).join(', ')
    throw new MilliwattError(
      'METER_NOT_FOUND',
      `${family.name}:${settings.path}`,
      names === '' ? `(${family.absent})` : `(name one of these rails: ${names})`,
    )
  }
  const rateHz = settings.number('rate') ?? defaultRateHz
  const slow = rail.updateS !== undefined && rail.updateS > 1 / rateHz
  return openSystemSensor(host, {
    driver: family.name,
    model: `${rail.chip} (${rail.label})`,
    path: rail.path,
    target: family.target,
    covers: family.coverOf(rail),
    rateHz,
    minimumWindowS,
    calibration: Object.fromEntries(rail.files.map((file, index) => [`file${index}`, file])),
    warnings: slow ? [`its values change every ${rail.updateS} s only: asking more often repeats them`] : [],
    files: rail.files,
    read: rail.read,
  })
}

async function findRails(family: RailFamily, host: Host): Promise<MeterSearch> {
  const rails = await family.rails(host)
  if (rails.length === 0) return { meters: [], reason: family.absent }
  return {
    meters: await Promise.all(
      rails.map(async (rail) => {
        const problem = typeof (await rail.read()) === 'string' ? await readProblem(host, rail.files) : null
        return {
          driver: family.name,
          path: rail.path,
          name: `${rail.chip} ${rail.label}`,
          covers: family.coverOf(rail),
          ...(problem ? { problem } : {}),
        }
      }),
    ),
  }
}

function toDriver(family: RailFamily): MeterDriver {
  return {
    name: family.name,
    summary: family.summary,
    defaultPath: '',
    automatic: false,
    find: (host) => findRails(family, host),
    open: (host, options) => openRail(family, host, options),
    rehearse: family.rehearse,
  }
}

/** Power and current sensors that Linux shows in hwmon, found by the names of their chips. */
export const hwmon: MeterDriver = toDriver({
  name: 'hwmon',
  summary: 'power sensors that Linux shows (hwmon); hwmon:ina226, hwmon:ina3221/VDD_IN,rate=10',
  target: 'linux-hwmon',
  absent: 'no chip in /sys/class/hwmon measures power or current',
  rails: hwmonRails,
  whole: (rails) => (rails.length === 1 ? rails[0] : undefined),
  coverOf: (rail) => `the line that the chip ${rail.chip} measures (${rail.label})`,
  rehearse: (host) => {
    const device = createEmulatedDevice(host.clock)
    const now = () => host.clock.nowS()
    const folder = '/sys/class/hwmon/hwmon3'
    const files = {
      [`${folder}/name`]: () => 'ina226',
      [`${folder}/update_interval`]: () => '2',
      [`${folder}/in1_input`]: () => String(Math.round(device.voltageAt(now()) * 1e3)),
      [`${folder}/curr1_input`]: () => String(Math.round(device.currentAt(now()) * 1e3)),
      [`${folder}/power1_input`]: () => String(Math.round(device.currentAt(now()) * device.voltageAt(now()) * 1e6)),
    }
    return { host: emulatedTree(host, files), path: 'ina226' }
  },
})

/** Rail that stands for all that a Jetson module draws, by the names of the models. */
const jetsonTotal = /^(VDD_IN|POM_5V_IN|VIN_SYS_5V0|SYS_VIN_HV|SYS5V)$/

async function jetsonRails(host: Host): Promise<readonly Rail[]> {
  const compatible = (await host.system.readText('/proc/device-tree/compatible')) ?? ''
  if (!compatible.includes('nvidia,tegra')) return []
  const rails = [...(await hwmonRails(host)).filter((rail) => rail.chip === 'ina3221'), ...(await iioRails(host))]
  return rails
    .filter((rail) => !/^(NC|[1-3]|sum of shunt voltages)$/.test(rail.label))
    .map((rail) => ({ ...rail, path: rail.label }))
}

/** Rail monitors of NVIDIA Jetson modules. The carrier board is not included in any of them. */
export const jetson: MeterDriver = toDriver({
  name: 'jetson',
  summary: 'rail monitors of an NVIDIA Jetson; jetson is the whole module, jetson:VDD_CPU_GPU_CV one rail',
  target: 'nvidia-jetson-rails',
  absent: 'this is no Jetson with rail monitors (INA3221)',
  rails: jetsonRails,
  whole: (rails) => rails.find((rail) => jetsonTotal.test(rail.label)),
  coverOf: (rail) =>
    jetsonTotal.test(rail.label)
      ? 'the whole module without its carrier board'
      : `the rail ${rail.label} of the module`,
  rehearse: (host) => {
    const device = createEmulatedDevice(host.clock)
    const now = () => host.clock.nowS()
    const folder = '/sys/class/hwmon/hwmon1'
    const milliamperes = (share: number) => String(Math.round(device.currentAt(now()) * share * 1e3))
    const millivolts = () => String(Math.round(device.voltageAt(now()) * 1e3))
    const files = {
      '/proc/device-tree/compatible': () => 'nvidia,p3768-0000+p3767-0005\0nvidia,tegra234',
      [`${folder}/name`]: () => 'ina3221',
      [`${folder}/in1_label`]: () => 'VDD_IN',
      [`${folder}/in2_label`]: () => 'VDD_CPU_GPU_CV',
      [`${folder}/in1_input`]: millivolts,
      [`${folder}/in2_input`]: millivolts,
      [`${folder}/curr1_input`]: () => milliamperes(1),
      [`${folder}/curr2_input`]: () => milliamperes(0.5),
    }
    return { host: emulatedTree(host, files), path: 'VDD_IN' }
  },
})
