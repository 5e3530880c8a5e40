import { fullScale, rangeCount } from './calibration.ts'

/** Words that were received but are no plain readings. */
export interface ReadingTally {
  /** At the end of the converter's scale. */
  saturated: number
  /** With a range code that is not legal. */
  invalid: number
}

/** Values of a run of sample words. */
export interface DecodedWords {
  /** In the unit of the coefficients; NaN for an illegal range. */
  readonly value: Float32Array
  /** Digital channels D0 to D7, bit c is channel c. */
  readonly digital: Uint8Array
}

/**
 * Decodes sample words. A word is 32 bits, little-endian on the wire: bits 0–13 ADC, 14–16 range, 17
 * reserved, 18–23 counter, 24–31 digital channels. No filter is applied.
 * @param coefficients from `toCoefficients`
 * @param tally counts are added to it
 */
export function decodeWords(words: Uint32Array, coefficients: Float64Array, tally: ReadingTally): DecodedWords {
  const count = words.length
  const value = new Float32Array(count)
  const digital = new Uint8Array(count)
  let saturated = 0
  let invalid = 0
  for (let at = 0; at < count; at++) {
    const word = words[at]!
    const adc = word & 0x3fff
    const range = (word >>> 14) & 7
    const k = range * 3
    value[at] = (coefficients[k]! * adc + coefficients[k + 1]!) * adc + coefficients[k + 2]!
    digital[at] = word >>> 24
    if (range >= rangeCount) invalid++
    else if (adc === fullScale) saturated++
  }
  tally.saturated += saturated
  tally.invalid += invalid
  return { value, digital }
}

/** Counter of a sample word, 0 to 63; it goes up by one from sample to sample. */
export function counterOf(word: number): number {
  return (word >>> 18) & 63
}

/** Packs a sample word. */
export function toWord(adc: number, range: number, counter: number, digital: number): number {
  return ((adc & 0x3fff) | ((range & 7) << 14) | ((counter & 63) << 18) | (digital << 24)) >>> 0
}
