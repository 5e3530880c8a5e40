import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { emulated } from './emulated.ts'
import type { FoundMeter, Meter, MeterDriver, MeterOptions } from './meter.ts'
import { ppk2 } from './ppk2/driver.ts'

/** Every meter driver; a new one is added here and `test/conformance/meters.test.ts` finds it. */
export const meterDrivers: readonly MeterDriver[] = [ppk2, emulated]

/** What is here of all meters, real ones only. A host without serial support finds none. */
export async function findMeters(host: Host): Promise<readonly FoundMeter[]> {
  return (await Promise.all(meterDrivers.map((driver) => driver.find(host)))).flat()
}

async function firstPath(host: Host, driver: MeterDriver): Promise<string> {
  const [first] = await driver.find(host)
  if (first) return first.path
  const { reason } = await host.serial.list()
  throw new MilliwattError(
    'METER_NOT_FOUND',
    driver.name,
    reason ? `(${reason})` : '(no such meter among the serial ports)',
  )
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
  return driver.open(host, { ...options, path })
}
