import { MilliwattError, messageOf } from '../core/errors.ts'
import { combineBudget } from './budget.ts'
import type { EnergyRecord, RecordedFigure } from './record.ts'
import { energyRecordSchema } from './record-schema.ts'

/** Equal but for rounding. */
const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))

/** Whether the error model of a figure is what its budget adds up to. */
function followsBudget({ valueJ, model, budget }: RecordedFigure): boolean {
  const { standardUncertainty, degreesOfFreedom, gainLimit } = combineBudget(valueJ, budget)
  return (
    isClose(model.additiveUncertaintyJ, standardUncertainty) &&
    model.degreesOfFreedom === degreesOfFreedom &&
    isClose(model.gainLimit, gainLimit)
  )
}

/** Whether the gross figure is the mean over the windows. */
function followsWindows({ gross, windows }: EnergyRecord): boolean {
  const values = windows.flatMap(({ energyJ, inferences }) => (energyJ === null ? [] : [energyJ / inferences]))
  return !gross || isClose(gross.valueJ, values.reduce((sum, value) => sum + value, 0) / values.length)
}

/** What a record contradicts itself in; null when nothing. */
function contradiction(record: EnergyRecord): string | null {
  const { gross, net, idle: sides, windows, official } = record
  const parts = [gross, net, sides.before, sides.after, official, ...windows].filter((part) => part !== null)
  const strange = parts.find((part) => part.provenance !== record.provenance)
  if (strange) return `It is ${record.provenance}, but holds a figure that is ${strange.provenance}.`
  if (record.provenance !== 'modelled' && record.meter === null) return 'It has no meter and yet is not modelled.'
  if (record.verdict === 'invalid' && (gross || net)) return 'It is invalid and yet holds figures.'
  if (record.verdict !== 'invalid' && !gross) return `It is ${record.verdict} and yet holds no figure.`
  if (record.provenance !== 'modelled' && !followsWindows(record)) return 'Its figure is not the mean of its windows.'
  if ([gross, net].some((one) => one && !followsBudget(one))) return 'A figure does not follow from its budget.'
  const whole = windows.every((one) => one.verdict === 'complete') && gross?.missingAtMostJ === 0
  if (record.verdict === 'complete' && !whole) return 'It is called complete, but its windows miss samples.'
  return null
}

/**
 * Reads a record and checks that it follows the schema and does not contradict itself.
 * @param path name for messages
 * @throws MilliwattError RECORD_INVALID
 */
export function readEnergyRecord(text: string, path: string): EnergyRecord {
  const fail = (detail: string, cause?: unknown): never => {
    throw new MilliwattError('RECORD_INVALID', path, detail, cause)
  }
  let value: { readonly version?: unknown; readonly kind?: unknown } | null = null
  try {
    value = JSON.parse(text)
  } catch (error) {
    fail(`It is not whole JSON: ${messageOf(error)}.`, error)
  }
  if (value?.kind === 'milliwatt-energy' && value.version !== 1)
    fail(`It has version ${value.version}; this milliwatt reads version 1.`)
  const parsed = energyRecordSchema.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    return fail(`Field ${issue?.path.join('.') || '(whole)'}: ${issue?.message}.`)
  }
  const problem = contradiction(parsed.data)
  return problem === null ? parsed.data : fail(problem)
}
