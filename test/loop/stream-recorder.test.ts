import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CascadeDecision } from '../../src/loop/cascade.ts'
import type { KeywordEvent } from '../../src/loop/keyword-stream.ts'
import { StreamRecorder } from '../../src/loop/stream-recorder.ts'
import { type StreamStage, streamStages } from '../../src/report/stream-report.ts'

const decision = (at: number, stage: StreamStage, energyJ: number | null = 1): CascadeDecision => ({
  timeS: (at + 1) / 10,
  stage,
  best: null,
  loudness: 10_000 - at,
  macs: 0,
  energyJ,
})
const event = (timeS: number): KeywordEvent => ({ timeS, keyword: 'yes', score: 0.9, latencyS: 0.3, processingS: 0 })

describe('StreamRecorder', () => {
  it('tells what an event took since its sound began', () => {
    const recorder = new StreamRecorder(0.1)
    const stages: readonly StreamStage[] = ['gate', 'large', 'gate', 'small', 'skip', 'large', 'large', 'gate']
    stages.forEach((stage, at) => {
      recorder.look(decision(at, stage, stage === 'large' ? 2e-3 : 1e-3))
      if (at === 6) recorder.heard(event(0.71))
    })
    const { events } = recorder.timeline
    expect(events).toEqual([
      {
        timeS: 0.71,
        keyword: 'yes',
        score: 0.9,
        latencyS: 0.3,
        looks: 4,
        largeLooks: 2,
        energyJ: expect.closeTo(6e-3, 9),
      },
    ])
    expect(recorder.looks).toEqual({ skip: 1, gate: 3, small: 1, early: 0, large: 3 })
  })

  it('knows no energy where one look has none', () => {
    const recorder = new StreamRecorder(0.1)
    recorder.look(decision(0, 'large', null))
    recorder.heard(event(0.1))
    expect(recorder.timeline.events[0]!.energyJ).toBe(null)
    expect(recorder.timeline.bins[0]!.energyJ).toBe(null)
  })

  it('notes changes of mode', () => {
    const recorder = new StreamRecorder(0.1)
    recorder.changed({ timeS: 3, from: 'full', to: 'half rate', creditJ: 1 })
    expect(recorder.timeline.changes).toEqual([{ timeS: 3, from: 'full', to: 'half rate' }])
  })

  it('keeps its size however long the stream is, and loses no look and no energy', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 1, max: 97 }), (looks, seed) => {
        const recorder = new StreamRecorder(0.1)
        for (let at = 0; at < looks; at++) recorder.look(decision(at, streamStages[(at * seed) % streamStages.length]!))
        const { bins, binS } = recorder.timeline
        expect(bins.length).toBeLessThanOrEqual(1440)
        expect(bins.length).toBe(Math.ceil(looks / Math.round(binS / 0.1)))
        const all = bins.reduce((sum, bin) => sum + Object.values(bin.looks).reduce((a, b) => a + b, 0), 0)
        expect(all).toBe(looks)
        expect(bins.reduce((sum, { energyJ }) => sum + energyJ!, 0)).toBe(looks)
        bins.forEach(({ startS, loudness }, at) => {
          expect(startS).toBeCloseTo(at * binS, 6)
          expect(loudness).toBe(10_000 - Math.round(startS / 0.1))
        })
      }),
      { numRuns: 30 },
    )
  })
})
