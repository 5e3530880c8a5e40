import { describe, expect, it } from 'vitest'
import { demoLoad } from '../../src/meters/emulation/demo-load.ts'
import { openMeter } from '../../src/meters/list.ts'
import { collect } from '../support/collect.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { meterHost } from '../support/meter-host.ts'

const setUp = async (spec: string) => {
  const clock = createFakeClock()
  return { clock, meter: await clock.until(openMeter(meterHost(clock), spec)) }
}

describe('emulated meter', () => {
  it('is marked emulated everywhere and declares its load', async () => {
    const { meter } = await setUp('emulated')
    expect(meter.info).toMatchObject({
      driver: 'emulated',
      model: 'Emulated PPK2 (demo load)',
      path: 'emulated',
      provenance: 'emulated',
      mode: 'source',
      supplyV: demoLoad.supplyV,
      supplySource: 'set by meter',
    })
    expect(meter.info.calibration['demo.activeA']).toBe(demoLoad.activeA)
    expect(meter.info.warnings.join()).toMatch(/nothing about real silicon/)
    await meter.close()
  })

  it('draws idle and active power by the marker, with a peak at wake-up', async () => {
    const { clock, meter } = await setUp('emulated:')
    const controller = new AbortController()
    const reading = collect(meter.samples(controller.signal))
    await clock.advance(0.2)
    meter.marker?.set(true)
    await clock.advance(0.2)
    meter.marker?.set(false)
    await clock.advance(0.05)
    controller.abort()
    const { powerW, digital } = await clock.until(reading)
    const rise = digital.indexOf(1)
    const fall = digital.lastIndexOf(1) + 1
    const mean = (from: number, to: number) =>
      powerW.slice(from, to).reduce((sum, power) => sum + power, 0) / (to - from)
    expect(mean(0, rise) / (demoLoad.idleA * 3.3)).toBeCloseTo(1, 2)
    const peakA = (demoLoad.wakeUpA * demoLoad.wakeUpS) / 0.2
    expect(mean(rise, fall) / ((demoLoad.activeA + peakA) * 3.3)).toBeCloseTo(1, 2)
    expect(Math.max(...powerW.slice(rise, rise + 20))).toBeGreaterThan(50e-3 * 3.3)
  })

  it('takes its settings from the path, and refuses unknown ones', async () => {
    const { clock, meter } = await setUp('emulated:loss=100,idle=2,noise=0,seed=5,unplug=2')
    expect(meter.info.path).toBe('loss=100,idle=2,noise=0,seed=5,unplug=2')
    const reading = collect(meter.samples(new AbortController().signal))
    await expect(clock.until(reading)).rejects.toMatchObject({ code: 'METER_LOST' })
    expect(meter.counts).toMatchObject({ lost: 100, received: 199_900 })
    for (const spec of ['emulated:lose=1', 'emulated:loss', 'emulated:loss=-1', 'emulated:noise=x']) {
      await expect(setUp(spec)).rejects.toMatchObject({ code: 'USAGE' })
    }
  })
})
