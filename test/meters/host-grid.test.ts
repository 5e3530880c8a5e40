import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHostGrid, type SensorReading } from '../../src/meters/host-grid.ts'
import { joinEvents } from '../support/collect.ts'

function run(rateHz: number, readings: readonly SensorReading[]) {
  const grid = createHostGrid(rateHz)
  return { ...joinEvents(readings.flatMap((reading) => grid.add(reading))), counts: grid.counts }
}

describe('the grid of a sensor that is read by the host', () => {
  it('keeps the energy of a counter exactly, whenever it is read', () => {
    const steps = fc.array(
      fc.tuple(fc.double({ min: 1e-4, max: 0.7, noNaN: true }), fc.double({ min: 0, max: 50, noNaN: true })),
      { minLength: 2, maxLength: 60 },
    )
    fc.assert(
      fc.property(steps, (pieces) => {
        let atS = 1.79e9
        let energyJ = 0
        const readings: SensorReading[] = [{ atS, energyJ }]
        for (const [seconds, watts] of pieces) {
          atS += seconds
          energyJ += seconds * watts
          readings.push({ atS, energyJ })
        }
        const { powerW, end, counts } = run(10, readings)
        expect(counts.lost).toBe(0)
        // Up to the last whole sample; what is left of the last stretch has at most 50 W.
        const sumJ = powerW.reduce((sum, power) => sum + power * 0.1, 0)
        expect(sumJ).toBeLessThanOrEqual(energyJ + 1e-3 * energyJ + 1e-4)
        expect(sumJ).toBeGreaterThan(energyJ - 0.1 * 50 - 1e-3 * energyJ - 1e-4)
        expect(end).toBe(Math.floor((atS - 1.79e9) * 10 + 1e-4))
      }),
    )
  })

  it('holds a reading of power for the time since the last, and no longer than 2.5 samples', () => {
    const { powerW, gaps, end, counts } = run(10, [
      { atS: 0, powerW: 9 },
      { atS: 0.1, powerW: 1 },
      { atS: 0.25, powerW: 2 },
      { atS: 0.3, powerW: 4 },
      { atS: 0.9, powerW: 8 },
      { atS: 1, powerW: 16 },
    ])
    expect([...powerW].map((power) => Number(power.toFixed(6)))).toEqual([1, 2, 3, 16])
    expect(gaps).toEqual([{ kind: 'gap', firstIndex: 3, count: 6 }])
    expect([end, counts.lost, counts.received]).toEqual([10, 6, 4])
  })

  it('counts a late reading of a counter as bridged, an overflow as saturated, a counter that shrank as lost', () => {
    const { counts } = run(10, [
      { atS: 0, energyJ: 0 },
      { atS: 0.5, energyJ: 1 },
      { atS: 0.6, energyJ: 0.2 },
      { atS: 0.7, energyJ: 0.3 },
    ])
    expect(counts).toMatchObject({ received: 6, lost: 1, bridged: 4 })
    const over = run(10, [
      { atS: 0, powerW: 1 },
      { atS: 0.1, overflow: true },
      { atS: 0.2, powerW: 1 },
    ])
    expect(over.counts).toMatchObject({ received: 2, saturated: 1, invalid: 1 })
    expect(over.powerW[0]).toBeNaN()
    expect(over.powerW[1]).toBe(1)
  })
})
