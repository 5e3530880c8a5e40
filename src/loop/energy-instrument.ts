import type { InstrumentLimits } from '../energy/instrument.ts'
import type { MeterInfo } from '../meters/meter.ts'

/** A meter's crystal is taken to be within this share of its nominal rate, as `ClockFit` does. */
export const crystalRatio: number = 100e-6

/** The systematic errors of a meter as its driver states them; what nobody states says so in its source. */
export function instrumentLimits(info: MeterInfo): InstrumentLimits {
  const { accuracy, driver, supplyV } = info
  const source = accuracy?.source ?? `driver ${driver}`
  const offsetW = (accuracy?.offsetW ?? 0) + (accuracy?.offsetA ?? 0) * supplyV
  return {
    gain: { value: accuracy?.gain ?? info.gainUncertainty, source },
    supply: { value: 0, source: `${info.supplySource}; taken as exact` },
    clock: { value: crystalRatio, source: 'a crystal, not compared with another' },
    offsetW: { value: offsetW, source: offsetW > 0 ? source : 'nobody states one' },
  }
}
