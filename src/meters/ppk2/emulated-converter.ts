import { createNoise } from '../emulation/noise.ts'
import { fullScale, rangeCount, rangeTopA, toAdc } from './calibration.ts'

/** The measuring front end: chooses the range and turns a current into a code. */
export interface EmulatedConverter {
  /** Range and ADC code of a current, packed as `adc | range << 14`. */
  convert(currentA: number): number
  /** Takes over other constants (`toCoefficients` in amperes). */
  calibrate(coefficients: Float64Array): void
}

/** Goes down a range only below this share of the lower one's top, so that a current at a border does not flutter. */
const hysteresis = 0.9

/**
 * @param coefficients from `toCoefficients`, in amperes
 * @param noiseLsb standard deviation of the noise in codes
 */
export function createEmulatedConverter(coefficients: Float64Array, noiseLsb: number, seed: number): EmulatedConverter {
  const noise = createNoise(seed)
  let constants = coefficients
  let range = 0
  return {
    convert: (currentA) => {
      while (range < rangeCount - 1 && currentA > rangeTopA[range]!) range++
      while (range > 0 && currentA < rangeTopA[range - 1]! * hysteresis) range--
      const exact = toAdc(constants, range, currentA) + (noiseLsb > 0 ? noise() * noiseLsb : 0)
      const adc = Math.min(Math.max(Math.round(exact), 0), fullScale)
      return adc | (range << 14)
    },
    calibrate: (next) => {
      constants = next
    },
  }
}
