import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PowerBuffer } from '../../src/trace/power-buffer.ts'
import { SampleRing } from '../../src/trace/sample-ring.ts'
import type { SampleEvent } from '../../src/trace/samples.ts'
import { block, ManualClock } from './support.ts'

const rate = 1000

function buffer(keepS = 20, maxPowerW?: number) {
  const clock = new ManualClock()
  const options = { sampleRateHz: rate, clock, keepS }
  return { clock, buffer: new PowerBuffer(maxPowerW === undefined ? options : { ...options, maxPowerW }) }
}

/** Samples as a meter could take them: watts, `null` lost, NaN invalid. */
const sample = fc.oneof(
  { weight: 8, arbitrary: fc.float({ min: 0, max: 1, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
  { weight: 1, arbitrary: fc.constant(null) },
)

/** Splits samples into events, at most `size` a block. */
function events(samples: readonly (number | null)[], size: number, first = 0): SampleEvent[] {
  const list: SampleEvent[] = []
  let at = 0
  while (at < samples.length) {
    let to = at + 1
    while (to < samples.length && to - at < size && (samples[to] === null) === (samples[at] === null)) to++
    const part = samples.slice(at, to)
    if (part[0] === null) list.push({ kind: 'gap', firstIndex: first + at, count: part.length })
    else list.push(block(first + at, part as number[]))
    at = to
  }
  return list
}

/** The window by the definition: each sample weighted by its overlap. */
function direct(samples: readonly (number | null)[], start: number, end: number) {
  let [energyJ, received, lost, invalid] = [0, 0, 0, 0]
  samples.forEach((value, i) => {
    const weight = Math.max(0, Math.min(end, i + 1) - Math.max(start, i))
    if (value === null) lost += weight
    else if (Number.isNaN(value)) invalid += weight
    else {
      energyJ += (weight * value) / rate
      received += weight
    }
  })
  return { energyJ, received, lost, invalid }
}

describe('window', () => {
  test('equals the direct sum, for any blocks, gaps, invalid samples and fractional edges', () => {
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 2, maxLength: 300 }),
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (samples, size, a, b) => {
          const { buffer: power } = buffer()
          for (const event of events(samples, size)) power.push(event)
          const start = Math.min(a, b) * samples.length
          const end = Math.max(a, b) * samples.length
          fc.pre(end > start)
          const window = power.window(start, end)
          const truth = direct(samples, start, end)
          expect(window.energyJ).toBeCloseTo(truth.energyJ, 9)
          expect(window.lost).toBeCloseTo(truth.lost, 6)
          expect(window.invalid).toBeCloseTo(truth.invalid, 6)
          expect(window.received).toBeCloseTo(truth.received, 6)
          expect(window.received + window.lost + window.invalid).toBeCloseTo(end - start, 6)
          expect(window.energyUpperJ).toBeGreaterThanOrEqual(window.energyJ)
        },
      ),
    )
  })

  test('adds up over any split', () => {
    const share = fc.double({ min: 0.01, max: 0.99, noNaN: true })
    fc.assert(
      fc.property(fc.array(sample, { minLength: 3, maxLength: 200 }), share, (samples, at) => {
        const { buffer: power } = buffer()
        for (const event of events(samples, 7)) power.push(event)
        const middle = at * samples.length
        const [left, right] = [power.window(0, middle), power.window(middle, samples.length)]
        const whole = power.window(0, samples.length)
        expect(left.energyJ + right.energyJ).toBeCloseTo(whole.energyJ, 9)
        expect(left.lost + right.lost).toBeCloseTo(whole.lost, 6)
      }),
    )
  })

  test('keeps the last seconds only, and integrates them right after many turns', () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 150, maxLength: 400 }), (samples) => {
        const { buffer: power } = buffer(0.1)
        for (const event of events(samples, 37, 5000)) power.push(event)
        const end = 5000 + samples.length
        expect(power.endIndex).toBe(end)
        expect(power.startIndex).toBe(end - 100)
        const truth = direct(samples, samples.length - 100, samples.length)
        expect(power.window(end - 100, end).energyJ).toBeCloseTo(truth.energyJ, 9)
        expect(power.window(end - 100, end).lost).toBeCloseTo(truth.lost, 9)
        expect(power.window(end - 101, end)).toMatchObject({ verdict: 'invalid', energyJ: Number.NaN })
      }),
    )
  })

  test('says complete, lower bound or invalid', () => {
    const { buffer: power } = buffer(20, 5)
    power.push(block(0, Array(100).fill(0.01)))
    power.push({ kind: 'gap', firstIndex: 100, count: 10 })
    power.push(block(110, Array(90).fill(0.01)))
    expect(power.window(0, 100)).toMatchObject({ verdict: 'complete', reason: null })
    const window = power.window(0, 200)
    expect(window).toMatchObject({ verdict: 'lower bound', lost: 10, received: 190 })
    expect(window.energyJ).toBeCloseTo(0.19 * 0.01, 9)
    expect(window.energyUpperJ).toBeCloseTo(0.19 * 0.01 + 0.01 * 5, 9)
    expect(window.meanPowerW).toBeCloseTo(0.01, 9)
    expect(window.reason).toContain('10 samples lost')
    expect(power.window(96, 111)).toMatchObject({ verdict: 'invalid' })
    expect(power.window(100, 110).meanPowerW).toBeNaN()
  })

  test('refuses windows without length, beyond either end, or of NaN', () => {
    const { buffer: power } = buffer()
    power.push(block(0, [1, 1, 1]))
    for (const [start, end] of [
      [1, 1],
      [2, 1],
      [-1, 2],
      [0, 4],
      [9, 10],
      [Number.NaN, 2],
      [0, Number.NaN],
    ] as const) {
      expect(power.window(start, end)).toMatchObject({ verdict: 'invalid', received: 0 })
      expect(power.window(start, end).reason).not.toBeNull()
    }
  })

  test('after the stream ended the missing tail counts as lost', () => {
    const { buffer: power } = buffer()
    power.push(block(0, Array(90).fill(2)))
    power.end()
    expect(power.window(0, 100)).toMatchObject({ verdict: 'lower bound', lost: 10, received: 90 })
    expect(power.window(80, 200)).toMatchObject({ verdict: 'invalid', lost: 110 })
  })

  test('one infinite or absurd reading does not spoil what follows', () => {
    const { buffer: power } = buffer()
    power.push(block(0, [1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1]))
    expect(power.window(0, 4)).toMatchObject({ invalid: 2, received: 2 })
    expect(power.window(3, 4).energyJ).toBeCloseTo(1 / rate, 12)
  })

  test('places that no event names are lost, and samples out of order are refused', () => {
    const { buffer: power } = buffer()
    power.push(block(0, [1, 1]))
    power.push(block(5, [1, 1]))
    expect(power.window(0, 7).lost).toBe(3)
    expect(() => power.push(block(6, [1]))).toThrow(RangeError)
  })

  test('a gap longer than the buffer leaves only lost samples', () => {
    const { buffer: power } = buffer(0.1)
    power.push(block(0, Array(50).fill(1)))
    power.push({ kind: 'gap', firstIndex: 50, count: 3_000_000_000 })
    const end = 3_000_000_050
    expect(power.window(end - 100, end)).toMatchObject({ lost: 100, energyJ: 0, verdict: 'invalid' })
    power.push(block(end, Array(100).fill(1)))
    expect(power.window(end, end + 100)).toMatchObject({ verdict: 'complete' })
    power.push({ kind: 'gap', firstIndex: end + 100, count: 2_000_000_000 })
    expect(power.window(end + 2_000_000_000, end + 2_000_000_100).lost).toBe(100)
  })

  test('a ring needs room', () => {
    expect(() => new SampleRing(0)).toThrow(RangeError)
  })
})

