import { MilliwattError } from '../../core/errors.ts'
import type { Link } from '../../core/link.ts'
import type { MeterInfo, MeterOptions } from '../meter.ts'
import { type Calibration, defaultCalibration, rangeCount } from './calibration.ts'
import { type PowerMode, writeCommand } from './commands.ts'
import type { Ppk2Metadata } from './metadata.ts'

/** Limits of the regulator and of the input, in volts. */
export const supplyLimitsV: readonly [number, number] = [0.8, 5]

/** How a meter is to be used: what of `MeterInfo` follows from the options and the metadata. */
export interface Ppk2Setup {
  readonly mode: PowerMode
  readonly supplyV: number
  readonly supplySource: MeterInfo['supplySource']
  /** Voltage that the regulator is set to, in mV; it feeds the device in source mode only. */
  readonly regulatorMv: number
  readonly calibration: Calibration
  /** Whether the meter's user gains are to be written back to 1. */
  readonly resetUserGain: boolean
  readonly warnings: readonly string[]
}

/**
 * Checks the options before a port is touched.
 * @throws MilliwattError USAGE for a voltage outside 0.8 to 5 V, or source mode without a voltage
 */
export function checkOptions(options: Pick<MeterOptions, 'mode' | 'supplyV'>): void {
  const { mode, supplyV } = options
  if (mode === 'source' && supplyV === undefined) {
    throw new MilliwattError('USAGE', 'supplyV', '(source mode needs a stated voltage: the meter will feed the device)')
  }
  if (supplyV !== undefined && !(supplyV >= supplyLimitsV[0] && supplyV <= supplyLimitsV[1])) {
    throw new MilliwattError(
      'USAGE',
      'supplyV',
      `(${supplyV} V is outside the ${supplyLimitsV.join(' to ')} V of a PPK2)`,
    )
  }
}

/**
 * Decides mode, voltage and constants. Without a stated voltage it is ampere mode, and the voltage that
 * the meter's regulator was last set to is assumed, with a warning: it need not be the device's.
 * @throws MilliwattError METER_CALIBRATION when no shunt resistance is plausible
 */
export function toSetup(
  options: Pick<MeterOptions, 'mode' | 'supplyV'>,
  metadata: Ppk2Metadata,
  path: string,
): Ppk2Setup {
  const absurdShunts = metadata.implausible.filter((key) => key.startsWith('R'))
  if (absurdShunts.length === rangeCount) {
    throw new MilliwattError('METER_CALIBRATION', path, `(${absurdShunts.join(', ')})`)
  }
  const warnings: string[] = []
  const metadataV = (metadata.regulatorMv ?? 3000) / 1000
  const mode = options.mode ?? 'ampere'
  const supplyV = options.supplyV ?? metadataV
  if (options.supplyV === undefined) {
    warnings.push(`supply voltage not stated: ${supplyV} V assumed from the meter's regulator; state it for true power`)
  }
  if (metadata.implausible.length > 0) {
    warnings.push(`implausible calibration constants replaced by defaults: ${metadata.implausible.join(', ')}`)
  }
  const shunts = metadata.defaulted.filter((key) => key.startsWith('R'))
  if (shunts.length > 0) warnings.push(`no calibration for ${shunts.join(', ')}: nominal resistance used`)
  const resetUserGain = metadata.calibration.ug.some((gain) => gain < 0.9 || gain > 1.1)
  if (resetUserGain) warnings.push(`user gains ${metadata.calibration.ug.join(', ')} reset to 1`)
  return {
    mode,
    supplyV,
    supplySource: mode === 'source' ? 'set by meter' : options.supplyV === undefined ? 'assumed' : 'stated by user',
    regulatorMv: Math.round(mode === 'source' ? supplyV * 1000 : metadataV * 1000),
    calibration: resetUserGain ? { ...metadata.calibration, ug: defaultCalibration.ug } : metadata.calibration,
    resetUserGain,
    warnings,
  }
}

/** Writes a setup to the meter, in the order that Nordic's application uses. Power to the device comes last. */
export async function configure(link: Link, setup: Ppk2Setup): Promise<void> {
  const write = (...commands: Parameters<typeof writeCommand>) => link.write(writeCommand(...commands))
  if (setup.mode === 'source') {
    await write({ kind: 'device power', on: false })
    await write({ kind: 'power mode', mode: 'source' })
  }
  await write({ kind: 'regulator', millivolts: setup.regulatorMv })
  for (let range = 0; setup.resetUserGain && range < rangeCount; range++) {
    await write({ kind: 'user gain', range, gain: 1 })
  }
  if (setup.mode === 'ampere') await write({ kind: 'power mode', mode: 'ampere' })
  await write({ kind: 'device power', on: true })
}
