import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RecentPower } from '../../src/trace/recent-power.ts'
import type { SampleEvent } from '../../src/trace/samples.ts'

const block = (firstIndex: number, values: readonly number[]): SampleEvent => ({
  kind: 'samples',
  firstIndex,
  powerW: Float32Array.from(values),
  digital: new Uint8Array(values.length),
  raw: new Uint8Array(0),
  arrivalS: 0,
})

/** What every level must give: min, mean and max of the finite samples of each column. */
function expected(samples: ReadonlyMap<number, number>, from: number, to: number) {
  const inside = [...samples].filter(([index]) => index >= from && index < to).map(([, value]) => value)
  if (inside.length === 0) return null
  return {
    min: Math.min(...inside),
    max: Math.max(...inside),
    mean: inside.reduce((a, b) => a + b, 0) / inside.length,
  }
}

describe('RecentPower', () => {
  it('gives min, mean and max of every column at every level, gaps included', () => {
    const piece = fc.record({ gap: fc.nat(40), values: fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 60 }) })
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.array(piece, { minLength: 1, maxLength: 30 }),
        fc.nat(100),
        fc.nat(100),
        fc.integer({ min: 1, max: 40 }),
        (first, pieces, a, b, maxColumns) => {
          // 2 samples a column, 25 samples and 60 columns kept: all three levels come into play.
          const power = new RecentPower({ sampleRateHz: 2000, samplesS: 0.0125, columnsS: 0.06 })
          const samples = new Map<number, number>()
          let index = first
          for (const { gap, values } of pieces) {
            if (gap % 2 === 1) power.push({ kind: 'gap', firstIndex: index, count: gap })
            index += gap
            power.push(block(index, values))
            for (const value of values) samples.set(index++, value)
          }
          const span = power.endIndex - power.startIndex
          const from = power.startIndex + Math.floor((Math.min(a, b) / 100) * span)
          const to = power.startIndex + Math.ceil((Math.max(a, b) / 100) * span)
          const columns = power.columns(from, to, maxColumns)
          expect(columns.minW.length).toBeLessThanOrEqual(maxColumns + 1)
          columns.meanW.forEach((mean, at) => {
            const start = Math.round((columns.startS + at * columns.columnS) * 2000)
            const end = Math.round((columns.startS + (at + 1) * columns.columnS) * 2000)
            // The last column may reach beyond what was asked for, by a whole column of its level.
            const ends = Array.from({ length: end - Math.min(end, to) + 1 }, (_, more) => Math.min(end, to) + more)
            const found = mean === null ? null : { min: columns.minW[at], max: columns.maxW[at], mean }
            const same = ends.some((last) => {
              const each = expected(samples, start, last)
              if (each === null || found === null) return each === found
              return each.min === found.min && each.max === found.max && Math.abs(each.mean - found.mean) < 1e-6
            })
            expect(same, `${start} to ${end}: ${JSON.stringify(found)}`).toBe(true)
          })
          const total = [...samples.values()].reduce((sum, value) => sum + value, 0)
          expect(power.energyJ).toBeCloseTo(total / 2000, 9)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('keeps single samples of the last seconds', () => {
    const power = new RecentPower({ sampleRateHz: 1000, samplesS: 1 })
    for (let at = 0; at < 3000; at += 100)
      power.push(
        block(
          at,
          Array.from({ length: 100 }, (_, i) => at + i),
        ),
      )
    expect(power.columns(2500, 2504, 100)).toEqual({
      startS: 2.5,
      columnS: 0.001,
      minW: [2500, 2501, 2502, 2503],
      meanW: [2500, 2501, 2502, 2503],
      maxW: [2500, 2501, 2502, 2503],
    })
    expect(power.meanW(2000, 3000)).toBe(2499.5)
  })
})
