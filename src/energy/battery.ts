import type { Provenance } from '../core/provenance.ts'
import { figureInterval } from './budget.ts'
import { type BatteryCharge, meanPowerOf, storedEnergyOf } from './duty-cycle.ts'
import type { EnergyRecord } from './record.ts'

/** A battery and what runs on it. */
export interface BatteryUse extends BatteryCharge {
  /** Seconds from the start of one inference to the next. */
  readonly everyS: number
  /** Power between inferences in watts; without it the idle power of the record. */
  readonly sleepW?: number
}

/** How long a battery lasts. */
export interface BatteryResult {
  readonly version: 1
  readonly kind: 'milliwatt-energy-battery'
  readonly meanPowerW: number
  readonly lifeS: number
  /** From the interval of the energy (and of the idle power where it is the record's), for its confidence. */
  readonly lifeIntervalS: readonly [number, number] | null
  readonly confidence: number
  readonly provenance: Provenance
  /** Part of the time that inferences run. */
  readonly dutyCycle: number
  readonly sleepW: number
  readonly sleepSource: 'stated by user' | 'idle power of the record'
  readonly use: BatteryUse
  readonly leavesOut: string
}

/**
 * Battery life from P = (E + (T - t)·P_sleep) / T, of gross energy E, duration t and period T.
 * @returns the reason where it cannot be told
 */
export function batteryOf(record: EnergyRecord, use: BatteryUse): BatteryResult | { readonly reason: string } {
  const { gross, secondsPerInference: runS, idle } = record
  if (!gross || runS === null) return { reason: 'the record holds no figure' }
  if (runS > use.everyS)
    return { reason: `one inference takes ${runS.toPrecision(3)} s, longer than the ${use.everyS} s between two` }
  const measured = [idle.before, idle.after].flatMap((side) => (side ? [side.meanPowerW] : []))
  const idleW = measured.reduce((sum, power) => sum + power, 0) / measured.length
  const sleepW = use.sleepW ?? idleW
  if (!Number.isFinite(sleepW)) return { reason: 'the record holds no idle power; state the power between inferences' }
  const storedJ = storedEnergyOf(use)
  const meanPowerW = (energyJ: number, asleepW: number) =>
    meanPowerOf({ energyJ, runS, everyS: use.everyS, sleepW: asleepW })
  // One gain reads both, so idle of the record moves with the energy.
  const asleep = (energyJ: number) => (use.sleepW === undefined ? (idleW * energyJ) / gross.valueJ : sleepW)
  const interval = figureInterval(gross, gross.confidence)
  const life = (energyJ: number) => storedJ / meanPowerW(energyJ, asleep(energyJ))
  return {
    version: 1,
    kind: 'milliwatt-energy-battery',
    meanPowerW: meanPowerW(gross.valueJ, sleepW),
    lifeS: life(gross.valueJ),
    lifeIntervalS: interval && [life(interval[1]), life(interval[0])],
    confidence: gross.confidence,
    provenance: record.provenance,
    dutyCycle: runS / use.everyS,
    sleepW,
    sleepSource: use.sleepW === undefined ? 'idle power of the record' : 'stated by user',
    use,
    leavesOut:
      'self-discharge, temperature, ageing, converter losses, and everything that is neither inference nor sleep',
  }
}
