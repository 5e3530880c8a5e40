import { describe, expect, it } from 'vitest'
import { studentQuantile } from '../../src/core/student-t.ts'
import { figureInterval } from '../../src/energy/budget.ts'
import { estimateEnergy } from '../../src/energy/estimate.ts'
import { bufferOf, perfect, place, sessionOf } from './support.ts'

describe('energy estimate', () => {
  it('gives gross and net per inference with the interval of Student over the windows', () => {
    const estimate = estimateEnergy(sessionOf([0.1, 0.11, 0.09, 0.1]))
    expect(estimate.verdict).toBe('complete')
    // 100 mW for 200 ms over 10 inferences.
    expect(estimate.gross!.valueJ).toBeCloseTo(2e-3, 9)
    expect(estimate.net!.valueJ).toBeCloseTo(1.8e-3, 9)
    expect(estimate.secondsPerInference).toBeCloseTo(0.02, 12)
    expect(estimate.activePowerW).toBeCloseTo(0.1, 6)
    const deviation = Math.sqrt((2 * 0.2e-3 ** 2) / 3)
    const half = (studentQuantile(0.975, 3) * deviation) / 2
    expect(estimate.gross!.intervalJ![1] - 2e-3).toBeCloseTo(half, 8)
    expect(2e-3 - estimate.gross!.intervalJ![0]).toBeCloseTo(half, 8)
  })

  it('names every source of uncertainty, and gain does not average', () => {
    const instrument = {
      gain: { value: 0.02, source: 'data sheet' },
      supply: { value: 0.01, source: 'data sheet' },
      clock: { value: 100e-6, source: 'crystal' },
      offsetW: { value: 1e-5, source: 'data sheet' },
    }
    const few = estimateEnergy(sessionOf([0.1, 0.1001], { instrument }))
    const many = estimateEnergy(sessionOf(Array(50).fill(0.1), { instrument }))
    expect(many.gross!.budget.map(({ name }) => name)).toEqual([
      'meter gain',
      'supply voltage',
      'clock ratio',
      'meter offset',
      'window edges',
      'repeatability',
    ])
    expect(many.net!.budget.map(({ name }) => name)).toEqual([
      ...many.gross!.budget.map(({ name }) => name),
      'idle level',
      'idle drift',
    ])
    const row = (estimate: typeof few, name: string) => estimate.gross!.budget.find((one) => one.name === name)!
    expect(row(many, 'meter gain').standardUncertaintyJ).toBeCloseTo((0.02 * 2e-3) / Math.sqrt(3), 9)
    expect(row(many, 'meter offset').standardUncertaintyJ).toBeCloseTo((1e-5 * 0.02) / Math.sqrt(3), 12)
    expect(many.gross!.standardUncertaintyJ).toBeGreaterThan((0.02 * 2e-3) / Math.sqrt(3))
    // A noise-free mean still has the whole gain in its interval.
    expect(many.gross!.intervalJ![1] / many.gross!.valueJ - 1).toBeGreaterThan(0.019)
    expect(row(few, 'repeatability').degreesOfFreedom).toBe(1)
  })

  it('counts edges of independent phase once: the scatter of the windows holds them', () => {
    const two = estimateEnergy(sessionOf([0.1, 0.1]))
    const edges = two.gross!.budget.find(({ name }) => name === 'window edges')!
    expect(edges).toMatchObject({ counted: false, averages: true })
    const common = sessionOf([0.1, 0.1])
    const shifted = estimateEnergy({
      ...common,
      windows: common.windows.map((one) => ({ ...one, place: { ...one.place, edges: 'common' as const } })),
    })
    // ±1 ms times the step of 90 mW over 10 inferences, however many windows.
    const row = shifted.gross!.budget.find(({ name }) => name === 'window edges')!
    expect(row).toMatchObject({ counted: true, averages: false })
    expect(row.standardUncertaintyJ).toBeCloseTo((0.001 * 0.09) / 10 / Math.sqrt(3), 9)
  })

  it('states no interval for one window', () => {
    const { gross, verdict } = estimateEnergy(sessionOf([0.1]))
    expect(gross!.valueJ).toBeCloseTo(2e-3, 9)
    expect(gross!.intervalJ).toBeNull()
    expect(verdict).toBe('complete')
  })

  it('bounds what is missing and never fills it in', () => {
    const powerW = Array.from({ length: 500 }, (_, at) => (at >= 150 && at < 152 ? null : 0.1))
    const buffer = bufferOf(powerW)
    const windows = [place(100, 300), place(300, 500)].map((window) => ({
      place: window,
      energy: buffer.window(window.startIndex, window.endIndex),
    }))
    const estimate = estimateEnergy(sessionOf([], { windows, idleBefore: null, idleAfter: null }))
    expect(estimate.verdict).toBe('lower bound')
    expect(estimate.reasons).toEqual(['2 samples lost inside windows'])
    // Two of 400 samples: 1 % less in the first window, half a percent in the mean; each could have held 1 W.
    expect(estimate.gross!.valueJ).toBeCloseTo(2e-3 * 0.995, 9)
    expect(estimate.gross!.missingAtMostJ).toBeCloseTo(2 / 1000 / 10 / 2, 9)
    expect(estimate.gross!.intervalJ![1]).toBeGreaterThan(2e-3)
    expect(estimate.net).toBeNull()
    expect(estimate.netReason).toBe('no idle level was measured')
  })

  it('states no interval where nothing bounds what is missing', () => {
    const session = sessionOf([0.1, 0.1])
    const windows = session.windows.map((one) => ({
      ...one,
      energy: { ...one.energy, lost: 1, verdict: 'lower bound' as const, energyUpperJ: Number.POSITIVE_INFINITY },
    }))
    const { gross } = estimateEnergy({ ...session, windows })
    expect(gross).toMatchObject({ missingAtMostJ: null, intervalJ: null })
    expect(figureInterval(gross!, 0.5)).toBeNull()
    const bounded = estimateEnergy({ ...session, windows, mostPowerW: { value: 0.5, source: 'data sheet' } })
    expect(bounded.gross!.missingAtMostJ).toBeCloseTo(0.5 / 1000 / 10, 9)
    expect(bounded.gross!.intervalJ).not.toBeNull()
    expect(bounded.reasons).toContain('each missing sample is taken to hold at most 500.0 mW: data sheet')
  })

  it.each([
    ['no window', { windows: [] }, 'there is no measuring window'],
    ['an assumed supply', { supplyKnown: false }, 'the supply voltage was assumed, so current is not yet energy'],
  ])('is invalid with %s', (_, change, reason) => {
    const estimate = estimateEnergy(sessionOf([0.1, 0.1], change))
    expect(estimate).toMatchObject({ verdict: 'invalid', reasons: [reason], gross: null, net: null })
  })

  it('is invalid where no window is in the samples, or holds no inference', () => {
    const session = sessionOf([0.1])
    const outside = bufferOf([0.1]).window(5, 9)
    const gone = estimateEnergy({ ...session, windows: [{ place: place(5, 9), energy: outside }] })
    expect(gone.verdict).toBe('invalid')
    expect(gone.reasons[0]).toMatch(/no window is usable: .*samples|after the last/)
    const empty = session.windows.map((one) => ({ ...one, place: { ...one.place, inferences: 0 } }))
    expect(estimateEnergy({ ...session, windows: empty }).reasons[0]).toMatch(/no inference/)
  })

  it('does not call complete what is saturated, shorter than a clock says, or partly unusable', () => {
    const session = sessionOf([0.1, 0.1])
    const [first, second] = session.windows as [(typeof session.windows)[number], (typeof session.windows)[number]]
    const judged = (windows: typeof session.windows) => estimateEnergy({ ...session, windows })
    expect(estimateEnergy({ ...session, saturated: 1 }).reasons).toEqual(["1 sample at the end of the meter's scale"])
    const timer = (durationS: number) => ({ durationS, uncertaintyS: 0.001, clock: "device's timer" })
    expect(judged([{ ...first, expected: timer(0.2) }, second]).verdict).toBe('complete')
    expect(judged([{ ...first, expected: timer(0.21) }, second]).reasons[0]).toMatch(
      /window 1 is 10\.0 ms shorter in samples than by the device's timer/,
    )
    const gone = { ...second, energy: bufferOf([0.1]).window(5, 9) }
    expect(judged([first, gone]).reasons).toEqual(['1 of 2 windows not usable'])
  })

  it("does not call complete a stream that falls behind the host's clock", () => {
    const stream = (hostS: number) =>
      estimateEnergy(sessionOf([0.1, 0.1], { stream: { samples: 10_000, hostS, uncertaintyS: 0.003 } }))
    expect(stream(10.004).verdict).toBe('complete')
    expect(stream(10.02)).toMatchObject({ verdict: 'lower bound' })
    expect(stream(10.02).reasons[0]).toMatch(/20\.0 ms fewer of samples/)
  })

  it('says when idle takes more than the windows', () => {
    const { net, netReason } = estimateEnergy(sessionOf([0.005, 0.005]))
    expect(net!.valueJ).toBeLessThan(0)
    expect(netReason).toMatch(/busier than it looks/)
  })

  it('counts the scatter of the idle level once, and what its drift shows beyond that', () => {
    const level = (meanPowerW: number, spreadW: number) => ({
      meanPowerW,
      spreadW,
      parts: 10,
      interval95W: null,
      durationS: 1,
      verdict: 'complete' as const,
    })
    const rowsOf = (before: number, after: number, spreadW: number) => {
      const idle = { idleBefore: level(before, spreadW), idleAfter: level(after, spreadW) }
      const { budget } = estimateEnergy(sessionOf([0.1, 0.1], idle)).net!
      return ['idle level', 'idle drift'].map((name) => budget.find((row) => row.name === name)!.standardUncertaintyJ)
    }
    // 20 ms an inference; ±1 mW of drift is a rectangle, and a difference that the scatter explains is none.
    expect(rowsOf(0.009, 0.011, 0)[1]).toBeCloseTo((0.001 * 0.02) / Math.sqrt(3), 12)
    expect(rowsOf(0.0099, 0.0101, 0.01)).toEqual([expect.closeTo(((0.01 / Math.sqrt(10)) * 0.02) / Math.SQRT2, 9), 0])
  })

  it('knows that one idle stretch does not show a drift', () => {
    const estimate = estimateEnergy(sessionOf([0.1, 0.1], { idleAfter: null, instrument: perfect }))
    expect(estimate.net!.valueJ).toBeCloseTo(1.8e-3, 9)
    expect(estimate.netReason).toMatch(/one side only/)
  })
})
