import { type Calibration, defaultCalibration, rangeCount, rangeTopA } from './calibration.ts'
import type { PowerMode } from './commands.ts'

/** What a PPK2 tells about itself, with every constant that cannot be right replaced by its default. */
export interface Ppk2Metadata {
  /** As sent; `0` is normal on good meters. */
  readonly calibrated: string | null
  /** Regulator voltage in mV, or null when absent or absurd. */
  readonly regulatorMv: number | null
  readonly hardware: number | null
  readonly mode: PowerMode | null
  readonly ia: number | null
  readonly calibration: Calibration
  /** It says that it is an instrument in software. */
  readonly isEmulated: boolean
  /** Number of known keys that arrived. */
  readonly keyCount: number
  /** Keys that were absent, zero where that means unset, or not a number: the default is used. */
  readonly defaulted: readonly string[]
  /** Keys whose value cannot be true, as `R0=3e+27`: the default is used. */
  readonly implausible: readonly string[]
}

const families = ['R', 'GS', 'GI', 'O', 'S', 'I', 'UG'] as const
const keyPattern = /(?<![A-Za-z])(Calibrated|VDD|HW|mode|IA|(?:GS|GI|UG|R|O|S|I)[0-4])\s*:\s*(\S+)/g

/**
 * Bounds of what a working instrument can hold: the shunt within a factor of 4 of its nominal value, the
 * quadratic term at most half of the reading at the top of the range, the offsets within the range.
 */
function isPlausible(family: (typeof families)[number], range: number, value: number): boolean {
  const top = rangeTopA[range]!
  switch (family) {
    case 'R':
      return value > defaultCalibration.r[range]! / 4 && value < defaultCalibration.r[range]! * 4
    case 'GS':
      return Math.abs(value) * top <= 0.5
    case 'GI':
      return value > 0.5 && value < 2
    case 'O':
      return Math.abs(value) <= 4000
    case 'S':
      return Math.abs(value) * 5 <= top
    case 'I':
      return Math.abs(value) <= top
    case 'UG':
      return value > 0.1 && value < 10
  }
}

/**
 * Reads the answer to the metadata command: `KEY: value` lines in any order, ended by `END`. Foreign bytes
 * around the lines do no harm. Null when the end has not arrived or nothing of a PPK2 is in it.
 */
export function readMetadata(text: string): Ppk2Metadata | null {
  if (!/^\s*END\s*$/m.test(text)) return null
  const values = new Map([...text.matchAll(keyPattern)].map((match) => [match[1]!, match[2]!]))
  if (values.size < 5 || !(values.has('VDD') || values.has('HW') || values.has('mode'))) return null
  const defaulted: string[] = []
  const implausible: string[] = []
  const number = (key: string) => {
    const value = Number(values.get(key) ?? Number.NaN)
    return Number.isFinite(value) ? value : null
  }
  const constant = (family: (typeof families)[number], range: number): number => {
    const key = `${family}${range}`
    const value = number(key)
    const fallback = defaultCalibration[family.toLowerCase() as keyof Calibration][range]!
    if (value === null || (value === 0 && fallback !== 0)) defaulted.push(key)
    else if (!isPlausible(family, range, value)) implausible.push(`${key}=${value}`)
    else return value
    return fallback
  }
  const calibration = Object.fromEntries(
    families.map((family) => [
      family.toLowerCase(),
      Array.from({ length: rangeCount }, (_, range) => constant(family, range)),
    ]),
  ) as unknown as Calibration
  const regulatorMv = number('VDD')
  const mode = number('mode')
  return {
    calibrated: values.get('Calibrated') ?? null,
    regulatorMv: regulatorMv !== null && regulatorMv >= 500 && regulatorMv <= 5500 ? regulatorMv : null,
    hardware: number('HW'),
    mode: mode === 1 ? 'ampere' : mode === 2 ? 'source' : null,
    ia: number('IA'),
    calibration,
    isEmulated: /^\s*Emulated\s*:\s*1\s*$/m.test(text),
    keyCount: values.size,
    defaulted,
    implausible,
  }
}

/** What the text of a metadata answer is made of. */
export interface MetadataFields {
  readonly calibration: Calibration
  readonly regulatorMv: number
  readonly hardware: number
  readonly mode: PowerMode
  readonly ia: number
  /** Adds a line that no real meter sends. */
  readonly isEmulated?: boolean
}

/** Writes the answer to the metadata command, with all 40 keys. */
export function writeMetadata(fields: MetadataFields): string {
  const constants = families.flatMap((family) =>
    fields.calibration[family.toLowerCase() as keyof Calibration].map((value, range) => `${family}${range}: ${value}`),
  )
  const [r, gs, gi, o, s, i, ug] = families.map((_, at) => constants.slice(at * rangeCount, (at + 1) * rangeCount))
  const lines = ['Calibrated: 0', ...r!, ...gs!, ...gi!, ...o!]
  lines.push(`VDD: ${fields.regulatorMv}`, `HW: ${fields.hardware}`, `mode: ${fields.mode === 'ampere' ? 1 : 2}`)
  lines.push(...s!, ...i!, ...ug!, `IA: ${fields.ia}`, ...(fields.isEmulated ? ['Emulated: 1'] : []), 'END', '')
  return lines.join('\n')
}
