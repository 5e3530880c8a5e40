import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  chooseThresholds,
  guarded,
  type KeywordCurve,
  keywordCurves,
  type ScoreTrace,
  thresholdGrid,
} from '../../../src/audio/stream/thresholds.ts'

const last = thresholdGrid.length - 1

/** A curve as thresholds make one: alarms fall, misses rise. */
const curve = fc
  .tuple(fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }), fc.array(fc.nat(5), { minLength: 4, maxLength: 4 }))
  .map(([drops, rises]): KeywordCurve => {
    const step = (place: number) => Math.min(3, Math.floor((4 * place) / last))
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
    return {
      keyword: 'x',
      falseAlarms: thresholdGrid.map((_, place) => sum(drops.slice(step(place) + 1))),
      missed: thresholdGrid.map((_, place) => sum(rises.slice(0, step(place)))),
    }
  })

describe('chooseThresholds', () => {
  it('finds the fewest misses within the alarms, as trying all ways does', () => {
    fc.assert(
      fc.property(curve, curve, fc.nat(8), (first, second, most) => {
        const choice = chooseThresholds([first, second], most)
        let least = Number.POSITIVE_INFINITY
        for (let a = 0; a <= last; a++)
          for (let b = 0; b <= last; b++)
            if (first.falseAlarms[a]! + second.falseAlarms[b]! <= most)
              least = Math.min(least, first.missed[a]! + second.missed[b]!)
        expect(choice.missed).toBe(least)
        expect(choice.falseAlarms).toBeLessThanOrEqual(most)
      }),
      { numRuns: 60 },
    )
  })

  it('takes the end of the grid where even that makes too many alarms', () => {
    const noisy = { keyword: 'x', falseAlarms: thresholdGrid.map(() => 5), missed: thresholdGrid.map(() => 0) }
    expect(chooseThresholds([noisy], 1)).toEqual({ places: [last], falseAlarms: 5, missed: 0 })
  })
})

describe('guarded', () => {
  it('keeps thresholds 0.03 above those that just do', () => {
    fc.assert(
      fc.property(curve, fc.nat(4), (one, most) => {
        const [bold, careful] = [one, guarded(one)].map((each) => chooseThresholds([each], most).places[0]!)
        expect(careful).toBeGreaterThanOrEqual(Math.min(last, bold!))
        if (careful! < last) expect(one.falseAlarms[careful! - 3] ?? one.falseAlarms[0]!).toBeLessThanOrEqual(most)
      }),
      { numRuns: 50 },
    )
  })
})

describe('keywordCurves', () => {
  const labels = ['yes', 'other']
  const trace = (scores: readonly number[], words: ScoreTrace['words'] = []): ScoreTrace => ({
    condition: 'clean',
    smoothed: Float32Array.from(scores.flatMap((score) => [score, 1 - score])),
    stepS: 0.1,
    startS: 0.1,
    words,
  })
  const at = (values: readonly number[], threshold: number) => values[thresholdGrid.findIndex((t) => t >= threshold)]

  it('counts upward crossings outside the hold-off, and words whose peak stays below', () => {
    const quiet = trace([0.5, 0.8, 0.5, 0.9, ...new Array(10).fill(0), 0.7])
    const word = { keyword: 'yes', startS: 0.2, endS: 0.3 }
    const spoken = trace([0, 0.1, 0.75, 0.2], [word, { ...word, startS: 9, endS: 9.5 }])
    const [found] = keywordCurves(labels, ['yes'], [quiet], [spoken], 1)
    expect([at(found!.falseAlarms, 0.6), at(found!.falseAlarms, 0.75), at(found!.falseAlarms, 0.95)]).toEqual([2, 1, 0])
    expect([at(found!.missed, 0.6), at(found!.missed, 0.9)]).toEqual([1, 2])
  })
})
