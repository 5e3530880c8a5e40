import { describe, expect, test } from 'vitest'
import { ClockFit } from '../../src/trace/clock-fit.ts'
import { idleLevel, netEnergyJ } from '../../src/trace/idle.ts'
import { PowerBuffer } from '../../src/trace/power-buffer.ts'
import { windowFromEdges, windowFromHostMarks } from '../../src/trace/windows.ts'
import { block, ManualClock } from './support.ts'

const rate = 1000

/** Channel 2 is high in [from, to) of each pair. */
function marked(length: number, highs: readonly (readonly [number, number])[]) {
  const buffer = new PowerBuffer({ sampleRateHz: rate, clock: new ManualClock() })
  const digital = Array.from({ length }, (_, i) => (highs.some(([a, b]) => i >= a && i < b) ? 4 : 0))
  buffer.push(block(0, Array(length).fill(0.5), digital))
  return buffer
}

describe('windowFromEdges', () => {
  test('takes the rise and fall nearest to the host marks, to half a sample', () => {
    const buffer = marked(1000, [
      [100, 200],
      [300, 420],
      [500, 600],
    ])
    const window = windowFromEdges(buffer, 2, 310.4, 409.9, 0.5)
    expect(window).toMatchObject({ method: 'marker edges', channel: 2, startIndex: 300, endIndex: 420 })
    expect(window.method === 'marker edges' && window.edgeUncertaintyS).toBe(0.5 / rate)
    expect(window.words).toContain('digital channel 2')
  })

  test('never pairs a rise with an earlier fall', () => {
    const buffer = marked(1000, [
      [100, 200],
      [210, 300],
    ])
    expect(windowFromEdges(buffer, 2, 207, 213, 0.2)).toMatchObject({ startIndex: 210, endIndex: 300 })
  })

  test('lost samples before an edge widen its uncertainty', () => {
    const buffer = new PowerBuffer({ sampleRateHz: rate, clock: new ManualClock() })
    buffer.push(block(0, Array(10).fill(1)))
    buffer.push({ kind: 'gap', firstIndex: 10, count: 6 })
    buffer.push(block(16, Array(10).fill(1), Array(10).fill(4)))
    buffer.push(block(26, Array(10).fill(1)))
    expect(windowFromEdges(buffer, 2, 14, 26, 0.01)).toMatchObject({ startIndex: 16, edgeUncertaintyS: 6.5 / rate })
  })

  test('says what is missing', () => {
    const buffer = marked(1000, [[300, 420]])
    expect(windowFromEdges(buffer, 2, 700, 900, 0.05)).toMatchObject({ method: 'none' })
    expect(windowFromEdges(buffer, 2, 700, 900, 0.05).words).toContain('no rise near the start')
    expect(windowFromEdges(buffer, 2, 300, 900, 0.05).words).toContain('no fall near the end')
    expect(windowFromEdges(buffer, 0, 300, 420, 0.05)).toMatchObject({ method: 'none' })
  })
})

describe('windowFromHostMarks', () => {
  test('converts by the fit and states its uncertainty', () => {
    const fit = new ClockFit({ sampleRateHz: rate })
    fit.add(1000, 51)
    const window = windowFromHostMarks(fit, 50.5, 50.6)
    expect(window).toMatchObject({ method: 'host marks', edgeUncertaintyS: 0.003 })
    expect(window.method === 'host marks' && window.startIndex).toBeCloseTo(500, 6)
    expect(window.method === 'host marks' && window.endIndex).toBeCloseTo(600, 6)
  })

  test('has no window without samples or without time', () => {
    const fit = new ClockFit({ sampleRateHz: rate })
    expect(windowFromHostMarks(fit, 1, 2)).toMatchObject({ method: 'none' })
    fit.add(1000, 51)
    expect(windowFromHostMarks(fit, 2, 2)).toMatchObject({ method: 'none' })
  })
})

describe('idleLevel', () => {
  test('is the mean with the spread of its parts', () => {
    const buffer = new PowerBuffer({ sampleRateHz: rate, clock: new ManualClock() })
    buffer.push(block(0, [...Array(500).fill(0.01), ...Array(500).fill(0.03)]))
    const { idle } = idleLevel(buffer, 0, 1000, 2)
    expect(idle!.meanPowerW).toBeCloseTo(0.02, 8)
    expect(idle!.spreadW).toBeCloseTo(0.02 / Math.SQRT2, 8)
    expect(idle!.interval95W![0]).toBeLessThan(0)
    expect(idle!.verdict).toBe('complete')
  })

  test('gives the reason when the window is not usable', () => {
    const buffer = new PowerBuffer({ sampleRateHz: rate, clock: new ManualClock() })
    expect(idleLevel(buffer, 0, 1000)).toEqual({ idle: null, reason: 'the window ends after the newest sample' })
  })

  test('net energy is above idle, over the time that was received', () => {
    const buffer = new PowerBuffer({ sampleRateHz: rate, clock: new ManualClock() })
    buffer.push(block(0, Array(100).fill(0.5)))
    buffer.push({ kind: 'gap', firstIndex: 100, count: 100 })
    expect(netEnergyJ(buffer.window(0, 100), 0.2)).toBeCloseTo(0.3 * 0.1, 9)
    expect(netEnergyJ(buffer.window(0, 200), 0.2)).toBeCloseTo(0.3 * 0.1, 9)
    expect(netEnergyJ(buffer.window(100, 200), 0.2)).toBeNaN()
  })
})
