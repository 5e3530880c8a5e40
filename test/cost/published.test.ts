import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { quantile } from '../../src/core/stats.ts'
import {
  type PublishedGuess,
  type PublishedResult,
  predictPublishedEnergy,
  predictPublishedLatency,
  readPublished,
} from '../../src/cost/published.ts'
import { sharedPath } from '../support/shared.ts'

const row = { v: '1', div: 'closed', org: 'o', sys: 'board', mode: 'energy', uW: 20_000 }

describe('readPublished', () => {
  it('takes results of energy runs once each, by the names of either spelling', () => {
    const rows = [
      { ...row, model: 'ad', ips: 100 },
      { ...row, model: 'ad', ips: 100, v: '2' },
      { ...row, model: 'image_classification', ips: 5 },
      { ...row, model: 'kws', mode: 'performance', ips: 20 },
      { ...row, model: 'kws', mode: 'accuracy', top1: 90 },
    ]
    const results = readPublished(JSON.stringify(rows))
    expect(results.map(({ model, meanPowerW }) => [model, meanPowerW])).toEqual([
      ['ad', 0.02],
      ['ic', 0.02],
    ])
  })

  it('refuses what is no list of results', () => {
    expect(() => readPublished('{}')).toThrow(TypeError)
    expect(() => readPublished('[{"v":1}]')).toThrow(/Not a list of results/)
  })
})

describe('predictions from published results', () => {
  const results = ['ad', 'ic', 'kws'].map((model, index): PublishedResult => {
    return {
      system: 's',
      organisation: 'o',
      model,
      macs: 1e6 * (index + 1),
      inferencesPerS: 30 / (index + 1),
      meanPowerW: 0.05,
    }
  })
  const asked = { system: 's', organisation: 'o', model: 'vww', macs: 5e6, inferencesPerS: 6 }

  it('are mean power times latency where all powers are equal, and MACs by rate', () => {
    expect(predictPublishedEnergy(results, asked)!.value).toBeCloseTo(0.05 / 6, 4)
    expect(predictPublishedLatency(results, asked)!.value).toBeCloseTo(5e6 / 30e6, 2)
  })

  it('never look at the result that they predict', () => {
    const leak = { ...asked, meanPowerW: 9 }
    expect(predictPublishedEnergy([...results, leak], asked)).toEqual(predictPublishedEnergy(results, asked))
  })

  it('are null for a system without other results', () => {
    expect(predictPublishedEnergy(results, { ...asked, system: 'other' })).toBeNull()
    expect(predictPublishedLatency([], asked)).toBeNull()
  })
})

const published = sharedPath('data/mlperf-tiny/results-v1.0-v1.2.json')
describe.runIf(published !== null)('MLPerf Tiny 1.0 to 1.2, each model from the others of its board', () => {
  it('beats the mean power of the board: median 3.3 %, p90 13 %, intervals that hold 85 to 95 %', () => {
    const text = readFileSync(published!, 'utf8')
    const results = readPublished(text).filter(({ meanPowerW }) => meanPowerW !== null)
    const rows = results.flatMap((held) => {
      const guess = predictPublishedEnergy(
        results.filter((one) => one !== held),
        held,
      )
      return guess ? [{ guess, truth: held.meanPowerW! / held.inferencesPerS }] : []
    })
    const errorOf = ({ guess, truth }: { readonly guess: PublishedGuess; readonly truth: number }) =>
      Math.abs(guess.value / truth - 1)
    const errors = rows.map(errorOf)
    const held = rows.filter(({ guess, truth }) => truth >= guess.low90 && truth <= guess.high90).length / rows.length
    expect(rows).toHaveLength(72)
    expect(quantile(errors, 0.5)).toBeLessThanOrEqual(0.033)
    expect(quantile(errors, 0.9)).toBeLessThanOrEqual(0.13)
    expect(held).toBeGreaterThanOrEqual(0.85)
    expect(held).toBeLessThanOrEqual(0.95)
  })
})
