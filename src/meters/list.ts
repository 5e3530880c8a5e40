import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { createEmulatedDriver } from './emulated.ts'
import { firmata } from './firmata/driver.ts'
import { lpm01a } from './lpm01a/driver.ts'
import type { FoundMeter, Meter, MeterDriver, MeterOptions } from './meter.ts'
import { ppk2 } from './ppk2/driver.ts'
import { resumingMeter } from './resume.ts'
import { scpi } from './scpi/driver.ts'
import { serialLine } from './serial-line/driver.ts'
import { battery } from './system/battery.ts'
import { hwmon, jetson } from './system/hwmon.ts'
import { nvidia } from './system/nvidia.ts'
import { powercap } from './system/powercap.ts'
import { rpiPmic } from './system/rpi-pmic.ts'

/** Every kind of instrument; a new one is added here and `test/conformance/meters.test.ts` finds it. */
const instruments: readonly MeterDriver[] = [
  ppk2,
  lpm01a,
  serialLine,
  firmata,
  scpi,
  powercap,
  hwmon,
  jetson,
  rpiPmic,
  battery,
  nvidia,
]

/** Every meter driver: the instruments, and the one that emulates them. */
export const meterDrivers: readonly MeterDriver[] = [...instruments, createEmulatedDriver(instruments)]

/** What a driver found on this machine, and why not more. */
export interface MeterReport {
  readonly driver: MeterDriver
  readonly meters: readonly FoundMeter[]
  readonly reason?: string
}

/** Looks for every kind of meter. Finding nothing, or something that this user may not use, is a result. */
export function surveyMeters(host: Host): Promise<readonly MeterReport[]> {
  return Promise.all(instruments.map(async (driver) => ({ driver, ...(await driver.find(host)) })))
}

/** Meters that are here and may be taken without being named. A host without serial support finds none. */
export async function findMeters(host: Host): Promise<readonly FoundMeter[]> {
  const automatic = instruments.filter((driver) => driver.automatic)
  const searches = await Promise.all(automatic.map((driver) => driver.find(host)))
  return searches.flatMap(({ meters }) => meters.filter((meter) => !meter.problem))
}

async function firstPath(host: Host, driver: MeterDriver): Promise<string> {
  const { meters, reason } = await driver.find(host)
  const usable = meters.find((meter) => !meter.problem)
  if (usable) return usable.path
  const problem = meters[0]?.problem
  if (problem) throw new MilliwattError('METER_PERMISSION', meters[0]!.path, `(${problem.reason}. ${problem.next})`)
  throw new MilliwattError('METER_NOT_FOUND', driver.name, `(${reason ?? 'no such meter is here'})`)
}

/**
 * Opens a meter by `DRIVER:PATH`, or by `DRIVER` alone: the first one that the driver finds.
 * @throws MilliwattError METER_UNKNOWN with the names there are, and what `MeterDriver.open` throws
 */
export async function openMeter(host: Host, spec: string, options: Omit<MeterOptions, 'path'> = {}): Promise<Meter> {
  const [name = '', ...rest] = spec.split(':')
  const driver = meterDrivers.find((candidate) => candidate.name === name)
  if (!driver) {
    throw new MilliwattError('METER_UNKNOWN', spec, `(names: ${meterDrivers.map((known) => known.name).join(', ')})`)
  }
  const path = rest.join(':') || (driver.defaultPath ?? (await firstPath(host, driver)))
  const meter = await driver.open(host, { ...options, path })
  const { resumeS } = options
  if (resumeS === undefined || resumeS <= 0) return meter
  const open = (where: string) => driver.open(host, { ...options, path: where, sampleRateHz: meter.info.sampleRateHz })
  // A meter that is plugged in again may have got another port.
  const reopen = () => open(path).catch(async () => open(await firstPath(host, driver)))
  return resumingMeter(meter, { clock: host.clock, reopen, resumeS })
}
