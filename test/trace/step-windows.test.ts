import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SampleEvent } from '../../src/trace/samples.ts'
import { StepSurvey } from '../../src/trace/step-survey.ts'
import { findSteps } from '../../src/trace/step-windows.ts'
import { block } from './support.ts'

/** Windows of one second at 50 mW between pauses of half a second at 10 mW, at 1 kHz. */
const powers = [
  ...Array(500).fill(0.01),
  ...[1, 2, 3].flatMap(() => [...Array(1000).fill(0.05), ...Array(500).fill(0.01)]),
]

/** The trace from index 11 on, in blocks of these sizes in turn; samples in `lost` do not come. */
function eventsOf(sizes: readonly number[], lost: (at: number) => boolean = () => false) {
  return async function* (): AsyncGenerator<SampleEvent> {
    for (let at = 0, turn = 0; at < powers.length; turn++) {
      let end = at
      const isGap = lost(at)
      while (end < powers.length && lost(end) === isGap && end - at < sizes[turn % sizes.length]!) end++
      yield isGap
        ? { kind: 'gap', firstIndex: 11 + at, count: end - at }
        : block(11 + at, powers.slice(at, end) as number[])
      at = end
    }
  }
}

describe('steps in a trace that goes by', () => {
  it('are the same whatever the blocks, with the energy between their edges', async () => {
    const whole = await findSteps(eventsOf([1e9]), 1000)
    expect(whole.windows).toMatchObject([
      { startIndex: 511, endIndex: 1511, noiseShare: expect.closeTo(0, 5) },
      { startIndex: 2011, endIndex: 3011 },
      { startIndex: 3511, endIndex: 4511 },
    ])
    for (const { energy } of whole.windows!) {
      expect(energy).toMatchObject({ verdict: 'complete', lost: 0, durationS: 1 })
      expect(energy.energyJ).toBeCloseTo(0.05, 8)
    }
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 5 }), async (sizes) => {
        const cut = await findSteps(eventsOf(sizes), 1000)
        expect(cut.windows!.map(({ startIndex, endIndex, energy }) => [startIndex, endIndex, energy.received])).toEqual(
          whole.windows!.map(({ startIndex, endIndex, energy }) => [startIndex, endIndex, energy.received]),
        )
      }),
      { numRuns: 40 },
    )
  })

  it('count what was lost and what was no reading', async () => {
    const withGap = await findSteps(
      eventsOf([70], (at) => at >= 800 && at < 830),
      1000,
    )
    expect(withGap.windows![0]!.energy).toMatchObject({ lost: 30, invalid: 0, verdict: 'lower bound' })
    async function* withNan(): AsyncGenerator<SampleEvent> {
      const values = powers.with(505, Number.NaN).with(1000, Number.NaN) as number[]
      yield block(0, values)
    }
    const invalid = await findSteps(withNan, 1000)
    expect(invalid.windows![0]!.energy).toMatchObject({ lost: 0, invalid: 2, verdict: 'lower bound' })
  })

  it('are refused for unequal lengths, and in a trace without end', async () => {
    async function* unequal(): AsyncGenerator<SampleEvent> {
      yield block(0, [...powers, ...Array(700).fill(0.05), ...Array(500).fill(0.01)])
    }
    expect(await findSteps(unequal, 1000)).toMatchObject({
      windows: null,
      reason: 'the stretches found last 0.700 to 1.00 s: that is not the same work each time',
    })
    const survey = new StepSurvey(1000)
    survey.push(block(0, [1]))
    survey.push({ kind: 'gap', firstIndex: 1, count: 1e12 })
    survey.push(block(1e12 + 1, [2]))
    expect(survey.steps()).toEqual({ reason: 'the trace is too long to look for steps as short as this' })
  })
})
