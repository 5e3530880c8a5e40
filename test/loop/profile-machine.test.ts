import { describe, expect, it } from 'vitest'
import type { Backend } from '../../src/backends/backend.ts'
import { emulatedBackend } from '../../src/backends/emulated.ts'
import { selectBackends } from '../../src/backends/list.ts'
import { machineProfileText, parseMachineProfile } from '../../src/cost/machine-profile.ts'
import { predictSegment } from '../../src/cost/predict.ts'
import { readMachineProfile } from '../../src/loop/machine-profile-store.ts'
import { type Probe, probe } from '../../src/loop/probe.ts'
import { hasDrifted } from '../../src/loop/profile-drift.ts'
import { profileMachine } from '../../src/loop/profile-machine.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

const host = testHost(temporaryFolder())
const probed: Probe = await probe(host)
const onCpu: Probe = { ...probed, devices: probed.devices.filter(({ kind }) => kind === 'cpu').slice(0, 1) }
const [compiled] = selectBackends(['compiled']) as [Backend]

describe('profileMachine', () => {
  it('has figures of every place soon, keeps them, and goes on where it stopped', async () => {
    const stages: number[] = []
    const first = await profileMachine({
      host,
      probe: onCpu,
      backends: [compiled],
      budgetS: 0,
      onProgress: ({ done }) => stages.push(done),
    })
    const id = `compiled ${onCpu.devices[0]!.id}`
    const place = first.places[id]!
    expect(stages.length).toBeGreaterThan(0)
    expect(place.complete).toBe(false)
    expect(place.dispatchS.value).toBeGreaterThanOrEqual(0)
    expect(place.dispatchS.source).toContain('microbenchmarks')
    expect(predictSegment(place, smallNetwork()).latencyS).toBeGreaterThan(0)
    const kept = await readMachineProfile(host, onCpu.fingerprint)
    expect(kept).toEqual(JSON.parse(machineProfileText(first)))
    const second = await profileMachine({ host, probe: onCpu, backends: [compiled], budgetS: 0, remeasure: [] })
    const names = Object.keys(second.places[id]!.figures)
    expect(names).toEqual(expect.arrayContaining(Object.keys(place.figures)))
    expect(names.length).toBeGreaterThan(Object.keys(place.figures).length)
  })

  it('gives what it has when it is interrupted, and leaves out what is not available', async () => {
    const stop = new AbortController()
    const missing: Backend = {
      ...emulatedBackend(),
      name: 'missing',
      available: async () => ({ ok: false, reason: 'Not here.', next: 'Install it.' }),
    }
    const profile = await profileMachine({
      host: testHost(temporaryFolder()),
      probe: onCpu,
      backends: [missing, compiled],
      budgetS: 20,
      onProgress: () => stop.abort(),
      signal: stop.signal,
    })
    expect(Object.keys(profile.places)).toEqual([`compiled ${onCpu.devices[0]!.id}`])
  })
})

describe('a kept profile', () => {
  it('does not count where it is damaged or of another machine', () => {
    const empty = { version: 3, kind: 'milliwatt-machine-profile', fingerprint: 'here', places: {} }
    for (const text of [null, 'no JSON', '{}', JSON.stringify({ ...empty, fingerprint: 'there' })])
      expect(parseMachineProfile(text, 'here')).toEqual(empty)
  })
})

describe('drift', () => {
  const figures = [1e-4, 2e-4, 3e-4].map((latencyS) => ({ latencyS, deviation: 0.02 }))
  const moved = (factor: number) => figures.map((figure) => ({ ...figure, latencyS: figure.latencyS * factor }))
  it('is seen both ways beyond the spread, and one odd figure is not drift', () => {
    expect([0.7, 0.95, 1, 1.1, 1.4].map((factor) => hasDrifted(figures, moved(factor)))).toEqual([
      true,
      false,
      false,
      false,
      true,
    ])
    expect(hasDrifted(figures, [{ latencyS: 9e-4, deviation: 0.02 }, ...figures.slice(1)])).toBe(false)
    expect(hasDrifted([], [])).toBe(false)
  })
})
