import { describe, expect, it } from 'vitest'
import { random } from '../../src/core/random.ts'
import { StreamSpanMeter } from '../../src/trace/stream-span.ts'

/** Blocks of 10 ms at 1 kHz, each late by some milliseconds; `unseen` samples vanish after 2 s. */
function stream(seconds: number, unseen = 0): StreamSpanMeter {
  const next = random(5)
  const meter = new StreamSpanMeter(1000)
  for (let block = 1; block <= seconds * 100; block++) {
    const lost = block > 200 ? unseen : 0
    meter.add(block * 10 - lost, 100 + block * 0.01 + 0.001 - 0.003 * Math.log(1 - next()))
  }
  return meter
}

describe('stream span', () => {
  it('is the same by count and by clock, whatever the delays', () => {
    const { samples, hostS, uncertaintyS } = stream(10).span!
    expect(Math.abs(samples / 1000 - hostS)).toBeLessThan(uncertaintyS / 5)
    expect(hostS).toBeGreaterThan(8.5)
  })

  it('shows samples that vanished without a gap', () => {
    const { samples, hostS } = stream(10, 50).span!
    expect(hostS - samples / 1000).toBeCloseTo(0.05, 2)
  })

  it('is unknown before half a second', () => {
    expect(new StreamSpanMeter(1000).span).toBeNull()
    expect(stream(0.4).span).toBeNull()
  })
})
