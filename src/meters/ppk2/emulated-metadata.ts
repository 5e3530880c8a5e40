import type { EmulatorFaults } from './emulator-options.ts'
import { type MetadataFields, writeMetadata } from './metadata.ts'

/** The answer of an emulated PPK2 to the metadata command, with the fault that was asked for. */
export function emulatedMetadata(fields: MetadataFields, fault: EmulatorFaults['metadata']): string {
  if (fault === 'silent') return ''
  if (typeof fault === 'object') return fault.text
  const { calibration } = fields
  const absurd = (count: number) => calibration.r.map((value, range) => (range < count ? 3e27 : value))
  const count = fault === 'absurd shunts' ? calibration.r.length : fault === 'one absurd shunt' ? 1 : 0
  const text = writeMetadata({ ...fields, calibration: { ...calibration, r: absurd(count) } })
  if (fault === 'not numbers') return text.replaceAll(/^((?:R|GS|O)\d): .*$/gm, '$1: -nan')
  return fault === 'truncated' ? text.slice(0, text.length / 2) : text
}
