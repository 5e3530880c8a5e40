import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMilliwattError } from '../../src/core/errors.ts'
import { readEnergyRecord } from '../../src/energy/read-record.ts'
import type { EnergyRecord } from '../../src/energy/record.ts'
import { energyRecordJsonSchema } from '../../src/energy/record-schema.ts'
import { recordOf } from './support.ts'

const record = recordOf([0.1, 0.11, 0.1])
const read = (value: unknown) => readEnergyRecord(JSON.stringify(value), 'a.json')

describe('energy record', () => {
  it('comes back as it was written', () => {
    expect(read(record)).toEqual(record)
  })

  it('has the published schema that is generated from its own', () => {
    const path = resolve(import.meta.dirname, '../../schemas/energy-record.schema.json')
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(JSON.stringify(energyRecordJsonSchema())))
  })

  it.each([
    ['another version', { ...record, version: 2 }, /version 2; this milliwatt reads version 1/],
    ['another file', { kind: 'other' }, /Field version/],
    ['nothing', null, /\(whole\)/],
    ['a field too much', { ...record, extra: 1 }, /\(whole\).*extra/i],
    ['a hash that is none', { ...record, subject: { ...record.subject, sha256: 'x' } }, /subject\.sha256/],
  ])('refuses %s', (_, value, message) => {
    expect(() => read(value)).toThrow(message)
    try {
      read(value)
    } catch (error) {
      expect(isMilliwattError(error, 'RECORD_INVALID')).toBe(true)
    }
  })

  it.each<[string, Partial<EnergyRecord>, RegExp]>([
    ['provenance', { provenance: 'replayed' }, /It is replayed, but holds a figure that is measured/],
    ['a meter that is missing', { meter: null }, /no meter and yet is not modelled/],
    ['figures of an invalid session', { verdict: 'invalid' }, /invalid and yet holds figures/],
    ['no figure', { gross: null, net: null }, /complete and yet holds no figure/],
    ['a figure', { gross: { ...record.gross!, valueJ: 1 } }, /not the mean of its windows/],
    ['a budget', { net: { ...record.net!, budget: [] } }, /does not follow from its budget/],
    [
      'windows that miss samples',
      { windows: record.windows.map((one) => ({ ...one, verdict: 'lower bound' as const })) },
      /called complete, but its windows miss samples/,
    ],
  ])('refuses a record that contradicts itself: %s', (_, change, message) => {
    expect(() => read({ ...record, ...change })).toThrow(message)
  })

  it('refuses any cut of a record, and anything else, with the same error', () => {
    const text = JSON.stringify(record)
    fc.assert(
      fc.property(
        fc.oneof(
          fc.nat(text.length - 1).map((at) => text.slice(0, at)),
          fc.json(),
          fc.string(),
        ),
        (cut) => {
          try {
            readEnergyRecord(cut, 'a.json')
            expect.unreachable()
          } catch (error) {
            expect(isMilliwattError(error, 'RECORD_INVALID')).toBe(true)
          }
        },
      ),
    )
  })
})
