import { describe, expect, it } from 'vitest'
import { type Backend, type Executable, segmentFor, type TensorValue } from '../../src/backends/backend.ts'
import { litert } from '../../src/backends/litert.ts'
import { tfjsTflite } from '../../src/backends/tfjs-tflite.ts'
import { tfliteC } from '../../src/backends/tflite-c.ts'
import type { Device } from '../../src/core/device.ts'
import { readModel } from '../../src/formats/list.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import type { DataType, Graph } from '../../src/graph/graph.ts'
import { emptyValues } from '../../src/graph/reference/values.ts'
import { fakeHost } from '../../src/hosts/fake.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { canonicalGraph, node, perTensor, smallNetwork, tensor } from '../support/tflite-graphs.ts'

const host = nodeHost()
const cpu: Device = { id: 'cpu', kind: 'cpu', name: 'cpu', facts: {}, sources: [] }

/** Says which packages an engine wants, and which types it passes on besides int8. */
const engines = [
  { backend: tfjsTflite, wants: /npm install @tensorflow\/tfjs-tflite/, types: ['uint8', 'int16', 'int32', 'float32'] },
  { backend: litert, wants: /npm install @litertjs\/core/, types: ['uint8', 'int16', 'int32', 'float32', 'int64'] },
  { backend: tfliteC, wants: /npm install koffi/, types: ['uint8', 'int16', 'int32', 'float32', 'int64', 'bool'] },
] as const

const segmentOf = (graph: Graph) => readModel(writeTflite(graph), 'made')
const prepare = (backend: Backend, graph: Graph): Promise<Executable> =>
  backend.prepare(segmentFor(segmentOf(graph), backend), cpu, host)

function reshape(dtype: DataType): Graph {
  const tensors = [
    tensor('x', dtype, [2, 3]),
    tensor('s', 'int32', [2], { values: Int32Array.of(3, 2) }),
    tensor('y', dtype, [3, 2]),
  ]
  return canonicalGraph(tensors, [node('reshape', ['x', 's'], ['y'])], ['x'], ['y'])
}

/** Two dense units: weights 1 2 3 4 and 0, in steps of a unit. */
function denseUint8(): Graph {
  const per = (scale: number, zeroPoint: number) => ({ quantization: perTensor(scale, zeroPoint) })
  const tensors = [
    tensor('x', 'uint8', [1, 4], per(0.05, 128)),
    tensor('w', 'uint8', [2, 4], { ...per(1, 120), values: Uint8Array.of(121, 122, 123, 124, 120, 120, 120, 120) }),
    tensor('b', 'int32', [2], { ...per(0.05, 0), values: new Int32Array(2) }),
    tensor('y', 'uint8', [1, 2], per(0.1, 128)),
  ]
  const attributes = { activation: 'none', weightsFormat: 0, keepNumDims: 0, asymmetricQuantizeInputs: 0, version: 1 }
  return canonicalGraph(tensors, [node('fully_connected', ['x', 'w', 'b'], ['y'], attributes)], ['x'], ['y'])
}

/** An operator of a number that no engine of these has. */
function unknownOperator(): Graph {
  const tensors = [tensor('x', 'float32', [4]), tensor('y', 'float32', [4])]
  return canonicalGraph(tensors, [node('builtin_250', ['x'], ['y'])], ['x'], ['y'])
}

/** A dense layer of 4 MB. */
function largeLayer(): Graph {
  const tensors = [
    tensor('x', 'float32', [1, 1000]),
    tensor('w', 'float32', [1000, 1000], { values: new Float32Array(1e6).fill(0.5) }),
    tensor('y', 'float32', [1, 1000]),
  ]
  const attributes = { activation: 'none', weightsFormat: 0, keepNumDims: 0, asymmetricQuantizeInputs: 0 }
  return canonicalGraph(tensors, [node('fully_connected', ['x', 'w', ''], ['y'], attributes)], ['x'], ['y'])
}

const x: TensorValue = { dtype: 'int8', shape: [1, 6, 5, 2], data: new Int8Array(60).fill(20) }

