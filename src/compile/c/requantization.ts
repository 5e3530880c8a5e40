import type { Requantization } from '../program.ts'
import type { CWriter } from './c-writer.ts'

/** Writes the constants of a requantisation by channels; returns the address of the struct. */
export function plainRequantization(writer: CWriter, r: Requantization): string {
  const fixed = r.semantics === 'tflm'
  return writer.struct('requantization', 'mw_requantization', {
    bias: writer.table('bias', 'int32_t', r.bias),
    multipliers: fixed ? writer.table('multipliers', 'int32_t', r.multipliers) : 'NULL',
    shifts: fixed ? writer.table('shifts', 'int8_t', r.shifts) : 'NULL',
    scales: fixed ? 'NULL' : writer.table('scales', 'float', r.scales),
    zero: r.zeroPoint,
    min: r.min,
    max: r.max,
  })
}
