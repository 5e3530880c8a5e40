import type { RawDecoder } from '../../trace/trace-file.ts'
import { type Calibration, defaultCalibration, toCoefficients } from './calibration.ts'
import { decodeWords } from './decode.ts'

/** The constants of a capture; those that it does not hold are the nominal ones. */
function calibrationIn(record: Readonly<Record<string, unknown>>): Calibration {
  const rows = Object.entries(defaultCalibration) as [keyof Calibration, readonly number[]][]
  const filled = rows.map(([name, nominal]) => [
    name,
    nominal.map((value, range) => {
      const stored = record[`${name.toUpperCase()}${range}`]
      return typeof stored === 'number' && Number.isFinite(stored) ? stored : value
    }),
  ])
  return Object.fromEntries(filled) as unknown as Calibration
}

/** Sample words of a PPK2 as they came over the wire, 32 bits little-endian. */
export const ppk2RawDecoder: RawDecoder = {
  wordBytes: 4,
  decode: (raw, { meter, supplyV }) => {
    const record = (meter.calibration ?? {}) as Readonly<Record<string, unknown>>
    const regulatorMv = typeof record.regulatorMv === 'number' ? record.regulatorMv : supplyV * 1000
    const coefficients = toCoefficients(calibrationIn(record), regulatorMv / 1000, supplyV)
    // Words must be aligned to be read as such.
    const aligned = raw.byteOffset % 4 === 0 ? raw : raw.slice()
    const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 2)
    const { value, digital } = decodeWords(words, coefficients, { saturated: 0, invalid: 0 })
    return { powerW: value, digital }
  },
}
