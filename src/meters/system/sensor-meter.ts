import { MilliwattError } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import { accuracyOf } from '../accuracy.ts'
import type { SensorReading } from '../host-grid.ts'
import type { FoundMeter, Meter, MeterInfo } from '../meter.ts'
import { createPolledMeter } from '../polled-meter.ts'
import { powerRecordFormat } from '../power-record.ts'

/** A sensor of this machine, ready to be read. */
export interface SystemSensor {
  readonly driver: string
  readonly model: string
  readonly path: string
  /** Id in `targets/meters` whose limits of error hold. */
  readonly target: string
  readonly covers: string
  readonly rateHz: number
  readonly minimumWindowS: number
  /** What was read where, for the report. */
  readonly calibration: MeterInfo['calibration']
  readonly warnings?: readonly string[]
  /** Files that are read, where a missing right can be cured file by file. */
  readonly files?: readonly string[]
  read(): Promise<SensorReading | string>
}

/** The files that are there and cannot be read, and the command that cures it; null when there are none. */
export async function readProblem(host: Host, files: readonly string[]): Promise<FoundMeter['problem'] | null> {
  const shut: string[] = []
  for (const file of files) {
    if ((await host.system.exists(file)) && (await host.system.readText(file)) === null) shut.push(file)
  }
  return shut.length === 0
    ? null
    : { reason: `${shut[0]} cannot be read`, next: `Run: sudo chmod a+r ${shut.join(' ')}` }
}

/** A number in a sysfs file, or undefined. */
export async function readNumber(host: Host, path: string): Promise<number | undefined> {
  const text = await host.system.readText(path)
  return text !== null && /^-?\d{1,18}$/.test(text.trim()) ? Number(text) : undefined
}

/** What is common to the information of all sensors of this machine. */
export async function systemInfo(host: Host, sensor: Omit<SystemSensor, 'read'>, voltageV: number): Promise<MeterInfo> {
  const accuracy = await accuracyOf(host, sensor.target)
  return {
    driver: sensor.driver,
    model: sensor.model,
    path: sensor.path,
    provenance: 'measured',
    sampleRateHz: sensor.rateHz,
    supplyV: voltageV,
    supplySource: voltageV > 0 ? 'measured' : 'not used',
    mode: 'ampere',
    gainUncertainty: accuracy.gain,
    accuracy,
    covers: sensor.covers,
    minimumWindowS: sensor.minimumWindowS,
    calibration: sensor.calibration,
    rawFormat: powerRecordFormat,
    warnings: [
      `reads ${sensor.covers}, ${sensor.rateHz} times a second: windows shorter than ${sensor.minimumWindowS} s mean nothing`,
      ...(sensor.warnings ?? []),
    ],
  }
}

/**
 * Opens a sensor of this machine: reads it once to see that it answers.
 * @throws MilliwattError METER_PERMISSION or METER_WRONG when it does not, TARGET_INVALID
 */
export async function openSystemSensor(host: Host, sensor: SystemSensor): Promise<Meter> {
  const first = await sensor.read()
  if (typeof first === 'string') {
    const problem = await readProblem(host, sensor.files ?? [])
    if (problem) throw new MilliwattError('METER_PERMISSION', sensor.path, `(${problem.reason}. ${problem.next})`)
    throw new MilliwattError('METER_WRONG', sensor.path, `(${first})`)
  }
  const info = await systemInfo(host, sensor, first.voltageV ?? 0)
  return createPolledMeter({ info, clock: host.clock, read: sensor.read, close: async () => {} })
}
