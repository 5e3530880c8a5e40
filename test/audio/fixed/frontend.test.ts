import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { featureShape, mlperfTinyFeatures } from '../../../src/audio/feature-spec.ts'
import { createFeatureExtractor } from '../../../src/audio/features.ts'
import { createFixedExtractor } from '../../../src/audio/fixed/extractor.ts'
import { FixedFrontend } from '../../../src/audio/fixed/frontend.ts'
import { log2Fixed } from '../../../src/audio/fixed/logarithm.ts'
import { columnQuantizer, quantizeColumn } from '../../../src/audio/fixed/quantizer.ts'
import { fixedTables } from '../../../src/audio/fixed/tables.ts'
import { frontEndCases, shippedFeatures, wildSound } from './front-ends.ts'

describe('log2Fixed', () => {
  const { logTable } = fixedTables(shippedFeatures)
  it('is at most 3 units of 2^-15 off', () => {
    const whole = fc.double({ min: 0, max: 53, noNaN: true }).map((log) => Math.max(1, Math.floor(2 ** log)))
    fc.assert(
      fc.property(whole, (value) => Math.abs(log2Fixed(value, logTable) / 32768 - Math.log2(value)) <= 3 / 32768),
    )
  })

  it('is exact for powers of two', () => {
    for (let bit = 0; bit < 53; bit++) expect(log2Fixed(2 ** bit, logTable)).toBe(bit * 32768)
  })
})

describe('FixedFrontend', () => {
  it.each(frontEndCases)('is near the features in float: $name', ({ spec }) => {
    const { clipSamples } = featureShape(spec)
    // The window's 15 bits leave rounding 90 dB below a loud frame, which shows in empty bands where the floor is lower.
    const [meanError, mostError] = spec.logFloor < 1e-5 ? [0.05, 2] : [0.005, 0.15]
    let state = 1
    const dither = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return (state >>> 30) - 1.5
    }
    const [exact, fixed] = [createFeatureExtractor(spec), createFixedExtractor(spec)]
    for (let seed = 0; seed < 5; seed++) {
      const sound = Float32Array.from(wildSound(clipSamples, seed), (sample) => Math.round(sample + dither()) / 32768)
      const clipped = sound.map((sample) => Math.max(-1, Math.min(32767 / 32768, sample)))
      const wanted = exact.extract(clipped)
      const errors = fixed.extract(clipped).map((value, at) => Math.abs(value - wanted[at]!))
      expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(meanError)
      expect(Math.max(...errors)).toBeLessThan(mostError)
    }
  })

  it('gives the same columns whatever the portions', () => {
    const tables = fixedTables(shippedFeatures)
    const sound = wildSound(4000, 9)
    const columns = (sizes: readonly number[]) => {
      const frontend = new FixedFrontend(tables)
      const found: number[] = []
      for (let at = 0, n = 0; at < sound.length; n++) {
        const portion = sound.subarray(at, at + sizes[n % sizes.length]!)
        for (let from = 0; from < portion.length; ) {
          from = frontend.push(portion, from)
          if (frontend.ended) found.push(...frontend.values)
        }
        at += portion.length
      }
      return found
    }
    const wanted = columns([sound.length])
    expect(wanted).toHaveLength(10 * 12)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 5 }), (sizes) => {
        expect(columns(sizes)).toEqual(wanted)
      }),
      { numRuns: 30 },
    )
  })

  it('begins anew after a reset', () => {
    const frontend = new FixedFrontend(fixedTables(mlperfTinyFeatures))
    const sound = wildSound(480, 1)
    frontend.push(sound)
    const first = frontend.values.slice()
    frontend.push(wildSound(200, 2))
    frontend.peak = 12
    frontend.reset()
    frontend.push(sound)
    expect(frontend.values).toEqual(first)
  })

  it('refuses what its arithmetic is not made for', () => {
    expect(() => fixedTables({ ...shippedFeatures, fftSize: 256 })).toThrow(RangeError)
    expect(() => fixedTables({ ...shippedFeatures, fftSize: 500 })).toThrow(RangeError)
    expect(() => fixedTables({ ...shippedFeatures, melHighHz: 9000 })).toThrow(RangeError)
  })
})

describe('columnQuantizer', () => {
  it('quantizes as a division does, halves up', () => {
    const cases = fc.tuple(
      fc.double({ min: 0.01, max: 3, noNaN: true }),
      fc.integer({ min: -128, max: 127 }),
      fc.integer({ min: -32768, max: 32767 }),
    )
    fc.assert(
      fc.property(cases, ([scale, zeroPoint, value]) => {
        const output = new Int8Array(1)
        quantizeColumn(Int16Array.of(value), columnQuantizer(scale, zeroPoint, 'int8'), output)
        const step = value / 256 / scale
        fc.pre(Math.abs(step - Math.floor(step) - 0.5) > 1e-6)
        expect(output[0]).toBe(Math.max(-128, Math.min(127, Math.round(step) + zeroPoint)))
      }),
    )
  })
})
