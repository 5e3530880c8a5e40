import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Backend } from '../../src/backends/backend.ts'
import { compiled } from '../../src/backends/compiled.ts'
import { emulatedBackend } from '../../src/backends/emulated.ts'
import { onnxruntimeWeb } from '../../src/backends/onnxruntime-web.ts'
import type { Device } from '../../src/core/device.ts'
import { cutSegment, cuttable } from '../../src/formats/cut-segment.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import type { Segment } from '../../src/graph/segment.ts'
import { partitionBackend } from '../../src/loop/partition-backend.ts'
import { openRuntimeOn } from '../../src/loop/runtime.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

const folder = temporaryFolder()
const host = testHost(folder)
const network = smallNetwork()
const path = join(folder, 'small.tflite')
writeFileSync(path, writeTflite(network))
const cpu: Device = { id: 'cpu', kind: 'cpu', name: 'cpu', facts: {}, sources: [] }
const input = Int8Array.from({ length: 60 }, (_, i) => ((i * 97) % 256) - 128)
const expected = interpret(network, [input], 'tflm').get('y')

/** The first two nodes here, the others on the compiled engine. */
const split = (first: Backend) => (model: Segment) => {
  const whole = cuttable(model)
  const parts = cutSegment(
    whole,
    whole.graph.nodes.map((_, index) => (index < 2 ? 'first' : 'rest')),
  )
  return parts.map(({ place, segment }) => ({
    segment,
    place: { backend: place === 'first' ? first : compiled, device: cpu },
  }))
}

describe('a partition as a backend', () => {
  it('is checked, measured, planned and run like an engine, and its moves are told by the model', async () => {
    // The golden check, the warm-up and the rounds come first; it fails some time after the model was loaded.
    let failing = false
    const sometimes: Backend = {
      ...emulatedBackend({ name: 'fragile', engine: compiled }),
      prepare: async (segment, device, on) => {
        const real = await compiled.prepare(segment, device, on)
        const run: typeof real.run = async (inputs) => {
          if (failing) throw new Error('the driver is gone')
          return real.run(inputs)
        }
        return { inputs: real.inputs, outputs: real.outputs, run, [Symbol.asyncDispose]: async () => undefined }
      },
    }
    const backend = partitionBackend('split', split(sometimes), { fallback: [{ backend: compiled, device: cpu }] })
    await using runtime = await openRuntimeOn(host, { backends: [backend] })
    const model = await runtime.load(path)
    expect(model.plan.chosen).toMatchObject({ backend: 'split' })
    expect((await model.run(input)).outputs.y!.data).toEqual(expected)
    expect(() => model.runInto(input, new Int8Array(4))).toThrow(/asynchronously/)
    failing = true
    expect((await model.run(input)).outputs.y!.data).toEqual(expected)
    expect(model.moves).toMatchObject([
      { segment: 1, from: 'fragile cpu', to: 'compiled cpu', reason: 'the driver is gone' },
    ])
    const filled = new Int8Array(4)
    model.runInto(input, filled)
    expect(filled).toEqual(expected)
  })

  it('declares the semantics that its engines share', () => {
    const segment: Segment = { graph: network, source: { format: 'tflite', bytes: new Uint8Array(0) } }
    const semanticsOf = (first: Backend) => partitionBackend('p', split(first)).semantics(segment)
    expect([compiled, onnxruntimeWeb, emulatedBackend()].map(semanticsOf)).toEqual(['tflm', 'fp32', null])
  })
})
