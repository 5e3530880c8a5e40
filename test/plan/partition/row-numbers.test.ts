import { describe, expect, it } from 'vitest'
import { random } from '../../../src/core/random.ts'
import { codeNumbers, partNumbers } from '../../../src/plan/partition/row-numbers.ts'

describe('numbers of rows', () => {
  it('are those that a map of strings would give to the parts', () => {
    const draw = random(5)
    for (const [width, radix] of [
      [1, 2],
      [3, 16],
      [9, 16],
      [6, 256],
    ] as const) {
      const count = 3000
      const rows = Uint8Array.from({ length: count * width }, () => Math.floor(Math.min(4, radix) * draw()))
      const positions = Array.from({ length: width }, (_, at) => at).filter(() => draw() < 0.7)
      const { numbers, firsts } = partNumbers({ rows, count, width, radix }, positions)
      const known = new Map<string, number>()
      for (let row = 0; row < count; row++) {
        const key = positions.map((at) => rows[row * width + at]).join()
        if (!known.has(key)) {
          expect(firsts[known.size]).toBe(row)
          known.set(key, known.size)
        }
        expect(numbers[row]).toBe(known.get(key))
      }
      expect(firsts.length).toBe(known.size)
    }
  })

  it('are the same from a table and from a map', () => {
    const draw = random(7)
    const [few, many] = [codeNumbers(100), codeNumbers(1e9)]
    let next = 0
    for (let i = 0; i < 500; i++) {
      const code = Math.floor(100 * draw())
      const number = few(code, next)
      expect(many(code, next)).toBe(number)
      if (number === next) next++
    }
    expect(next).toBe(100)
  })
})
