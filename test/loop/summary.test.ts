import { describe, expect, it } from 'vitest'
import { accuracyOf, answerPerClip } from '../../src/loop/accuracy.ts'
import { summarize } from '../../src/loop/run-report.ts'
import type { InferenceRow } from '../../src/report/report.ts'

const row = (clip: string, label: string, extra: Partial<InferenceRow> = {}): InferenceRow => ({
  clip,
  windowStartS: 0,
  label,
  confidence: 0.9,
  latencyS: 1e-3,
  repeats: 5,
  meanPowerW: 0.1,
  energyJ: 1e-4,
  netEnergyJ: 5e-5,
  provenance: 'measured',
  ...extra,
})

describe('answerPerClip', () => {
  it('prefers the keyword of the highest confidence over quiet windows', () => {
    const rows = [
      row('a', 'unknown', { confidence: 0.99 }),
      row('a', 'yes', { confidence: 0.6 }),
      row('a', 'no', { confidence: 0.7 }),
      row('b', 'silence', { confidence: 0.5 }),
      row('b', 'unknown', { confidence: 0.8 }),
    ]
    expect(answerPerClip(rows, ['unknown', 'silence']).map(({ clip, label }) => [clip, label])).toEqual([
      ['a', 'no'],
      ['b', 'unknown'],
    ])
  })
})

describe('accuracyOf', () => {
  const labels = ['yes', 'no', 'unknown']

  it('counts per class and confusions, and leaves clips without a label out', () => {
    const answers = [
      { clip: '1', label: 'yes', confidence: 1, expected: 'yes' },
      { clip: '2', label: 'no', confidence: 1, expected: 'yes' },
      { clip: '3', label: 'unknown', confidence: 1, expected: 'unknown' },
      { clip: '4', label: 'no', confidence: 1 },
    ]
    const report = accuracyOf(answers, labels, null)!
    expect(report).toMatchObject({ correct: 2, total: 3 })
    expect(report.perClass).toEqual([
      { label: 'yes', correct: 1, total: 2 },
      { label: 'unknown', correct: 1, total: 1 },
    ])
    expect(report.confusion).toEqual([
      [1, 1, 0],
      [0, 0, 0],
      [0, 0, 1],
    ])
  })

  it('is null when no label is known', () => {
    expect(accuracyOf([{ clip: '1', label: 'yes', confidence: 1 }], labels, null)).toBeNull()
  })
})

describe('summarize', () => {
  it('averages energy over complete windows and says how many are not', () => {
    const summary = summarize([
      row('a', 'yes', { energyJ: 1e-4 }),
      row('b', 'yes', { energyJ: 3e-4 }),
      row('c', 'yes', { energyJ: 9e-4, energyReason: '40 samples lost' }),
      row('d', 'yes', { energyJ: null, netEnergyJ: null, provenance: null, energyReason: 'the meter went away' }),
    ])
    expect(summary.energyPerInferenceJ?.mean).toBeCloseTo(2e-4, 12)
    expect(summary.energyPerInferenceJ?.n).toBe(2)
    expect(summary.provenance).toBe('measured')
    expect(summary.energyReason).toBe('2 of 4 inferences have no complete energy figure: 40 samples lost')
  })

  it('never averages figures of different provenance', () => {
    const summary = summarize([row('a', 'yes'), row('b', 'yes', { provenance: 'modelled' })])
    expect(summary).toMatchObject({ energyPerInferenceJ: null, netEnergyPerInferenceJ: null, provenance: null })
    expect(summary.energyReason).toContain('measured, modelled')
  })

  it('has no energy at all without figures', () => {
    const none = { energyJ: null, netEnergyJ: null, meanPowerW: null, provenance: null, energyReason: 'no meter' }
    expect(summarize([row('a', 'yes', none)])).toMatchObject({ energyPerInferenceJ: null, provenance: null, clips: 1 })
  })
})
