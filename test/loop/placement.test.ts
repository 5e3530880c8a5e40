import { describe, expect, it } from 'vitest'
import { compiled } from '../../src/backends/compiled.ts'
import { simulatedNpus } from '../../src/backends/simulated-npu.ts'
import type { Device } from '../../src/core/device.ts'
import { chainGraph } from '../../src/cost/bench-graph.ts'
import { benches } from '../../src/cost/bench-layers.ts'
import type { MachineProfile, PlacePower } from '../../src/cost/machine-profile.ts'
import { graphWork } from '../../src/cost/node-work.ts'
import { summarisePlace } from '../../src/cost/summarise-place.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { writeMachineProfile } from '../../src/loop/machine-profile-store.ts'
import { GoalNotMet, openRuntimeOn } from '../../src/loop/runtime.ts'
import { spread, spreadCandidate } from '../../src/loop/spread.ts'
import { loadTargets } from '../../src/targets/load.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

const host = testHost(temporaryFolder())
const cpu: Device = { id: 'cpu', kind: 'cpu', name: 'cpu', facts: {}, sources: [] }
const other: Device = { ...cpu, id: 'cpu:1', name: 'other' }
const network = smallNetwork()
const input = Int8Array.from({ length: 60 }, (_, i) => ((i * 97) % 256) - 128)
const power: PlacePower = { activeW: 2, idleW: 1, deviation: 0.01, provenance: 'measured' }

const someBenches = benches.filter((_, index) => index % 8 === 0)

/** A place whose microbenchmarks take a fixed time a layer and a time by multiply-accumulates. */
function placeOf(device: string, macsPerS: number, layerS = 1e-6, withPower: PlacePower | null = null) {
  const figures = someBenches.map(({ name, layers, dtype }) => {
    const macs = graphWork(chainGraph(layers, dtype)).reduce((sum, work) => sum + work.macs, 0)
    return [name, { latencyS: 2e-6 + layers.length * layerS + macs / macsPerS, deviation: 0.01 }] as const
  })
  return summarisePlace({
    backend: 'compiled',
    device,
    engine: 'test',
    measuredAt: '2026-01-01T00:00:00.000Z',
    complete: true,
    figures: Object.fromEntries(figures),
    power: withPower,
  })
}

function profileOf(places: readonly ReturnType<typeof placeOf>[], fingerprint = 'here'): MachineProfile {
  const named = places.map((place) => [`${place.backend} ${place.device}`, place] as const)
  return { version: 3, kind: 'milliwatt-machine-profile', fingerprint, places: Object.fromEntries(named) }
}

const variantOf = (graph: Graph) => ({
  name: 'small',
  segment: { graph, source: { format: 'tflite', bytes: writeTflite(graph) } },
})

const npus = simulatedNpus((await loadTargets(host)).accelerators.values())
const npu = (id: string) => ({ ...npus, devices: npus.devices.filter((device) => device.id === `npu:${id}`) })

describe('layers spread over places', () => {
  const context = { backends: [compiled], devices: [cpu, other], published: null, simulated: null }
  const variant = variantOf(network) as never

  it('needs two places', () => {
    const machine = profileOf([placeOf('cpu', 1e9)])
    expect(spread({ ...context, machine }, variant, { minimize: 'latency' })).toBeNull()
  })

  it('keeps all layers at one place where the other gains nothing', () => {
    const machine = profileOf([placeOf('cpu', 1e9), placeOf('cpu:1', 1e9)])
    const one = spread({ ...context, machine }, variant, { minimize: 'latency' })!
    if (one.found.kind !== 'partition') throw new Error(one.found.reason)
    expect(one.found.segments).toHaveLength(1)
    expect(one.found.optimality).toEqual({ kind: 'exact' })
    expect(spreadCandidate(one)).toBeNull()
  })

  it('places by energy only where every place has a figure, and says so', () => {
    const without = profileOf([placeOf('cpu', 1e9, 1e-6, power), placeOf('cpu:1', 1e9)])
    const one = spread({ ...context, machine: without }, variant, { minimize: 'energy' })!
    expect(one.ask.minimize).toBe('latency')
    expect(one.notes).toEqual([expect.stringContaining('not every place has an energy figure')])
    const frugal = { ...power, activeW: 0.1 }
    const both = profileOf([placeOf('cpu', 1e9, 1e-6, power), placeOf('cpu:1', 5e8, 1e-6, frugal)])
    const two = spread({ ...context, machine: both }, variant, { minimize: 'energy' })!
    if (two.found.kind !== 'partition') throw new Error(two.found.reason)
    expect(two.ask.minimize).toBe('energy')
    expect(two.found.assignment.every((place) => two.placement.problem.places[place]!.id === 'compiled cpu:1')).toBe(
      true,
    )
    expect(two.found.total.energy?.provenance).toBe('measured')
  })
})

