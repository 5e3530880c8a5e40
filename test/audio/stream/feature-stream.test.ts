import { describe, expect, it } from 'vitest'
import { mlperfTinyFeatures } from '../../../src/audio/feature-spec.ts'
import { createFixedExtractor } from '../../../src/audio/fixed/extractor.ts'
import { FeatureStream } from '../../../src/audio/stream/feature-stream.ts'
import { shippedFeatures, wildSound } from '../fixed/front-ends.ts'

function push(stream: FeatureStream, sound: Int16Array): void {
  for (let at = 0; at < sound.length; ) at = stream.push(sound, at)
}

describe('FeatureStream', () => {
  it('holds the features of the last clip', () => {
    const sound = wildSound(24_000 + 320 * 20, 4)
    const stream = new FeatureStream(shippedFeatures)
    push(stream, sound)
    // The last frame may end before the clip does.
    const end = Math.floor((sound.length - 480) / 320) * 320 + 480
    const clip = Float32Array.from(sound.subarray(end - 73 * 320 - 480, end), (sample) => sample / 32768)
    const whole = new Float32Array(24_000)
    whole.set(clip)
    const floats = new Float32Array(740)
    stream.toFloats(floats)
    expect([...floats]).toEqual([...createFixedExtractor(shippedFeatures).extract(whole)])
    expect(stream.columns).toBe(Math.floor((sound.length - 480) / 320) + 1)
  })

  it('begins as after silence, and divides by the peak of the stream where the spec asks for it', () => {
    const stream = new FeatureStream(mlperfTinyFeatures)
    const silent = stream.window.slice()
    push(
      stream,
      wildSound(16_000, 8).map((sample) => sample >> 6),
    )
    const quiet = stream.window.slice()
    const loud = new FeatureStream(mlperfTinyFeatures)
    push(
      loud,
      wildSound(16_000, 8).map((sample) => sample >> 3),
    )
    expect(quiet).not.toEqual(silent)
    const first = (window: Int16Array) => window[window.length - 10]! / 256
    // Eight times as loud, the same features but for rounding of the quiet one.
    expect(Math.abs(first(loud.window) - first(quiet))).toBeLessThan(6)
  })
})
