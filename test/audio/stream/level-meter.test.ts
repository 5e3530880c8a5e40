import { describe, expect, it } from 'vitest'
import { LevelMeter } from '../../../src/audio/stream/level-meter.ts'
import { streamNotes } from '../../../src/report/stream-notes.ts'

const rate = 16000

/** What is seen of sound that comes in odd portions. */
function meterOf(sound: (n: number) => number, seconds: number): LevelMeter {
  const meter = new LevelMeter(320, rate)
  const samples = Int16Array.from({ length: seconds * rate }, (_, n) => Math.max(-32768, Math.min(32767, sound(n))))
  for (let at = 0; at < samples.length; at += 777) meter.push(samples, at, Math.min(samples.length, at + 777))
  return meter
}

const tone = (level: number) => (n: number) => Math.round(level * Math.sin(0.3 * n))

describe('LevelMeter', () => {
  it('tells level, clipping, offset and silence', () => {
    const { facts } = meterOf(tone(3276.8), 2)
    expect(facts.levelDb).toBeCloseTo(-23, 1)
    expect(facts).toMatchObject({ samples: 32000, clipped: 0, longestSilenceS: 0 })
    expect(meterOf((n) => tone(50000)(n), 1).facts.clipped).toBeGreaterThan(0.3)
    expect(meterOf((n) => 3000 + tone(100)(n), 1).facts.dcOffset).toBeCloseTo(3000 / 32768, 3)
    expect(meterOf((n) => (n < rate ? 1000 * (n % 2) : 0), 4).facts.longestSilenceS).toBeCloseTo(3, 5)
    expect(meterOf(() => 0, 1).facts.levelDb).toBeNull()
  })

  it('tells how long ago a sound ended', () => {
    expect(meterOf((n) => (n < rate ? tone(8000)(n) : (n % 5) - 2), 1.2).sinceEndS(1.5)).toBeCloseTo(0.2, 5)
    expect(meterOf(tone(8000), 1).sinceEndS(1.5)).toBe(0)
  })
})

describe('streamNotes', () => {
  const good = { samples: 16000, clipped: 0, dcOffset: 0.001, levelDb: -30, longestSilenceS: 4 }
  it('says nothing of a good recording, and a sentence of everything that spoils one', () => {
    expect(streamNotes(good, 0)).toEqual([])
    expect(streamNotes({ ...good, clipped: 0.05, dcOffset: -0.2, longestSilenceS: 7200 }, 2)).toEqual([
      'Nothing above -70 dBFS for 7200 s: is the microphone muted?',
      '5.0 % of the samples are clipped: lower the gain.',
      'The signal has a DC offset of -20 % of full scale.',
      'Samples were lost 2 times: this machine did not take them in time.',
    ])
    expect(streamNotes({ ...good, levelDb: null, longestSilenceS: 1 }, 0)[0]).toContain('digital silence')
  })
})