describe.each(engines.map((engine) => ({ name: engine.backend.name, ...engine })))(
  'engine $name',
  async ({ backend, wants, types }) => {
    const { ok } = await backend.available(host)

    it.runIf(ok).each(types)('takes and gives %s', async (dtype) => {
      await using executable = await prepare(backend, reshape(dtype))
      const data = emptyValues(dtype, 6, 'x')
      for (let index = 0; index < 6; index++) data[index] = dtype.endsWith('64') ? BigInt(index % 2) : index % 2
      const { y } = await executable.run({ x: { dtype, shape: [2, 3], data } })
      expect(y).toEqual({ dtype, shape: [3, 2], data })
    })

    it.runIf(ok)('runs a dense layer in uint8, which XNNPACK may refuse', async () => {
      await using executable = await prepare(backend, denseUint8())
      const data = Uint8Array.of(128, 148, 108, 138)
      const { y } = await executable.run({ x: { dtype: 'uint8', shape: [1, 4], data } })
      // 0, 1, -1 and 0.5 by the weights 1, 2, 3 and 4 make 1, ten steps.
      expect(y!.data).toEqual(Uint8Array.of(138, 128))
    })

    it.runIf(ok)('refuses inputs of another type, array or length, and still runs afterwards', async () => {
      await using executable = await prepare(backend, smallNetwork())
      const wrong: readonly Readonly<Record<string, TensorValue>>[] = [
        {},
        { x: { ...x, dtype: 'uint8', data: new Uint8Array(60) } },
        { x: { ...x, data: new Float32Array(60) } },
        { x: { ...x, data: new Int8Array(59) } },
        { x: { ...x, data: new Int8Array(6000) } },
      ]
      for (const inputs of wrong) await expect(executable.run(inputs)).rejects.toMatchObject({ code: 'INPUT_SHAPE' })
      expect((await executable.run({ x })).y!.data).toHaveLength(4)
    })

    it.runIf(ok)('names what it lacks, and runs the next model', async () => {
      await expect(prepare(backend, unknownOperator())).rejects.toMatchObject({
        code: 'BACKEND_FAILED',
        detail: expect.stringMatching(/op|250/i),
      })
      await using executable = await prepare(backend, smallNetwork())
      expect((await executable.run({ x })).y!.data).toHaveLength(4)
    })

    it.runIf(ok)('refuses to run after it was disposed of, and is disposed of twice without harm', async () => {
      const executable = await prepare(backend, smallNetwork())
      await executable[Symbol.asyncDispose]()
      await executable[Symbol.asyncDispose]()
      await expect(executable.run({ x })).rejects.toMatchObject({ code: 'BACKEND_FAILED' })
    })

    it.runIf(ok)('keeps several models apart', async () => {
      await using first = await prepare(backend, smallNetwork())
      await using second = await prepare(backend, smallNetwork())
      const [one, other] = [await first.run({ x }), await second.run({ x: { ...x, data: new Int8Array(60) } })]
      expect((await first.run({ x })).y).toEqual(one.y)
      expect(other.y).not.toEqual(one.y)
    })

    it.runIf(ok)('gives its memory back', async () => {
      const graph = largeLayer()
      const input = { x: { dtype: 'float32', shape: [1, 1000], data: new Float32Array(1000).fill(1) } } as const
      const turns = async (count: number) => {
        for (let turn = 0; turn < count; turn++) {
          await using executable = await prepare(backend, graph)
          expect((await executable.run(input)).y!.data[999]).toBe(500)
        }
        return process.memoryUsage().rss
      }
      const before = await turns(10)
      expect((await turns(40)) - before).toBeLessThan(100e6)
    })

    it('tells what to install on a machine without it', async () => {
      const bare = fakeHost()
      const state = await backend.available(bare)
      expect(state).toMatchObject({ ok: false, next: expect.stringMatching(wants) })
      const segment = segmentFor(segmentOf(smallNetwork()), backend)
      await expect(backend.prepare(segment, cpu, bare)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    })
  },
)
