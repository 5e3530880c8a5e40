import { describe, expect, it } from 'vitest'
import { plainWord, varyWord } from '../../src/audio/vary-word.ts'
import { findWord } from '../../src/audio/word-span.ts'
import { random } from '../../src/core/random.ts'
import { sine } from '../support/wav.ts'

const rate = 16000
/** Tones at their times in seconds over a faint floor. */
function recording(lengthS: number, tones: readonly { at: number; lasts: number; gain?: number }[]): Float32Array {
  const next = random(3)
  const samples = Float32Array.from({ length: lengthS * rate }, () => 0.001 * next.normal())
  for (const { at, lasts, gain = 1 } of tones)
    sine(700, rate, lasts).forEach((value, n) => {
      samples[Math.round(at * rate) + n]! += gain * value
    })
  return samples
}

describe('the word of a recording', () => {
  it('is the loudest sound, over a short pause and not over a long one', () => {
    const { from, to } = findWord(
      recording(4, [
        { at: 0.3, lasts: 0.2, gain: 0.3 },
        { at: 2, lasts: 0.3 },
        { at: 2.5, lasts: 0.3 },
      ]),
      rate,
    )!
    expect(from / rate).toBeCloseTo(1.95, 1)
    expect(to / rate).toBeCloseTo(2.85, 1)
  })

  it('tells level, floor and clipping', () => {
    const clipped = recording(1, [{ at: 0.3, lasts: 0.3, gain: 4 }]).map((x) => Math.max(-1, Math.min(1, x)))
    const word = findWord(clipped, rate)!
    expect(word.clipped).toBeGreaterThan(0.3)
    expect(word.level / word.floor).toBeGreaterThan(100)
    expect(findWord(recording(1, [{ at: 0.3, lasts: 0.3 }]), rate)!.clipped).toBe(0)
  })

  it('is nowhere in digital silence and in nothing', () => {
    expect(findWord(new Float32Array(rate), rate)).toBeNull()
    expect(findWord(new Float32Array(10), rate)).toBeNull()
  })
})

describe('variations of a word', () => {
  const samples = recording(2, [{ at: 0.8, lasts: 0.5 }])
  const spoken = { samples, ...findWord(samples, rate)! }
  const energy = (window: Float32Array) => window.reduce((sum, value) => sum + value * value, 0)

  it('hold the whole word, whatever is changed', () => {
    const next = random(1)
    const plain = energy(plainWord(spoken, 24000))
    for (let n = 0; n < 40; n++) {
      const window = varyWord(spoken, 24000, n % 2 ? [recording(0.4, [])] : [], next)
      expect(window.every((sample) => sample >= -1 && sample <= 1)).toBe(true)
      expect(energy(window)).toBeGreaterThan(0.02 * plain)
    }
  })

  it('are the same for the same seed, and differ from each other', () => {
    const one = () => varyWord(spoken, 24000, [], random(5))
    expect(one()).toEqual(one())
    const next = random(5)
    expect(varyWord(spoken, 24000, [], next)).not.toEqual(varyWord(spoken, 24000, [], next))
  })

  it('are cut where the word is longer than the window', () => {
    expect(plainWord({ samples, from: 0, to: samples.length }, 24000)).toEqual(samples.subarray(0, 24000))
  })
})
