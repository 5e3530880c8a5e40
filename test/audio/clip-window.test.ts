import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clipWindows, loudestStart } from '../../src/audio/clip-window.ts'
import { sine } from '../support/wav.ts'

const rate = 16000
const clip = 24000

const withBurst = (length: number, from: number, to: number): Float32Array => {
  const samples = new Float32Array(length)
  samples.set(sine(500, rate, (to - from) / rate), from)
  return samples
}

describe('clipWindows', () => {
  it('centres a short clip in zeros', () => {
    const [window] = clipWindows(new Float32Array(10000).fill(1), clip, rate, 0.5)
    expect(window!.samples.indexOf(1)).toBe(7000)
    expect(window!.samples.lastIndexOf(1)).toBe(16999)
    expect(window!.startS).toBeCloseTo(-7000 / rate, 12)
  })

  it('takes a clip of exactly one window as it is', () => {
    const samples = sine(300, rate, 1.5)
    const windows = clipWindows(samples, clip, rate, 0.5)
    expect(windows.length).toBe(1)
    expect(windows[0]!.samples).toEqual(samples)
  })

  it('puts a word that lies anywhere into the middle of the window', () => {
    for (const at of [16800, 20000, 27000]) {
      const samples = withBurst(60000, at, at + 8000)
      const start = loudestStart(samples, clip, rate)
      expect(Math.abs(start + clip / 2 - (at + 4000))).toBeLessThan(400)
    }
  })

  it('walks through a long recording to its end', () => {
    const windows = clipWindows(new Float32Array(64100), clip, rate, 0.5)
    expect(windows.map((window) => window.startS)).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 40100 / rate])
  })

  it('gives windows of the right length, inside the recording, for any length', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 120_000 }),
        fc.double({ min: 0.1, max: 2, noNaN: true }),
        (length, step) => {
          const windows = clipWindows(new Float32Array(length), clip, rate, step)
          for (const window of windows) {
            expect(window.samples.length).toBe(clip)
            if (length >= clip) expect(window.startS * rate).toBeGreaterThanOrEqual(0)
            if (length >= clip) expect(Math.round(window.startS * rate) + clip).toBeLessThanOrEqual(length)
          }
        },
      ),
      { numRuns: 100 },
    )
  })
})
