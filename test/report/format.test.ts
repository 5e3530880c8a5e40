import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { meanInterval } from '../../src/core/stats.ts'
import {
  columnFormat,
  formatBytes,
  formatCount,
  formatEnergy,
  formatMacs,
  formatNumber,
  formatPercent,
  formatPower,
  formatStamp,
  formatTime,
  intervalWords,
  scaleFor,
} from '../../src/report/format.ts'

describe('power and energy', () => {
  test('always carry unit and provenance', () => {
    expect(formatPower(0.01234, 'emulated')).toBe('12.34 mW emulated')
    expect(formatPower(12.5, 'measured')).toBe('12.50 W measured')
    expect(formatEnergy(0.000412, 'replayed')).toBe('412.0 µJ replayed')
    expect(formatEnergy(3.2e-9, 'modelled')).toBe('3.200 nJ modelled')
    expect(formatEnergy(0.0412, null)).toBe('41.20 mJ (source unknown)')
    expect(formatEnergy(null, 'measured')).toBe('–')
    expect(formatPower(Number.NaN, null)).toBe('–')
    expect(formatEnergy(-0.001, 'measured')).toBe('-1.000 mJ measured')
  })

  test('print a number whose value is the value', () => {
    const units: Record<string, number> = { n: 1e-9, µ: 1e-6, m: 1e-3, '': 1 }
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 900, noNaN: true }), (watts) => {
        const [, number, prefix] = /^([\d.]+) ([nµm]?)W measured$/.exec(formatPower(watts, 'measured'))!
        expect(Math.abs(Number(number) * units[prefix!]! - watts)).toBeLessThanOrEqual(watts * 6e-4)
      }),
    )
  })
})

test('numbers have about four digits, no exponent and no minus zero', () => {
  expect(['0.1234', '1.234', '12.34', '1234', '123456'].map(Number).map((value) => formatNumber(value))).toEqual([
    '0.1234',
    '1.234',
    '12.34',
    '1234',
    '123456',
  ])
  expect(formatNumber(-1e-12)).toBe('0.000000')
  expect(formatNumber(Number.POSITIVE_INFINITY)).toBe('–')
  expect(formatNumber(0)).toBe('0.000')
})

test('a column has one count of decimals', () => {
  const format = columnFormat([0.0047, 0.0121, null, Number.NaN], { unit: 'ms', perSi: 1e3 })
  expect([0.0047, 0.0121, null, Number.NaN].map(format)).toEqual(['4.70', '12.10', '–', '–'])
  expect(columnFormat([], { unit: 'ms', perSi: 1e3 })(0.001)).toMatch(/^1\.0+$/)
})

test('other figures', () => {
  expect(formatTime(0.00421)).toBe('4.210 ms')
  expect(formatTime(83.4)).toBe('83.40 s')
  expect(formatTime(Number.NaN)).toBe('–')
  expect([12, 24_310, 1_200_000, null].map(formatBytes)).toEqual(['12 B', '24.3 kB', '1.20 MB', '–'])
  expect([12, 24_310, 2_660_000, null].map(formatMacs)).toEqual(['12', '24.3 k', '2.66 M', '–'])
  expect([0, 999, 1000, 1_204_318].map(formatCount)).toEqual(['0', '999', '1 000', '1 204 318'])
  expect(formatPercent(0.9214)).toBe('92.1 %')
  expect(formatStamp('2026-11-20T14:03:22.184Z')).toBe('2026-11-20 14:03:22 UTC')
  expect(formatStamp('yesterday')).toBe('yesterday')
  expect(scaleFor([0], 'W')).toEqual({ unit: 'mW', perSi: 1e3 })
})

test('an interval is in the unit of its mean, and one window has none', () => {
  expect(intervalWords({ mean: 4.12e-4, interval95: [4.08e-4, 4.16e-4], n: 12 }, 'J')).toBe(
    '95 % interval 408.0 to 416.0 µJ, n = 12',
  )
  expect(intervalWords(meanInterval([1e-3]), 'J')).toBe('one window, so no interval')
})
