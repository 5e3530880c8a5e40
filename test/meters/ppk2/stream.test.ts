import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/meters/emulation/noise.ts'
import { defaultCalibration, toCoefficients } from '../../../src/meters/ppk2/calibration.ts'
import { toWord } from '../../../src/meters/ppk2/decode.ts'
import { createFramer } from '../../../src/meters/ppk2/framing.ts'
import { createPpk2Stream, sampleRateHz } from '../../../src/meters/ppk2/stream.ts'
import { joinEvents } from '../../support/collect.ts'

const coefficients = toCoefficients(defaultCalibration, 3)
const chunkSamples = 100

/** Sample words of so many samples; those for which `isLost` holds are left out. */
function wordsOf(count: number, isLost: (index: number) => boolean = () => false): Uint8Array {
  const words: number[] = []
  for (let at = 0; at < count; at++) if (!isLost(at)) words.push(toWord((at * 37) & 0x3ff, 3, at, at & 255))
  return new Uint8Array(Uint32Array.from(words).buffer)
}

/** Sends samples chunk by chunk at the times when they were taken, plus a delay. */
function replay(count: number, isLost: (index: number) => boolean, delayS: (chunk: number) => number = () => 0) {
  const stream = createPpk2Stream(coefficients)
  const events = []
  let lastArrivalS = 0
  for (let from = 0, chunk = 0; from < count; from += chunkSamples, chunk++) {
    const words: number[] = []
    for (let at = from; at < from + chunkSamples && at < count; at++)
      if (!isLost(at)) words.push(toWord(at & 0xff, 3, at, 0))
    if (words.length === 0) continue
    lastArrivalS = Math.max(lastArrivalS, 1e9 + (from + chunkSamples) / sampleRateHz + delayS(chunk))
    events.push(...stream.push(new Uint8Array(Uint32Array.from(words).buffer), lastArrivalS))
  }
  events.push(...stream.flush())
  return { ...joinEvents(events), counts: stream.counts }
}

describe('loss accounting', () => {
  it('reports a loss of k samples as exactly k for k = 1..200, in its place', () => {
    for (let k = 1; k <= 200; k++) {
      const at = 3000 + ((k * 13) % 97)
      const { gaps, counts, end } = replay(35_000, (index) => index >= at && index < at + k)
      expect(gaps.map((gap) => gap.count)).toEqual([k])
      expect(Math.abs(gaps[0]!.firstIndex - at)).toBeLessThanOrEqual(k % 64 === 0 ? 2 * chunkSamples : 0)
      expect(counts).toMatchObject({ received: 35_000 - k, lost: k, discardedBytes: 0, invalid: 0 })
      expect(end).toBe(35_000)
    }
  })

  it('reports mixed losses exactly, with jitter of the arrival and a clock that is 50 ppm off', () => {
    const losses = [
      [40_000, 100],
      [80_000, 64],
      [120_000, 1],
      [120_050, 2],
      [120_100, 63],
      [160_000, 1000],
      [200_000, 200],
    ] as const
    const isLost = (index: number) => losses.some(([from, count]) => index >= from && index < from + count)
    const random = createRandom(7)
    const jitterS = (chunk: number) => {
      const usual = (random() % 120) * 1e-6
      return usual + (random() % 50 === 0 ? 0.006 : 0) + chunk * 50e-6 * (chunkSamples / sampleRateHz)
    }
    const { gaps, counts, end } = replay(300_000, isLost, jitterS)
    expect(gaps.map((gap) => gap.count)).toEqual(losses.map(([, count]) => count))
    expect(counts.lost).toBe(losses.reduce((sum, [, count]) => sum + count, 0))
    expect(end).toBe(300_000)
  })

  it('takes late chunks for late, not for lost', () => {
    const stall = (chunk: number) => (chunk > 300 && chunk < 500 ? (500 - chunk) * 1e-3 : 0)
    const { counts } = replay(100_000, () => false, stall)
    expect(counts).toMatchObject({ received: 100_000, lost: 0 })
  })

  it('keeps exact account of random losses', () => {
    const loss = fc.record({ every: fc.integer({ min: 1000, max: 3000 }), count: fc.integer({ min: 1, max: 63 }) })
    fc.assert(
      fc.property(fc.array(loss, { minLength: 1, maxLength: 8 }), (list) => {
        const lost = new Set<number>()
        let at = 0
        for (const { every, count } of list) {
          at += every
          for (let step = 0; step < count; step++) lost.add(at + step)
        }
        const { counts, end, gaps } = replay(40_000, (index) => lost.has(index))
        expect(counts.lost).toBe(lost.size)
        expect(gaps.reduce((sum, gap) => sum + gap.count, 0)).toBe(lost.size)
        expect(end).toBe(40_000)
      }),
      { numRuns: 30 },
    )
  })
})

