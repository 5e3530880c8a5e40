import { describe, expect, it } from 'vitest'
import { compareTraces } from '../../src/trace/compare.ts'
import type { TraceInspection } from '../../src/trace/inspect.ts'

/** An inspection with windows of these energies per inference in microjoules. */
function inspected(energiesUj: readonly number[], more: Partial<TraceInspection> = {}): TraceInspection {
  const window = {
    label: '',
    startS: 0,
    endS: 10,
    inferences: 1,
    meanPowerW: 1,
    lost: 0,
    verdict: 'complete' as const,
    reason: null,
    publishedJ: null,
    againstPublished: null,
  }
  return {
    path: 'a',
    format: 'capture',
    provenance: 'replayed',
    sampleRateHz: 1000,
    samples: 1,
    lost: 0,
    invalid: 0,
    largestGapS: 0,
    durationS: 60,
    startedAt: null,
    supplyV: 3,
    meter: { model: 'm' },
    minPowerW: 0,
    meanPowerW: 0.02,
    maxPowerW: 1,
    energyJ: 1.2,
    windowMethod: 'test',
    windows: energiesUj.map((energy) => ({ ...window, energyJ: energy * 1e-6, energyPerInferenceJ: energy * 1e-6 })),
    medianEnergyPerInferenceJ: null,
    publishedMedianEnergyPerInferenceJ: null,
    verdict: 'complete',
    reasons: [],
    notes: [],
    ...more,
  }
}

describe('compareTraces', () => {
  it('finds a change that is larger than the spread of the windows', () => {
    const { energyPerInferenceJ, statement } = compareTraces(
      inspected([656.2, 656.1, 656.1, 656.3, 656.3]),
      inspected([664.5, 664.3, 664.2, 664.4, 664.5]),
    )
    expect(energyPerInferenceJ.change).toBeCloseTo(8.18 / 656.2, 5)
    // Welch's t: standard errors 0.0447 and 0.0583 µJ, 7.5 degrees of freedom, t 2.365.
    expect(energyPerInferenceJ.changeInterval95![1] - energyPerInferenceJ.changeInterval95![0]).toBeCloseTo(
      (2 * 2.333 * 0.0735) / 656.2,
      5,
    )
    expect(statement).toMatch(/^B takes more energy per inference than A: \+1\.25 %/)
  })

  it('does not find one that is smaller', () => {
    expect(compareTraces(inspected([10, 11, 9]), inspected([10.2, 9.5, 10.9])).statement).toMatch(/^No difference/)
  })

  it('compares no figures of different provenance, nor windows without counts', () => {
    const mixed = compareTraces(inspected([1, 2]), inspected([1, 2], { provenance: 'emulated' }))
    expect([mixed.energyJ.change, mixed.energyPerInferenceJ.changeInterval95]).toEqual([null, null])
    expect(compareTraces(inspected([]), inspected([1, 2])).statement).toMatch(/not compared/)
    expect(compareTraces(inspected([1]), inspected([2])).statement).toMatch(/nothing can be said of its spread/)
  })

  it('states what the interval does not hold', () => {
    const { caveats } = compareTraces(
      inspected([1, 2]),
      inspected([1, 2], {
        meter: { model: 'n' },
        supplyV: 1.8,
        sampleRateHz: 1,
        verdict: 'lower bound',
        reasons: ['cut'],
      }),
    )
    expect(caveats.join('; ')).toMatch(/different meters.*3 V and 1.8 V.*1000 Hz and 1 Hz.*B is lower bound: cut/)
  })
})
