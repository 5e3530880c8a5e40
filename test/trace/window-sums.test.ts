import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChannelWindows } from '../../src/trace/channel-windows.ts'
import { PowerBuffer } from '../../src/trace/power-buffer.ts'
import type { SampleEvent } from '../../src/trace/samples.ts'
import { WindowSums } from '../../src/trace/window-sums.ts'
import { block, ManualClock } from './support.ts'

const rate = 100

/** A stream with gaps, samples that are no readings, and levels on channels 0 and 1. */
const streams = fc
  .array(
    fc.record({
      lost: fc.nat(8),
      powerW: fc.array(fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 1000 }) }, fc.constant(Number.NaN)), {
        minLength: 1,
        maxLength: 30,
      }),
      level: fc.nat(1),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((runs) => {
    const events: SampleEvent[] = []
    let index = 5
    for (const [at, { lost, powerW, level }] of runs.entries()) {
      if (at > 0 && lost > 0) events.push({ kind: 'gap', firstIndex: index, count: lost })
      index += at > 0 ? lost : 0
      events.push(
        block(
          index,
          powerW,
          powerW.map(() => level),
        ),
      )
      index += powerW.length
    }
    return { events, end: index }
  })

describe('WindowSums', () => {
  it('calls a window without length invalid', () => {
    const sums = new WindowSums([{ startIndex: 9, endIndex: 7 }], rate)
    sums.push(block(5, [1, 1, 1, 1, 1]))
    expect(sums.results()).toMatchObject([{ verdict: 'invalid', reason: 'the window has no length' }])
  })

  it('gives what a power buffer gives, for any windows, cut samples and gaps', () => {
    const windows = fc.array(
      fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(streams, windows, ({ events, end }, shares) => {
        const borders = shares
          .map(([a, b]) => ({ startIndex: 5 + Math.min(a, b) * (end - 5), endIndex: 5 + Math.max(a, b) * (end - 5) }))
          .filter(({ startIndex, endIndex }) => endIndex - startIndex > 1e-3)
        const sums = new WindowSums(borders, rate)
        const buffer = new PowerBuffer({ sampleRateHz: rate, clock: new ManualClock() })
        for (const event of events) {
          sums.push(event)
          buffer.push(event)
        }
        buffer.end()
        sums.results().forEach((result, at) => {
          const { startIndex, endIndex } = borders[at]!
          const expected = buffer.window(startIndex, endIndex)
          for (const key of ['energyJ', 'received', 'lost', 'invalid'] as const)
            expect(result[key]).toBeCloseTo(expected[key], 6)
          // Beside whole samples a rounding error may tip the scale at exactly one half.
          if (Math.abs(expected.lost + expected.invalid - (endIndex - startIndex) / 2) > 1e-6)
            expect(result.verdict).toBe(expected.verdict)
        })
      }),
    )
  })

  it('counts what lies beyond the trace as lost', () => {
    const sums = new WindowSums([{ startIndex: 8, endIndex: 12 }], rate)
    sums.push(block(0, Array(10).fill(1)))
    expect(sums.results()[0]).toMatchObject({ lost: 2, received: 2, verdict: 'lower bound', energyJ: 0.02 })
  })
})

describe('ChannelWindows', () => {
  const found = (events: readonly SampleEvent[], channel?: number) => {
    const channels = new ChannelWindows(rate)
    for (const event of events) channels.push(event)
    const { method, count, at } = channels.windows(channel)
    const all = Array.from({ length: count }, (_, number) => at(number))
    return { method, windows: all.map(({ window }) => window), energies: all.map(({ energy }) => energy) }
  }

  it('are the stretches from the first high sample to the first low one, whatever the blocks', () => {
    fc.assert(
      fc.property(streams, ({ events }) => {
        const levels: [number, number][] = []
        for (const event of events) {
          if (event.kind === 'gap') continue
          for (const [at, level] of event.digital.entries()) levels.push([event.firstIndex + at, level & 1])
        }
        const rises = levels.flatMap(([index, level], at) =>
          at > 0 && level === 1 && levels[at - 1]![1] === 0 ? [index] : [],
        )
        const expected = rises.flatMap((rise) => {
          const fall = levels.find(([index, level]) => index > rise && level === 0)
          return fall ? [[rise, fall[0]]] : []
        })
        expect(found(events, 0).windows.map(({ startIndex, endIndex }) => [startIndex, endIndex])).toEqual(expected)
      }),
    )
  })

  it('count lost samples within a window, and none where the level was high from the start or to the end', () => {
    const events: SampleEvent[] = [
      block(0, [9, 1], [1, 0]),
      block(2, [2, 2], [1, 1]),
      { kind: 'gap', firstIndex: 4, count: 3 },
      block(7, [2, Number.NaN, 1, 5], [1, 1, 0, 1]),
    ]
    const { windows, energies, method } = found(events)
    expect(method).toBe('high levels of digital channel 0')
    expect(windows).toMatchObject([{ startIndex: 2, endIndex: 9, inferences: null }])
    expect(energies[0]).toMatchObject({ lost: 3, invalid: 1, received: 3, verdict: 'invalid' })
  })

  it('of several channels need a choice', () => {
    const events = [block(0, [1, 1, 1], [0, 3, 0])]
    expect(found(events)).toMatchObject({
      windows: [],
      method: expect.stringContaining('channels 0, 1 all draw windows'),
    })
    expect(found(events, 1).windows).toHaveLength(1)
    expect(found(events, 7)).toMatchObject({ windows: [], method: 'none: channel 7 draws no window' })
  })
})
