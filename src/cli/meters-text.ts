import type { MilliwattError } from '../core/errors.ts'
import type { MeterReport } from '../meters/list.ts'
import type { Accuracy, MeterCounts, MeterInfo } from '../meters/meter.ts'
import { formatNumber, scaleFor } from '../report/format.ts'
import { cleanLine } from '../report/table.ts'

/** What `milliwatt meters METER` read. */
export interface MeterReading {
  readonly info: MeterInfo
  readonly counts: MeterCounts
  readonly durationS: number
  /** Of the valid samples; null when there is none. */
  readonly power: { readonly meanW: number; readonly lowestW: number; readonly highestW: number } | null
  readonly marks: readonly string[]
  /** Why the stream ended before its time. */
  readonly problem: MilliwattError | null
}

/** One line a meter, and one a driver that found none. */
export function meterListText(reports: readonly MeterReport[]): string {
  const lines = reports.flatMap(({ driver, meters, reason }) => {
    if (meters.length === 0) return [`absent: ${driver.name} (${driver.summary.split(';')[0]}). ${reason}.`]
    return meters.map(({ path, name, covers, problem }) => {
      const about = `${driver.name}:${path}: ${name}${covers ? `; reads ${covers}` : ''}`
      return problem ? `not usable: ${about}. Reason: ${problem.reason}. Next: ${problem.next}` : `found: ${about}`
    })
  })
  const order = (line: string) => ['found', 'not usable', 'absent'].findIndex((word) => line.startsWith(word))
  return lines
    .map(cleanLine)
    .sort((a, b) => order(a) - order(b))
    .join('\n')
}

function quantity(value: number, unit: string): string {
  const scale = scaleFor([value], unit, '')
  return `${formatNumber(value * scale.perSi)} ${scale.unit}`
}

function limitsText({ gain, offsetA, offsetW }: Accuracy): string {
  const parts = [`±${formatNumber(gain * 100, 2)} %`]
  if (offsetA !== undefined) parts.push(`±${quantity(offsetA, 'A')}`)
  if (offsetW !== undefined) parts.push(`±${quantity(offsetW, 'W')}`)
  return parts.join(' and ')
}

function countsText({ received, lost, invalid, saturated, discardedBytes, bridged }: MeterCounts): string {
  const parts = [`${received} received`, `${lost} lost`, `${invalid} invalid`, `${saturated} saturated`]
  if (bridged) parts.push(`${bridged} told by an accumulator`)
  if (discardedBytes > 0) parts.push(`${discardedBytes} bytes thrown away`)
  return parts.join(', ')
}

/** A reading as lines of name and value. */
export function meterReadingText({ info, counts, durationS, power, marks, problem }: MeterReading): string {
  const supply = info.supplyV > 0 ? `${formatNumber(info.supplyV)} V (${info.supplySource})` : info.supplySource
  const rows: [string, string][] = [
    ['Meter', `${info.model} at ${info.path}; its figures are ${info.provenance}`],
    ...(info.covers ? [['Reads', info.covers] as [string, string]] : []),
    ['Rate', `${formatNumber(info.sampleRateHz)} samples/s`],
    ['Supply', supply],
    [
      'Limits of error',
      info.accuracy ? limitsText(info.accuracy) : `±${formatNumber(info.gainUncertainty * 100, 2)} %`,
    ],
    ['Samples', `${countsText(counts)}, in ${formatNumber(durationS)} s`],
    ...(power
      ? ([
          ['Mean power', `${quantity(power.meanW, 'W')} (${info.provenance})`],
          ['Lowest, highest', `${quantity(power.lowestW, 'W')}, ${quantity(power.highestW, 'W')} (${info.provenance})`],
        ] as [string, string][])
      : []),
    ...(marks.length > 0 ? [['Marks', marks.slice(-10).join(', ')] as [string, string]] : []),
    ...info.warnings.map((warning): [string, string] => ['Note', warning]),
    ...(problem ? [['Ended early', problem.message] as [string, string]] : []),
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => cleanLine(`${name.padEnd(width)}  ${value}`)).join('\n')
}
