import type { DeviceFact, Finding } from '../core/device.ts'
import { formatBytes, formatHz } from './format.ts'

/**
 * One line about a finding: `cpu found: Cortex-A76 (cores 4, maximum 2.4 GHz)`,
 * `npu not usable: Hailo-8 (...). Reason: ... Next: ...`, `gpu absent: ...`.
 */
export function describeFinding(finding: Finding): string {
  if (finding.status === 'absent') return oneLine(`${finding.kind} absent: ${finding.reason}.`)
  const facts = Object.entries(finding.device.facts).map(([key, value]) => describeFact(key, value))
  const about = `${finding.device.name}${facts.length > 0 ? ` (${facts.join('; ')})` : ''}`
  if (finding.status === 'found') return oneLine(`${finding.kind} found: ${about}`)
  return oneLine(`${finding.kind} not usable: ${about}. Reason: ${finding.reason}. Next: ${finding.next}`)
}

/** Units by the ending of a fact's name. */
const units: readonly { readonly ending: string; readonly format: (value: number) => string }[] = [
  { ending: 'Hz', format: formatHz },
  { ending: 'Bytes', format: formatBytes },
  { ending: 'A', format: (value) => `${value} A` },
  { ending: 'W', format: (value) => `${value} W` },
  { ending: 'V', format: (value) => `${value} V` },
]

function describeFact(key: string, value: DeviceFact): string {
  const unit = typeof value === 'number' ? units.find(({ ending }) => key.endsWith(ending)) : undefined
  const name = (unit ? key.slice(0, -unit.ending.length) : key).replace(
    /[A-Z]/g,
    (letter) => ` ${letter.toLowerCase()}`,
  )
  if (unit && typeof value === 'number') return `${name} ${unit.format(value)}`
  if (typeof value !== 'object') return `${name} ${value}`
  return `${name} ${value.join(value.some((text) => text.includes(',')) ? ' | ' : ', ')}`
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
}
