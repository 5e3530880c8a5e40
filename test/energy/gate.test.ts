import { describe, expect, it } from 'vitest'
import { checkEnergy } from '../../src/energy/check-energy.ts'
import { compareEnergy } from '../../src/energy/compare-energy.ts'
import type { EnergyRecord } from '../../src/energy/record.ts'
import { perfect, recordOf } from './support.ts'

const options = { figure: 'gross', confidence: 0.95 } as const
const gated = (record: EnergyRecord, name = 'a.json') => ({ name, record })
const noisy = [0.0999, 0.1001, 0.1, 0.0998, 0.1002]
const scaled = (factor: number) => noisy.map((power) => power * factor)
const gain = { ...perfect, gain: { value: 0.15, source: 'data sheet' } }

describe('energy check', () => {
  it('passes, fails and stays undecided by the bound, not by the mean', () => {
    const record = recordOf(noisy)
    expect(checkEnergy(gated(record), 2.1e-3, options)).toMatchObject({ outcome: 'passed' })
    expect(checkEnergy(gated(record), 1.9e-3, options)).toMatchObject({ outcome: 'failed' })
    expect(checkEnergy(gated(record), 2.0001e-3, options)).toMatchObject({ outcome: 'undecided' })
    expect(checkEnergy(gated(record), 2.1e-3, { ...options, figure: 'net' }).side.valueJ).toBeCloseTo(1.8e-3, 9)
  })

  it('counts a gain of the instrument in full', () => {
    const record = recordOf(noisy, {}, { instrument: gain })
    expect(checkEnergy(gated(record), 2.1e-3, options)).toMatchObject({ outcome: 'undecided' })
    expect(checkEnergy(gated(record), 2.4e-3, options)).toMatchObject({ outcome: 'passed' })
  })

  it.each(['emulated', 'modelled'] as const)(
    'is never satisfied by %s figures unless that is said aloud',
    (provenance) => {
      const record = recordOf(noisy, { provenance })
      expect(checkEnergy(gated(record), 1, options)).toMatchObject({
        outcome: 'refused',
        reason: `a.json is ${provenance}: only a physical reading satisfies a gate`,
        notes: [],
      })
      expect(checkEnergy(gated(record), 1, { ...options, accept: [provenance] })).toMatchObject({
        outcome: 'passed',
        notes: [`a.json is ${provenance}, accepted by --accept-${provenance}`],
      })
    },
  )

  it('refuses what has no figure or no interval', () => {
    const invalid = recordOf(noisy, {}, { supplyKnown: false })
    expect(checkEnergy(gated(invalid), 1, options).reason).toMatch(/is invalid: the supply voltage was assumed/)
    expect(checkEnergy(gated(recordOf([0.1])), 1, options).reason).toMatch(/states no interval/)
    const noIdle = recordOf(noisy, {}, { idleBefore: null, idleAfter: null })
    expect(checkEnergy(gated(noIdle), 1, { ...options, figure: 'net' }).reason).toMatch(/no net figure: no idle/)
  })

  it('counts missing samples with the most that they could have held', () => {
    const record = recordOf(noisy)
    const missing = { ...record, verdict: 'lower bound' as const, gross: { ...record.gross!, missingAtMostJ: 1e-3 } }
    expect(checkEnergy(gated(missing), 2.1e-3, options)).toMatchObject({ outcome: 'undecided' })
    expect(checkEnergy(gated(missing), 3.1e-3, options)).toMatchObject({ outcome: 'passed' })
  })
})

describe('energy compare', () => {
  const compare = (a: EnergyRecord, b: EnergyRecord, tolerance = 0) =>
    compareEnergy(gated(a), gated(b, 'b.json'), { tolerance, mustFind: 0.05 }, { ...options, confidence: 0.99 })

  it('finds an increase and lets the same pass', () => {
    expect(compare(recordOf(noisy), recordOf(scaled(1.05)))).toMatchObject({
      outcome: 'failed',
      change: expect.closeTo(0.05, 6),
      sameMeter: true,
    })
    expect(compare(recordOf(noisy), recordOf(noisy)).outcome).toBe('passed')
    expect(compare(recordOf(noisy), recordOf(scaled(0.9))).outcome).toBe('passed')
    expect(compare(recordOf(noisy), recordOf(scaled(1.05)), 0.06).outcome).toBe('passed')
  })

  it('cancels the gain of one instrument, and not that of two', () => {
    const a = recordOf(noisy, {}, { instrument: gain })
    const b = recordOf(scaled(1.05), {}, { instrument: gain })
    expect(compare(a, b).outcome).toBe('failed')
    const other = { ...b, meter: { ...b.meter!, serialNumber: '2' } }
    expect(compare(a, other)).toMatchObject({ outcome: 'undecided', sameMeter: false })
    const unnamed = (record: EnergyRecord) => ({
      ...record,
      meter: { ...record.meter!, serialNumber: null, calibration: {} },
    })
    expect(compare(unnamed(a), unnamed(b))).toMatchObject({ outcome: 'undecided', sameMeter: false })
    const limits = { tolerance: 0, mustFind: 0.05, sameMeter: true }
    expect(compareEnergy(gated(unnamed(a)), gated(unnamed(b)), limits, options)).toMatchObject({
      outcome: 'failed',
      notes: ['taken as read by one instrument by --same-meter'],
    })
    const [low, high] = compare(a, other).changeInterval!
    expect([low < -0.1, high > 0.2]).toEqual([true, true])
  })

  it('refuses different provenance, missing samples and figures at zero', () => {
    const a = recordOf(noisy)
    expect(compare(a, recordOf(noisy, { provenance: 'replayed' })).reason).toBe(
      'measured and replayed figures are not compared',
    )
    const short = { ...a, verdict: 'lower bound' as const, gross: { ...a.gross!, missingAtMostJ: 1e-6 } }
    expect(compare(a, short).reason).toMatch(/misses samples/)
    const zero = { ...a, gross: { ...a.gross!, valueJ: 0 } }
    expect(compare(zero, a).reason).toMatch(/not above zero/)
  })

  it('shows nothing where the scatter could hide what must be found', () => {
    const wild = recordOf([0.1, 0.13, 0.07, 0.11])
    expect(compare(wild, wild)).toMatchObject({ outcome: 'undecided' })
    expect(compare(wild, wild).reason).toMatch(/an increase of 5 % could hide/)
  })

  it('says what else differs', () => {
    const a = recordOf(noisy)
    const b = { ...a, subject: { ...a.subject, sha256: 'b'.repeat(64), engine: 'other' } }
    expect(compare(a, b).notes).toEqual(['the records differ in: model file, engine'])
  })
})
