import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../../../src/core/random.ts'
import { fitClass, logitOf, rowOf, unwhiten, whiten, whitenWithin } from '../../../src/loop/enrol/fit-class.ts'

const width = 6
/** Rows around a centre a group, stretched unevenly and mixed. */
function groupsOf(seed: number, groups: number, each: number) {
  const next = random(seed)
  const names: string[] = []
  const rows = Array.from({ length: groups }, (_, group) => {
    const centre = Array.from({ length: width }, () => 10 * next.normal())
    return Array.from({ length: each }, () => {
      names.push(`word ${group}`)
      const own = centre.map((value, k) => value + (k + 1) * next.normal())
      return own.map((value, k) => value + 0.5 * (own[k - 1] ?? 0))
    })
  }).flat()
  return { names, rows: { values: Float64Array.from(rows.flat()), width, count: rows.length } }
}

describe('whitening within words', () => {
  it('makes the covariance around the words the identity', () => {
    const { names, rows } = groupsOf(1, 20, 40)
    const white = whiten(rows, whitenWithin(rows, names, 0))
    const centred = names.map((name, at) => {
      const own = [...names.keys()].filter((other) => names[other] === name)
      return rowOf(white, at).map(
        (value, k) => value - own.reduce((sum, n) => sum + rowOf(white, n)[k]!, 0) / own.length,
      )
    })
    for (let i = 0; i < width; i++)
      for (let j = 0; j < width; j++) {
        const covariance = centred.reduce((sum, row) => sum + row[i]! * row[j]!, 0) / (names.length - 20)
        expect(covariance).toBeCloseTo(Number(i === j), 6)
      }
  })

  it('is undone for logits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), fc.double({ min: 0, max: 1, noNaN: true }), (seed, share) => {
        const { names, rows } = groupsOf(seed, 4, 5)
        const whitening = whitenWithin(rows, names, share)
        const white = whiten(rows, whitening)
        const logit = { weights: Float64Array.from({ length: width }, (_, k) => k - 2), bias: 0.5 }
        const plain = unwhiten(logit, whitening)
        for (let at = 0; at < rows.count; at++)
          expect(logitOf(plain, rowOf(rows, at))).toBeCloseTo(logitOf(logit, rowOf(white, at)), 6)
      }),
      { numRuns: 20 },
    )
  })
})

describe('fitting a class', () => {
  it('tells one word from the others, and costs less than any small step away', () => {
    const { names, rows } = groupsOf(7, 8, 12)
    const isWord = names.map((name) => name === 'word 3')
    const white = whiten(rows, whitenWithin(rows, names, 0.01))
    const fitted = fitClass({ rows: white, isWord }, 0.01, 400)
    const loss = ({ weights, bias }: typeof fitted) => {
      const words = isWord.filter(Boolean).length
      const each = isWord.map((word, at) => {
        const logit = logitOf({ weights, bias }, rowOf(white, at))
        return (0.5 / (word ? words : isWord.length - words)) * Math.log1p(Math.exp(word ? -logit : logit))
      })
      return each.reduce((a, b) => a + b, 0) + 0.005 * weights.reduce((sum, weight) => sum + weight * weight, 0)
    }
    const right = isWord.filter((word, at) => logitOf(fitted, rowOf(white, at)) > 0 === word)
    expect(right.length / isWord.length).toBeGreaterThan(0.9)
    const least = loss(fitted)
    for (let k = 0; k < width; k++)
      for (const step of [-0.02, 0.02])
        expect(loss({ ...fitted, weights: fitted.weights.with(k, fitted.weights[k]! + step) })).toBeGreaterThan(least)
  })
})
