import { describe, expect, it } from 'vitest'
import { random } from '../../../src/core/random.ts'
import { StateTable } from '../../../src/plan/partition/state-table.ts'

describe('state table', () => {
  it('gives rows the numbers that a map of strings would give them', () => {
    const draw = random(5)
    for (const width of [1, 3, 9]) {
      const table = new StateTable(width)
      const known = new Map<string, number>()
      for (let i = 0; i < 3000; i++) {
        const row = Uint8Array.from({ length: width }, () => Math.floor(4 * draw()))
        const key = row.join()
        if (!known.has(key)) known.set(key, known.size)
        expect(table.intern(row)).toBe(known.get(key))
      }
      expect(table.count).toBe(known.size)
      for (const [key, number] of known) expect(table.rows.slice(number * width, (number + 1) * width).join()).toBe(key)
    }
  })
})
