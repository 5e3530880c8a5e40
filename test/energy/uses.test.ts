import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batteryOf } from '../../src/energy/battery.ts'
import { carbonOf, twoDigits } from '../../src/energy/carbon.ts'
import { gridIntensities } from '../../src/energy/grid-intensity.ts'
import { recordOf } from './support.ts'

const record = recordOf([0.1, 0.1002, 0.0998])
const world = gridIntensities.find(({ region }) => region === 'world')!

describe('carbon', () => {
  it('is energy times the intensity of a dated, cited grid', () => {
    // 2 mJ a million times at 473 g/kWh.
    const result = carbonOf(record, world, 1_000_000)!
    expect(result.gramsCo2e).toBe(0.26)
    expect(result).toMatchObject({ provenance: 'measured', grid: { gramsPerKwh: 473, year: 2024 } })
    expect(result.grid.source).toMatch(/Ember/)
    expect(result.leavesOut).toMatch(/making the board/)
  })

  it('matches the published example: 664 µJ are 87 ng', () => {
    const like = { ...record, gross: { ...record.gross!, valueJ: 664e-6 } }
    expect(carbonOf(like, world, 1)!.gramsCo2e).toBe(87e-9)
  })

  it('never has more than two digits', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 1e6, noNaN: true }), (value) => {
        expect(twoDigits(value)).toBe(Number(value.toExponential(1)))
      }),
    )
  })

  it('is nothing without a figure', () => {
    expect(carbonOf(recordOf([0.1], {}, { supplyKnown: false }), world, 1)).toBeNull()
  })

  it('has a source, a year and a plausible intensity for each grid', () => {
    for (const { gramsPerKwh, year, source } of gridIntensities) {
      expect(gramsPerKwh).toBeGreaterThan(10)
      expect(gramsPerKwh).toBeLessThan(1000)
      expect(year).toBeGreaterThanOrEqual(2023)
      expect(source).toMatch(/Ember.*CC BY 4\.0/)
    }
  })
})

describe('battery life', () => {
  const use = { capacityMah: 1000, voltageV: 3, usableShare: 0.5, everyS: 10 }
  const recorded = recordOf([0.1, 0.1002, 0.0998], {
    idle: {
      before: { meanPowerW: 0.01, spreadW: 0, parts: 10, durationS: 1, verdict: 'complete', provenance: 'measured' },
      after: null,
    },
  })

  it('follows from energy, duty cycle, sleep and the usable capacity', () => {
    const result = batteryOf(recorded, { ...use, sleepW: 1e-6 })
    if ('reason' in result) throw new Error(result.reason)
    // 2 mJ in 20 ms every 10 s, 1 µW for the rest.
    const meanW = (2e-3 + 9.98 * 1e-6) / 10
    expect(result.meanPowerW).toBeCloseTo(meanW, 9)
    expect(result.lifeS / ((1000 * 3.6 * 3 * 0.5) / meanW)).toBeCloseTo(1, 5)
    expect(result.dutyCycle).toBeCloseTo(0.002, 9)
    expect(result.lifeIntervalS![0]).toBeLessThan(result.lifeS)
    expect(result.lifeIntervalS![1]).toBeGreaterThan(result.lifeS)
    expect(result).toMatchObject({ sleepSource: 'stated by user', provenance: 'measured' })
  })

  it('takes the idle power of the record where no sleep power is stated', () => {
    expect(batteryOf(recorded, use)).toMatchObject({ sleepW: 0.01, sleepSource: 'idle power of the record' })
    expect(batteryOf(record, use)).toMatchObject({ reason: expect.stringMatching(/no idle power/) })
  })

  it('refuses what cannot be', () => {
    expect(batteryOf(recorded, { ...use, everyS: 0.01 })).toMatchObject({
      reason: expect.stringMatching(/longer than/),
    })
    const invalid = recordOf([0.1], {}, { supplyKnown: false })
    expect(batteryOf(invalid, use)).toEqual({ reason: 'the record holds no figure' })
  })
})
