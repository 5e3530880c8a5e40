import { describe, expect, it } from 'vitest'
import { MlperfClient } from '../../src/firmware/mlperf/client.ts'
import { measureDeviceEnergy, pulseListener } from '../../src/loop/mlperf-energy.ts'
import { PowerSession } from '../../src/loop/power.ts'
import { createEmulatedWire } from '../../src/meters/emulation/wire.ts'
import { openMeter } from '../../src/meters/list.ts'
import { EmulatedLpm01a } from '../../src/meters/lpm01a/emulator.ts'
import { EmulatedPpk2 } from '../../src/meters/ppk2/emulator.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { meterHost } from '../support/meter-host.ts'

const port = '/dev/ttyACM0'
const inferenceS = 0.002
/** How late the device's text comes after its pulses. */
const textLateS = 0.012
const supplyV = 3.3
const [idleA, activeA] = [8e-3, 40e-3]
const inferenceJ = activeA * supplyV * inferenceS

/** A meter by its bytes, and a device in energy mode whose current and pulses it sees. */
async function bench(kind: 'ppk2' | 'lpm01a') {
  const clock = createFakeClock()
  let currentA = idleA
  const loadA = () => currentA
  const emulator =
    kind === 'ppk2'
      ? new EmulatedPpk2({ clock, loadA: () => idleA, noiseLsb: 0 })
      : new EmulatedLpm01a({ clock, loadA })
  const host = meterHost(clock, { [port]: () => emulator.link(port) }, [
    {
      path: port,
      ...(kind === 'ppk2' ? { vendorId: '1915', productId: 'c00a' } : { vendorId: '0483', productId: '5740' }),
    },
  ])
  const setActive = (isActive: boolean) => {
    currentA = isActive ? activeA : idleA
    if (emulator instanceof EmulatedPpk2) emulator.setLoad(isActive ? activeA - idleA : 0)
  }
  const pulse = async () => {
    if (emulator instanceof EmulatedLpm01a) return emulator.pulse()
    emulator.setDigital(3, false)
    await clock.sleep(0.001)
    emulator.setDigital(3, true)
  }
  const infer = async (iterations: number) => {
    wire.send(`m-warmup-start-0\r\nm-warmup-done\r\nm-infer-start-${iterations}\r\n`)
    await clock.sleep(textLateS)
    setActive(true)
    void pulse()
    await clock.sleep(iterations * inferenceS)
    setActive(false)
    void pulse()
    await clock.sleep(textLateS)
    wire.send('m-infer-done\r\nm-results-[0.5,0.5]\r\nm-ready\r\n')
  }
  let pending = ''
  const answer = (command: string) => {
    const [, iterations] = /^infer (\d+)/.exec(command) ?? []
    if (iterations !== undefined) return void infer(Number(iterations))
    if (command === 'name') return wire.send('m-name-dut-[bench]\r\nm-ready\r\n')
    if (command === 'profile') return wire.send('m-profile-[x]\r\nm-model-[tiny]\r\nm-ready\r\n')
    if (command.startsWith('db load')) return wire.send(`m-[Expecting ${command.slice(8)} bytes]\r\nm-ready\r\n`)
    wire.send('m-load-done\r\nm-ready\r\n')
  }
  const wire = createEmulatedWire(clock, (bytes) => {
    pending += new TextDecoder().decode(bytes)
    const commands = pending.split('%')
    pending = commands.pop()!
    commands.forEach(answer)
  })
  if (emulator instanceof EmulatedPpk2) emulator.setDigital(3, true)
  const meter = await clock.until(openMeter(host, `${kind}:${port}`, { supplyV, mode: 'source' }))
  const { indexes, hear } = pulseListener()
  const power = new PowerSession(host, meter, null, hear)
  await clock.until(power.ready())
  const client = await clock.until(MlperfClient.open(wire.link('/dev/dut'), clock, 3))
  const measure = async (channel?: number) => {
    const measured = await clock.until(
      measureDeviceEnergy(host, power, client, [new Uint8Array(8)], indexes, {
        windows: 3,
        windowS: 1,
        warmups: 0,
        timeoutS: 10,
        idleS: 0.3,
        ...(channel === undefined ? {} : { channel }),
      }),
    )
    await clock.until(power[Symbol.asyncDispose]())
    return measured
  }
  return { measure }
}

describe('energy of a device on a serial port', () => {
  it.each([
    ['ppk2', 3, 'marker edges'],
    ['lpm01a', undefined, 'event line'],
  ] as const)('lies between the last two pulses that a %s sees', async (kind, channel, method) => {
    const { measure } = await bench(kind)
    const { session, estimate } = await measure(channel)
    expect(session.windows).toHaveLength(3)
    for (const { place, energy } of session.windows) {
      expect(place.method).toBe(method)
      expect(energy.verdict).toBe('complete')
      expect(energy.durationS / place.inferences / inferenceS).toBeCloseTo(1, 2)
      expect(energy.energyJ / place.inferences / inferenceJ).toBeCloseTo(1, 1)
    }
    expect(estimate.verdict).toBe('complete')
  })

  it('lies between lines of text without a pin, and says how unsure that is', async () => {
    const { measure } = await bench('ppk2')
    const { session, passedOver } = await measure()
    expect(passedOver).toEqual([])
    for (const { place, energy } of session.windows) {
      expect(place.method).toBe('host marks')
      expect(place.edgeUncertaintyS).toBeGreaterThan(textLateS)
      const wrongS = Math.abs(energy.durationS - place.inferences * inferenceS)
      expect(wrongS).toBeLessThan(2 * place.edgeUncertaintyS)
    }
  })

  it('says why pulses were passed over', async () => {
    const { measure } = await bench('ppk2')
    const { session, passedOver } = await measure(5)
    expect(session.windows.map(({ place }) => place.method)).toEqual(['host marks', 'host marks', 'host marks'])
    expect(passedOver).toEqual(['marker edges: 0 pulses came, a window needs two'])
  })
})
