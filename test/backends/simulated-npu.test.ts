import { describe, expect, it } from 'vitest'
import { firstUnsupported, segmentFor } from '../../src/backends/backend.ts'
import { compiled } from '../../src/backends/compiled.ts'
import { backends } from '../../src/backends/list.ts'
import { simulatedNpus } from '../../src/backends/simulated-npu.ts'
import { cutSegment, cuttable } from '../../src/formats/cut-segment.ts'
import { readModel } from '../../src/formats/list.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import type { Segment } from '../../src/graph/segment.ts'
import { partitionBackend } from '../../src/loop/partition-backend.ts'
import { probe } from '../../src/loop/probe.ts'
import { openRuntimeOn } from '../../src/loop/runtime.ts'
import { loadTargets } from '../../src/targets/load.ts'
import { denseModel } from '../support/onnx-builder.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

const host = testHost(temporaryFolder())
const { accelerators } = await loadTargets(host)
const { backend, devices, models } = simulatedNpus(accelerators.values())
const deviceOf = (id: string) => devices.find((device) => device.id === id)!
const cpu = { id: 'cpu', kind: 'cpu', name: 'cpu', facts: {}, sources: [] } as const
const network = smallNetwork()
const bytes = writeTflite(network)
const input = Int8Array.from({ length: 60 }, (_, i) => ((i * 97) % 256) - 128)
const expected = interpret(network, [input], 'tflm').get('y')

describe('simulated accelerators', () => {
  it('compute exactly and declare what a run costs', async () => {
    const segment = segmentFor(readModel(bytes, 'small'), backend)
    for (const device of devices) {
      const reason = firstUnsupported(backend, segment, device)
      if (reason !== null) expect(reason).toMatch(/ does not have tflite:/)
      if (/ethos|coral/.test(device.id)) expect(reason).toBeNull()
      if (reason !== null) continue
      await using executable = await backend.prepare(segment, device, host)
      const { y } = await executable.run({ x: { dtype: 'int8', shape: [1, 6, 5, 2], data: input } })
      expect(y!.data).toEqual(expected)
      expect(executable.declaredCost).toMatchObject({ provenance: 'emulated' })
      expect(executable.declaredCost!.latencyS).toBeGreaterThan(0)
    }
  })

  it('say why they do not take a model, and that a processor is none of them', () => {
    const float = segmentFor(readModel(denseModel(6, 4), 'dense'), backend)
    expect(firstUnsupported(backend, float, deviceOf('npu:ethos-u55-128'))).toMatch(
      /runs int8 and uint8, and ".*" is float32/,
    )
    expect(firstUnsupported(backend, float, cpu)).toMatch(/simulated accelerators do not run on a cpu/)
  })

  it('are nowhere unless they are asked for', async () => {
    expect(backends).not.toContain(backend)
    expect((await probe(host)).devices.filter(({ id }) => models.has(id))).toEqual([])
  })

  it('give a loaded model declared time and energy, marked emulated; what runs beside them is measured', async () => {
    const parts = (model: Segment) => {
      const whole = cuttable(model)
      const places = whole.graph.nodes.map(({ op }) => (op === 'softmax' ? 'cpu' : 'npu'))
      return cutSegment(whole, places).map(({ place, segment }) => {
        const npu = { backend, device: deviceOf('npu:example-npu-64') }
        return { segment, place: place === 'npu' ? npu : { backend: compiled, device: cpu } }
      })
    }
    await using runtime = await openRuntimeOn(host, { backends: [partitionBackend('what if', parts)] })
    const model = await runtime.load(bytes)
    const { outputs, cost } = await model.run(input)
    expect(outputs.y!.data).toEqual(expected)
    expect(cost).toMatchObject({
      energyJ: null,
      provenance: null,
      energyReason: expect.stringMatching(/declares no power/),
    })
    expect(cost.latencyS).toBeGreaterThan(2e-5)
  })
})
