import { MilliwattError } from '../core/errors.ts'

/** Exit codes of the command line; scripts rely on them. */
export const exitCodes = { done: 0, failed: 1, usage: 2, goalNotMet: 3, interrupted: 130 } as const

const usageCodes = new Set([
  'USAGE',
  'GOAL_INVALID',
  'METER_UNKNOWN',
  'BACKEND_UNKNOWN',
  'VARIANT_UNKNOWN',
  'TARGET_UNKNOWN',
])

/** The exit code that an error stands for. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof MilliwattError)) return exitCodes.failed
  if (error.code === 'GOAL_NOT_MET') return exitCodes.goalNotMet
  if (error.code === 'INTERRUPTED' || error.code === 'FLASH_INTERRUPTED') return exitCodes.interrupted
  return usageCodes.has(error.code) ? exitCodes.usage : exitCodes.failed
}
