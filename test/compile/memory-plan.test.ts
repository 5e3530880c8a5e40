import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planMemory, type Request } from '../../src/compile/memory-plan.ts'

const requests = fc
  .array(
    fc.record({
      bytes: fc.integer({ min: 0, max: 5000 }),
      first: fc.integer({ min: 0, max: 30 }),
      length: fc.integer({ min: 0, max: 12 }),
    }),
    { maxLength: 40 },
  )
  .map((items) =>
    items.map(
      ({ bytes, first, length }, index): Request => ({
        name: `r${index}`,
        bytes,
        first,
        last: first + length,
      }),
    ),
  )

describe('memory plan', () => {
  it('never lets requests overlap that live at the same time', () => {
    fc.assert(
      fc.property(requests, (items) => {
        const plan = planMemory(items)
        for (const a of items)
          for (const b of items) {
            if (a === b || a.bytes === 0 || b.bytes === 0 || a.first > b.last || b.first > a.last) continue
            const [from, to] = [plan.offsets.get(a.name)!, plan.offsets.get(b.name)!]
            expect(from + a.bytes <= to || to + b.bytes <= from).toBe(true)
          }
      }),
    )
  })

  it('stays inside its size, aligned, and near what is needed at least', () => {
    fc.assert(
      fc.property(requests, (items) => {
        const plan = planMemory(items)
        for (const item of items) {
          expect(plan.offsets.get(item.name)! % 16).toBe(0)
          expect(plan.offsets.get(item.name)! + item.bytes).toBeLessThanOrEqual(plan.bytes)
        }
        expect(plan.bytes).toBeGreaterThanOrEqual(plan.lowerBound)
        expect(plan.bytes).toBeLessThanOrEqual(1.6 * plan.lowerBound)
      }),
    )
  })
})
