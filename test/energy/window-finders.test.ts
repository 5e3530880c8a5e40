import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../../src/core/random.ts'
import { windowsFromSteps } from '../../src/energy/find-steps.ts'
import { bestWindows, windowsFromEvents, windowsFromLaps, windowsFromLevels } from '../../src/energy/window-finders.ts'
import { bufferOf } from './support.ts'

const borders = (found: ReturnType<typeof windowsFromEvents>) =>
  found.windows?.map(({ startIndex, endIndex }) => [startIndex, endIndex])

describe('windows from a marker line', () => {
  it('are the stretches in which it was high', () => {
    const digital = [0, 1, 1, 0, 0, 1, 0, 1]
    const edges = bufferOf(digital, digital).edges(0, 0, 8)
    const found = windowsFromLevels(edges, 0, 1000, 5)
    expect(borders(found)).toEqual([
      [1, 3],
      [5, 6],
    ])
    expect(found.windows![0]).toMatchObject({ method: 'marker edges', edgeUncertaintyS: 0.0005, inferences: 5 })
  })

  it('are less sure where samples were lost before an edge', () => {
    const edges = bufferOf([0, null, null, 1, 0], [0, 0, 0, 1, 0]).edges(0, 0, 5)
    expect(windowsFromLevels(edges, 0, 1000, 1).windows![0]!.edgeUncertaintyS).toBeCloseTo(0.0025, 9)
  })

  it('are none where nothing toggled', () => {
    expect(windowsFromLevels([], 3, 1000, 1)).toEqual({
      windows: null,
      reason: 'digital channel 3 never went high and low again',
    })
  })
})

describe('windows from an event line', () => {
  it('pair pulses from the end, so that one at boot is left over', () => {
    expect(borders(windowsFromEvents([19, 2730, 14_285, 16_112, 27_665], 1000, 400))).toEqual([
      [2730, 14_285],
      [16_112, 27_665],
    ])
    expect(borders(windowsFromEvents([2730, 14_285], 1000, 400))).toEqual([[2730, 14_285]])
  })

  it('are none for too few pulses or for pulses out of order', () => {
    expect(windowsFromEvents([5], 1000, 1)).toMatchObject({ windows: null, reason: expect.stringMatching(/1 pulses/) })
    expect(windowsFromEvents([5, 4], 1000, 1)).toMatchObject({ windows: null })
  })
})

describe('windows from device laps', () => {
  const point = (deviceS: number, index: number, uncertaintyS = 0) => ({ deviceS, index, uncertaintyS })

  it('go through both clock points, whatever the crystals', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -200e-6, max: 200e-6, noNaN: true }),
        fc.double({ min: -100, max: 100, noNaN: true }),
        (ppm, offsetS) => {
          const index = (deviceS: number) => (deviceS - offsetS) * 1000 * (1 + ppm)
          const points = [point(offsetS + 1, index(offsetS + 1)), point(offsetS + 90, index(offsetS + 90))] as const
          const lap = { startS: offsetS + 20, endS: offsetS + 32, inferences: 400 }
          const [found] = windowsFromLaps([lap], points, 1000).windows!
          expect(found!.startIndex).toBeCloseTo(index(lap.startS), 5)
          expect(found!.endIndex).toBeCloseTo(index(lap.endS), 5)
        },
      ),
    )
  })

  it('are as sure as the points between them, and less beyond', () => {
    const points = [point(0, 0, 0.001), point(10, 10_000, 0.001)] as const
    const unsure = (startS: number, endS: number) =>
      windowsFromLaps([{ startS, endS, inferences: 1 }], points, 1000).windows![0]!.edgeUncertaintyS
    expect(unsure(2, 8)).toBeCloseTo(0.001, 12)
    expect(unsure(2, 20)).toBeCloseTo(0.003, 12)
  })

  it('are none where the clocks cannot belong together', () => {
    const lap = { startS: 1, endS: 2, inferences: 1 }
    expect(windowsFromLaps([], [point(0, 0), point(1, 1000)], 1000)).toMatchObject({ windows: null })
    expect(windowsFromLaps([lap], [point(1, 0), point(1, 1000)], 1000)).toMatchObject({ windows: null })
    expect(windowsFromLaps([lap], [point(0, 0), point(10, 10_100)], 1000)).toMatchObject({
      reason: 'the clocks differ by 10000 ppm, more than two crystals can',
    })
  })
})

describe('windows from steps in the power', () => {
  const options = { sampleRateHz: 1000, inferences: 10 }
  const trace = (noise: number, lengths = [1000, 1000, 1000], low = 0.01) => {
    const next = random(3)
    const values = lengths.flatMap((length) => [...Array(500).fill(low), ...Array(length).fill(0.05)])
    return Float32Array.from([...values, ...Array(500).fill(low)], (value) => value + noise * next.normal())
  }

  it('lie where the power changes', () => {
    expect(borders(windowsFromSteps(trace(0), options))).toEqual([
      [500, 1500],
      [2000, 3000],
      [3500, 4500],
    ])
  })

  it('stay within their stated uncertainty under noise', () => {
    const { windows } = windowsFromSteps(trace(0.01), options)
    expect(windows).toHaveLength(3)
    for (const [at, window] of windows!.entries()) {
      const allowed = window.edgeUncertaintyS * 1000 + 2
      expect(Math.abs(window.startIndex - (500 + 1500 * at))).toBeLessThanOrEqual(allowed)
      expect(Math.abs(window.endIndex - (1500 + 1500 * at))).toBeLessThanOrEqual(allowed)
    }
  })

  it('leave gaps in the samples out', () => {
    const powerW = trace(0)
    powerW.fill(Number.NaN, 700, 900)
    expect(borders(windowsFromSteps(powerW, options))![0]).toEqual([500, 1500])
  })

  it('are none without two levels, without a whole stretch, or for unequal work', () => {
    expect(
      windowsFromSteps(
        Float32Array.from({ length: 5000 }, () => 0.01),
        options,
      ).windows,
    ).toBeNull()
    expect(windowsFromSteps(trace(0.05), options).windows).toBeNull()
    expect(windowsFromSteps(new Float32Array(0), options).windows).toBeNull()
    expect(windowsFromSteps(trace(0).subarray(600, 1900), options)).toMatchObject({
      reason: 'no step up with a step down after it',
    })
    expect(windowsFromSteps(trace(0, [1000, 1200]), options)).toMatchObject({
      reason: expect.stringMatching(/last 1.00 to 1.20 s: that is not the same work/),
    })
    expect(windowsFromSteps(trace(0), { ...options, durationS: 2 })).toMatchObject({
      reason: expect.stringMatching(/the device's timer says 2.00 s/),
    })
  })
})

describe('the best windows', () => {
  it('come from the most trusted way that gives any, with the reasons of the others', () => {
    const found = bestWindows({
      'found steps': () => windowsFromSteps(new Float32Array(0), { sampleRateHz: 1000, inferences: 1 }),
      'event line': () => windowsFromEvents([1, 2], 1000, 1),
      'marker edges': () => windowsFromLevels([], 0, 1000, 1),
    })
    expect(found.windows![0]!.method).toBe('event line')
    expect(found).toMatchObject({ passedOver: ['marker edges: digital channel 0 never went high and low again'] })
  })

  it('are none with every reason', () => {
    expect(bestWindows({})).toEqual({ windows: null, reason: 'nothing to line windows up by' })
    expect(bestWindows({ 'event line': () => windowsFromEvents([], 1, 1) })).toMatchObject({
      reason: 'event line: the event line saw 0 pulses, a window needs two',
    })
  })
})