describe('a plan with a simulated accelerator', () => {
  const plan = async (simulatedOn: string, macsPerS: number) => {
    const probing = await openRuntimeOn(host, { backends: ['compiled'] })
    const { fingerprint } = probing.probe
    const [device] = probing.probe.devices
    await probing.dispose()
    await writeMachineProfile(host, profileOf([placeOf(device!.id, macsPerS, 50e-6)], fingerprint))
    return openRuntimeOn(host, { backends: ['compiled'], whatIf: [simulatedOn] })
  }

  it('sends layers that it takes to it, keeps the others here, says why, and runs to the same bits', async () => {
    await using runtime = await plan('ethos-u55-128', 1e8)
    const { placement, plan: choice } = await runtime.plan(writeTflite(network), { goal: { minimize: 'latency' } })
    expect(placement!.places.map(({ id, basis }) => [id, basis])).toEqual([
      ['simulated-npu npu:ethos-u55-128', 'declared'],
      ['compiled cpu', 'predicted'],
    ])
    const places = new Map(placement!.layers.map(({ op, place }) => [op, place]))
    expect(places.get('conv_2d')).toBe('simulated-npu npu:ethos-u55-128')
    for (const layer of placement!.layers) {
      expect(layer.elsewhere.map(({ place }) => place)).not.toContain(layer.place)
      for (const { extra, reason } of layer.elsewhere) {
        expect(extra === null || extra >= 0).toBe(true)
        expect(reason).not.toBe('')
      }
    }
    const { latencyS, layersS, dispatchS, transferS } = placement!.totals
    expect(layersS + dispatchS + transferS).toBeCloseTo(latencyS, 12)
    expect(placement!.layers.reduce((sum, layer) => sum + layer.latencyS, 0)).toBeCloseTo(layersS, 12)
    const devices = new Set(choice.candidates.map(({ device }) => device))
    expect(devices).toContain('npu:ethos-u55-128')
    const split = choice.candidates.find(({ backend }) => backend.includes('segments'))
    if (placement!.segments.length > 1) expect(split?.verdict).not.toBe('rejected')
    const model = await runtime.load(writeTflite(network), { goal: { minimize: 'latency' } })
    expect((await model.run(input)).outputs.y!.data).toEqual(interpret(network, [input], 'tflm').get('y'))
  })

  it('never lets a simulated figure meet an energy limit', async () => {
    await using runtime = await plan('coral-edge-tpu-usb', 1e8)
    const goal = { minimize: 'energy', maxEnergyJ: 1 } as const
    await expect(runtime.load(writeTflite(network), { goal })).rejects.toThrow(GoalNotMet)
    const { plan: choice } = await runtime.plan(writeTflite(network), { goal })
    expect(choice.chosen).toBeNull()
    const row = choice.candidates.find(({ device }) => device.startsWith('npu:'))!
    expect(row.reason).toMatch(/energy is emulated|no energy figure/)
  })

  it('names the accelerators that there are', async () => {
    const opened = openRuntimeOn(host, { backends: ['compiled'], whatIf: ['ethos-u99'] })
    await expect(opened).rejects.toMatchObject({
      code: 'TARGET_UNKNOWN',
      detail: expect.stringContaining('ethos-u55-128'),
    })
  })

  it('finds every accelerator that declares a simulation', () => {
    for (const { id } of npus.models.values()) expect(npu(id).devices).toHaveLength(1)
  })
})