describe('edges', () => {
  test('are the samples where a channel changed, whatever the block borders', () => {
    const levels = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(levels, fc.integer({ min: 0, max: 7 }), fc.integer({ min: 1, max: 30 }), (digital, channel, size) => {
        const { buffer: power } = buffer()
        for (let at = 0; at < digital.length; at += size) {
          const part = digital.slice(at, at + size)
          power.push(block(at, Array(part.length).fill(1), part))
        }
        const truth = digital.flatMap((level, index) => {
          const now = (level >> channel) & 1
          const before = ((digital[index - 1] ?? level) >> channel) & 1
          return now === before ? [] : [{ index, rising: now === 1, lostBefore: 0 }]
        })
        expect(power.edges(channel, 0, digital.length)).toEqual(truth)
      }),
    )
  })

  test('an edge inside a gap says how much was lost before it', () => {
    const { buffer: power } = buffer()
    power.push(block(0, [1, 1], [0, 0]))
    power.push({ kind: 'gap', firstIndex: 2, count: 4 })
    power.push(block(6, [1, 1], [1, 1]))
    expect(power.edges(0, 0, 100)).toEqual([{ index: 6, rising: true, lostBefore: 4 }])
    expect(power.edges(1, 0, 100)).toEqual([])
    expect(power.edges(0, 7, 100)).toEqual([])
  })
})

describe('waitFor', () => {
  test('resolves when the stream reaches the index', async () => {
    const { buffer: power } = buffer()
    const waiting = power.waitFor(3, 10)
    power.push(block(0, [1, 1]))
    power.push(block(2, [1]))
    expect(await waiting).toBe('reached')
    expect(await power.waitFor(2, 0)).toBe('reached')
  })

  test('resolves when the stream ends, at the deadline, and when the signal aborts', async () => {
    const { buffer: power, clock } = buffer()
    const late = power.waitFor(5, 1)
    clock.advance(1)
    expect(await late).toBe('deadline')
    const stop = new AbortController()
    const aborted = power.waitFor(5, 10, stop.signal)
    stop.abort()
    expect(await aborted).toBe('aborted')
    const forever = power.waitFor(5, Number.POSITIVE_INFINITY)
    power.end()
    expect(await forever).toBe('stream ended')
    expect(power.ended).toBe(true)
  })
})
