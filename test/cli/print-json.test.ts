import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonPieces } from '../../src/cli/print-json.ts'

test('JSON in pieces is what JSON.stringify gives', () => {
  const values = fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.constant(undefined)))
  fc.assert(
    fc.property(values, (value) => {
      expect([...jsonPieces(value)].join('')).toBe(JSON.stringify(value, null, 2))
    }),
  )
  const odd = { a: [undefined, [], {}, [[1], 'x\n']], b: undefined, c: { d: [1, { e: null }] }, f: Number.NaN, g: '\n' }
  expect([...jsonPieces(odd)].join('')).toBe(JSON.stringify(odd, null, 2))
})

test('a list comes item by item', () => {
  const windows = Array.from({ length: 1000 }, (_, at) => ({ at, text: 'x'.repeat(50) }))
  expect(Math.max(...[...jsonPieces({ windows })].map(({ length }) => length))).toBeLessThan(200)
})
