import { MilliwattError } from '../../core/errors.ts'

/** The supply that turns current into power or back. @throws MilliwattError TRACE_SUPPLY where nobody states it */
export function neededSupply(path: string, ...stated: readonly (number | null | undefined)[]): number {
  const supplyV = stated.find((volts) => volts !== null && volts !== undefined && volts > 0)
  if (supplyV) return supplyV
  throw new MilliwattError('TRACE_SUPPLY', path)
}
