import { describe, expect, it } from 'vitest'
import { officialScore, officialWindow } from '../../src/energy/official.ts'

describe('the rule of MLPerf Tiny', () => {
  const samples = Float32Array.from({ length: 100 }, (_, at) => at)

  it('sums from the second-last event up to the last', () => {
    const window = officialWindow(samples, 1000, [3, 10, 20], 5)!
    // 10 + 11 + ... + 19
    expect(window).toEqual({
      startS: 0.01,
      endS: 0.02,
      energyJ: 145,
      energyPerInferenceJ: 29,
      meanPowerW: expect.closeTo(14_500, 6),
    })
  })

  it('rounds event times to samples', () => {
    expect(officialWindow(samples, 1000, [9.6, 20.4], 1)!.energyJ).toBe(145)
  })

  it('gives nothing where the window is not there', () => {
    for (const [events, inferences] of [
      [[3], 1],
      [[20, 10], 1],
      [[90, 101], 1],
      [[-2, 10], 1],
      [[1, 2], 0],
    ] as const)
      expect(officialWindow(samples, 1000, [...events], inferences)).toBeNull()
  })

  it('scores the median and says what the rules would not accept', () => {
    const windows = [3, 1, 2, 5, 4].map((energyPerInferenceJ) => ({ energyPerInferenceJ, durationS: 11 }))
    expect(officialScore(windows)).toMatchObject({ energyPerInferenceJ: 3, valid: true, reasons: [] })
    expect(officialScore([{ energyPerInferenceJ: 7, durationS: 9.9 }])).toMatchObject({
      energyPerInferenceJ: 7,
      valid: false,
      reasons: ['1 windows instead of 5', '1 windows shorter than 10 s'],
    })
  })
})
