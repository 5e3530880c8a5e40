import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Pyramid } from '../../src/trace/pyramid.ts'
import { block } from './support.ts'

const rate = 1000

describe('Pyramid', () => {
  test('every column is the min, mean and max of its samples, at any length and any fold', () => {
    const watts = fc.array(
      fc.oneof({ weight: 9, arbitrary: fc.float({ min: 0, max: 1, noNaN: true }) }, fc.constant(Number.NaN)),
      {
        minLength: 1,
        maxLength: 500,
      },
    )
    fc.assert(
      fc.property(watts, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 40 }), (all, size, most) => {
        const pyramid = new Pyramid(rate, 8, 2)
        for (let at = 0; at < all.length; at += size) pyramid.push(block(1000 + at, all.slice(at, at + size)))
        const plot = pyramid.columns(1000, 1000 + all.length, most)
        expect(plot.meanW.length).toBeLessThanOrEqual(Math.min(most, 8))
        expect(plot.startS).toBe(1)
        const width = Math.round(plot.columnS * rate)
        expect(plot.meanW.length).toBe(Math.ceil(all.length / width))
        plot.meanW.forEach((mean, column) => {
          const part = all.slice(column * width, (column + 1) * width).filter((value) => !Number.isNaN(value))
          if (part.length === 0) {
            expect(mean).toBeNull()
            return
          }
          expect(plot.minW[column]).toBe(Math.min(...part))
          expect(plot.maxW[column]).toBe(Math.max(...part))
          expect(mean).toBeCloseTo(part.reduce((a, b) => a + b) / part.length, 9)
          expect(plot.minW[column]!).toBeLessThanOrEqual(mean!)
          expect(mean!).toBeLessThanOrEqual(plot.maxW[column]!)
        })
      }),
    )
  })

  test('a gap is an empty column', () => {
    const pyramid = new Pyramid(rate, 8, 10)
    pyramid.push(block(0, Array(10).fill(1)))
    pyramid.push({ kind: 'gap', firstIndex: 10, count: 10 })
    pyramid.push(block(20, Array(10).fill(2)))
    expect(pyramid.columns(0, 30, 100).meanW).toEqual([1, null, 2])
  })

  test('a stretch gives its own columns only, and none when nothing is there', () => {
    const pyramid = new Pyramid(rate, 16, 10)
    expect(pyramid.columns(0, 100, 10).meanW).toEqual([])
    for (let at = 0; at < 100; at += 10) pyramid.push(block(at, Array(10).fill(at)))
    expect(pyramid.columns(20, 50, 100)).toMatchObject({ startS: 0.02, columnS: 0.01, meanW: [20, 30, 40] })
    expect(pyramid.columns(500, 600, 100).meanW).toEqual([])
  })

  test('memory stays bounded over an hour at 100 kS/s', () => {
    const pyramid = new Pyramid(100_000)
    pyramid.push(block(0, [1]))
    pyramid.push({ kind: 'gap', firstIndex: 1, count: 360_000_000 })
    expect(pyramid.columns(0, 360_000_001, 2000).meanW.length).toBeLessThanOrEqual(2000)
    expect(pyramid.columnSamples).toBe(16 * 4096)
    expect(() => new Pyramid(rate, 3)).toThrow(RangeError)
  })
})
