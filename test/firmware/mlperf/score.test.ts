import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readLabels } from '../../../src/firmware/mlperf/labels.ts'
import { areaUnderCurve, meanAreaUnderCurve, throughputScore, topOne } from '../../../src/firmware/mlperf/score.ts'

describe('scores', () => {
  it('take the median throughput, and say why the rules would not accept it', () => {
    const window = (durationS: number) => ({ iterations: 100, durationS, inferencesPerS: 100 / durationS })
    const five = [10, 11, 12, 13, 14].map(window)
    expect(throughputScore(five)).toMatchObject({ inferencesPerS: 100 / 12, valid: true })
    expect(throughputScore([...five.slice(0, 3), window(9)])).toMatchObject({
      valid: false,
      reasons: ['4 windows instead of 5', '1 windows shorter than 10 s'],
    })
  })

  it('count the first of equal best classes', () => {
    const inputs = [
      { label: 0, scores: [0.5, 0.5] },
      { label: 1, scores: [0.5, 0.5] },
      { label: 1, scores: [0.1, 0.9] },
    ]
    expect(topOne(inputs)).toBeCloseTo(2 / 3, 12)
  })

  it('give the area under the curve that counting all pairs gives', () => {
    const input = fc.record({ isPositive: fc.boolean(), score: fc.integer({ min: 0, max: 6 }) })
    fc.assert(
      fc.property(fc.array(input, { maxLength: 30 }), (inputs) => {
        const yes = inputs.filter(({ isPositive }) => isPositive)
        const no = inputs.filter(({ isPositive }) => !isPositive)
        const pairs = yes.flatMap((a) => no.map((b) => (a.score > b.score ? 1 : a.score === b.score ? 0.5 : 0)))
        const area = areaUnderCurve(inputs)
        if (pairs.length === 0) expect(area).toBeNull()
        else expect(area).toBeCloseTo(pairs.reduce((sum: number, pair) => sum + pair, 0) / pairs.length, 12)
      }),
    )
  })

  it('take the mean area over classes, each against the rest', () => {
    const inputs = [0, 1, 2].map((label) => ({ label, scores: [0, 1, 2].map((at) => (at === label ? 1 : 0)) }))
    expect(meanAreaUnderCurve(inputs)).toBe(1)
    expect(meanAreaUnderCurve(inputs.slice(1))).toBeNull()
  })
})

describe('labels', () => {
  it('are read with and without windows', () => {
    expect(readLabels('a.bin,12,3\r\nb.bin,2,1,2560,512\n\n', 'y')).toEqual([
      { file: 'a.bin', classes: 12, label: 3, windows: null },
      { file: 'b.bin', classes: 2, label: 1, windows: { bytes: 2560, stride: 512 } },
    ])
  })

  it.each([
    ['a.bin,12', 'Line 1: it has not 3 or 5 fields.'],
    ['a.bin,12,3\na.bin,12,12', 'Line 2: there is no class 12 of 12.'],
    ['a.bin,12,x', 'Line 1: classes and class must be integers.'],
    ['a.bin,2,1,0,512', 'Line 1: bytes and stride must be above 0.'],
  ])('name the line that is wrong: %s', (text, expected) => {
    expect(() => readLabels(text, 'y_labels.csv')).toThrow(expected)
  })
})