describe('framing', () => {
  const total = 3000
  const intact = wordsOf(total)
  const feed = (bytes: Uint8Array, sizes: readonly number[]) => {
    const stream = createPpk2Stream(coefficients)
    const events = []
    for (let from = 0, at = 0; from < bytes.length; at++) {
      const size = sizes[at % sizes.length]!
      // All arrive at one moment: nothing can be told from the clock here.
      events.push(...stream.push(bytes.slice(from, from + size), 5))
      from += size
    }
    events.push(...stream.flush())
    return { ...joinEvents(events), counts: stream.counts }
  }
  const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 })

  it('gives the same samples for any chunk borders', () => {
    const gapped = wordsOf(total, (index) => index % 501 > 490)
    const shifted = new Uint8Array([...intact.subarray(0, 4001), 0x55, 0xaa, ...intact.subarray(4001)])
    for (const bytes of [intact, gapped, shifted]) {
      const whole = feed(bytes, [bytes.length])
      fc.assert(
        fc.property(sizes, (borders) => {
          const got = feed(bytes, borders)
          expect(got.raw).toEqual(whole.raw)
          expect(got.powerW).toEqual(whole.powerW)
          expect(got.counts).toEqual(whole.counts)
          expect(got.gaps.map((gap) => [gap.firstIndex, gap.count])).toEqual(
            whole.gaps.map((gap) => [gap.firstIndex, gap.count]),
          )
        }),
        { numRuns: 40 },
      )
    }
    expect(feed(intact, [64]).raw).toEqual(intact)
  })

  it('finds the border again after inserted and after dropped bytes', () => {
    for (let extra = 1; extra <= 9; extra++) {
      const junk = Array.from({ length: extra }, (_, at) => (at * 91 + 17) & 255)
      const inserted = feed(new Uint8Array([...intact.subarray(0, 6002), ...junk, ...intact.subarray(6002)]), [512])
      expect(inserted.counts.lost + inserted.counts.invalid, `${extra} inserted`).toBeLessThanOrEqual(3 + extra)
      expect(inserted.counts.discardedBytes).toBeLessThanOrEqual(8 + extra)
      expect([...inserted.raw.slice(-1000)]).toEqual([...intact.slice(-1000)])
      const dropped = feed(new Uint8Array([...intact.subarray(0, 6002), ...intact.subarray(6002 + extra)]), [512])
      expect(dropped.end).toBe(total)
      expect([...dropped.raw.slice(-1000)]).toEqual([...intact.slice(-1000)])
    }
  })

  it('keeps the place of a damaged word, without a reading', () => {
    const bytes = intact.slice()
    bytes[4002] = 0xff
    const { counts, powerW, end, gaps, digital } = feed(bytes, [300])
    expect(counts).toMatchObject({ invalid: 1, lost: 0, received: total })
    expect(gaps).toEqual([])
    expect([...powerW].flatMap((power, at) => (Number.isNaN(power) ? [at] : []))).toEqual([1000])
    expect(digital[1000]).toBe(digital[999])
    expect(end).toBe(total)
  })

  it('starts inside a stream at the first border', () => {
    const { counts, raw } = feed(intact.subarray(3), [200])
    expect(counts).toMatchObject({ received: total - 1, discardedBytes: 1, lost: 0 })
    expect(raw).toEqual(intact.subarray(4))
  })

  it('stands any bytes: never throws, never hangs, never holds much back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000 }), sizes, (bytes, borders) => {
        const { counts, raw } = feed(bytes, borders)
        expect(raw.length + counts.discardedBytes).toBeLessThanOrEqual(bytes.length)
        expect(raw.length + counts.discardedBytes).toBeGreaterThanOrEqual(bytes.length - 3)
      }),
      { numRuns: 40 },
    )
    const framer = createFramer()
    for (let at = 0; at < 100; at++) framer.push(new Uint8Array(5000).fill(at))
    expect(framer.waitingWords).toBeLessThan(1300)
  })
})
