import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Backend, TensorValue } from '../../src/backends/backend.ts'
import { compiled } from '../../src/backends/compiled.ts'
import { emulatedBackend } from '../../src/backends/emulated.ts'
import { onnxruntimeWeb } from '../../src/backends/onnxruntime-web.ts'
import type { Device } from '../../src/core/device.ts'
import type { SegmentMove } from '../../src/core/segment-move.ts'
import { cutSegment, cuttable } from '../../src/formats/cut-segment.ts'
import { readModel } from '../../src/formats/list.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import type { Values } from '../../src/graph/reference/values.ts'
import type { Segment } from '../../src/graph/segment.ts'
import { FakeClock } from '../../src/hosts/fake-clock.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { type PartitionOptions, preparePartition } from '../../src/loop/partitioned.ts'
import { type Place, placeId } from '../../src/loop/place.ts'
import { randomNumbers, randomValues } from '../formats/convert-support.ts'
import { randomGraph, randomLayers } from '../support/random-graph.ts'
import { sharedPath } from '../support/shared.ts'
import { canonicalGraph, node, perTensor, smallNetwork, tensor } from '../support/tflite-graphs.ts'

const host = nodeHost()
const mlperf = sharedPath('data', 'mlperf-tiny', 'models')
const device = (id: string): Device => ({ id, kind: 'cpu', name: id, facts: {}, sources: [] })
const at = (backend: Backend, id = 'cpu'): Place => ({ backend, device: device(id) })
const cpu = at(compiled)
const written = (graph: Graph): Segment => ({ graph, source: { format: 'tflite', bytes: new Uint8Array(0) } })

type Tensors = Readonly<Record<string, TensorValue>>

function inputsOf({ graph }: Segment, seed: number): Tensors {
  const random = randomNumbers(seed)
  const value = (name: string): TensorValue => {
    const { dtype, shape, ...rest } = graph.tensors.get(name)!
    return { dtype, shape: shape as readonly number[], data: randomValues({ dtype, shape, ...rest }, random) }
  }
  return Object.fromEntries(graph.inputs.map((name) => [name, value(name)]))
}

function expectedOf({ graph }: Segment, inputs: Tensors): Readonly<Record<string, Values>> {
  const values = interpret(
    graph,
    graph.inputs.map((name) => inputs[name]!.data),
    'tflm',
  )
  return Object.fromEntries(graph.outputs.map((name) => [name, values.get(name)!]))
}

const dataOf = (tensors: Tensors) => Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data]))

/** A model cut evenly over places, in their order. */
function partition(model: Segment, places: readonly Place[], options?: PartitionOptions, on = host) {
  const { nodes } = model.graph
  const each = Math.ceil(nodes.length / places.length)
  const names = nodes.map((_, index) => String(Math.floor(index / each)))
  const parts = cutSegment(model, names).map(({ place, segment }) => ({ segment, place: places[Number(place)]! }))
  return preparePartition(on, model, parts, options)
}

/** Three compiled segments; the one in the middle on an engine with faults. */
const faulty = (faults: Parameters<typeof emulatedBackend>[0]) => [
  cpu,
  at(emulatedBackend({ engine: compiled, ...faults }), 'npu:fake'),
  cpu,
]

describe('a partition', () => {
  it('computes what the whole does, synchronously where its engines do: random graphs and cuts', async () => {
    await fc.assert(
      fc.asyncProperty(randomLayers, fc.array(fc.nat(1), { minLength: 10, maxLength: 10 }), async (layers, cuts) => {
        const model = written(randomGraph(layers, 'int8'))
        const names = model.graph.nodes.map((_, index) => String(cuts[index]))
        const parts = cutSegment(model, names).map(({ segment }) => ({ segment, place: cpu }))
        await using executable = await preparePartition(host, model, parts)
        for (const seed of [1, 2]) {
          const inputs = inputsOf(model, seed)
          const expected = expectedOf(model, inputs)
          expect(dataOf(await executable.run(inputs))).toEqual(expected)
          const { synchronous } = executable
          for (const [index, name] of model.graph.inputs.entries())
            (synchronous!.inputs[index] as Int8Array).set(inputs[name]!.data as Int8Array)
          synchronous!.run()
          expect(synchronous!.outputs).toEqual(model.graph.outputs.map((name) => expected[name]))
        }
      }),
      { numRuns: 40 },
    )
  })

  it('joins engines of different kinds, and then runs only asynchronously', async () => {
    const model = written(smallNetwork())
    await using executable = await partition(model, [cpu, at(onnxruntimeWeb), cpu])
    const inputs = inputsOf(model, 5)
    const { y } = await executable.run(inputs)
    expect(
      Math.max(...[...y!.data].map((v, i) => Math.abs(Number(v) - Number(expectedOf(model, inputs).y![i])))),
    ).toBeLessThanOrEqual(1)
    expect(executable.synchronous).toBeUndefined()
  })

  it('tells what every segment takes', async () => {
    const model = written(smallNetwork())
    await using executable = await partition(model, [cpu, cpu])
    expect(executable.segmentTimings()).toMatchObject([{ segment: 1, runs: 0, medianS: Number.NaN }, { segment: 2 }])
    await executable.run(inputsOf(model, 1))
    executable.synchronous!.run()
    for (const timing of executable.segmentTimings()) {
      expect(timing).toMatchObject({ place: 'compiled cpu', runs: 2, emulated: false })
      expect(timing.medianS).toBeGreaterThan(0)
    }
  })

  it('refuses parts that do not fit together, wrong inputs, and runs after its end', async () => {
    const model = written(smallNetwork())
    const [first, second] = cutSegment(model, ['a', 'a', 'b', 'b', 'b']).map(({ segment }) => ({ segment, place: cpu }))
    await expect(preparePartition(host, model, [second!, first!])).rejects.toThrow(/segment 1: .*Nothing makes "p"/)
    await expect(preparePartition(host, model, [first!])).rejects.toThrow(/Nothing makes "y"/)
    const executable = await preparePartition(host, model, [first!, second!])
    await expect(executable.run({})).rejects.toMatchObject({ code: 'INPUT_SHAPE' })
    await executable[Symbol.asyncDispose]()
    await expect(executable.run(inputsOf(model, 1))).rejects.toMatchObject({ code: 'MODEL_DISPOSED' })
  })

  it('names the segment and place that cannot be made ready', async () => {
    const refusing = at(emulatedBackend({ name: 'picky', refuses: ['softmax'] }), 'npu:1')
    await expect(partition(written(smallNetwork()), [cpu, refusing])).rejects.toThrow(
      /segment 2 on picky npu:1: .*softmax is refused by declaration/,
    )
  })
})

describe('a segment whose place fails in the middle of a run', () => {
  const model = written(smallNetwork())

  it('goes to the next place that takes it; the run completes, and later ones stay there', async () => {
    const events: SegmentMove[] = []
    const fallback = [at(emulatedBackend({ name: 'picky', refuses: ['reshape', 'average_pool_2d'] })), cpu]
    const options = { fallback, onMove: (move: SegmentMove) => void events.push(move) }
    await using executable = await partition(model, faulty({ failsAtRun: 2 }), options)
    for (let run = 0; run < 5; run++) {
      const inputs = inputsOf(model, run)
      expect(dataOf(await executable.run(inputs))).toEqual(expectedOf(model, inputs))
      expect(events).toHaveLength(run < 2 ? 0 : 1)
    }
    expect(executable.moves).toEqual(events)
    expect(events[0]).toMatchObject({ segment: 2, from: 'emulated npu:fake', to: 'compiled cpu' })
    expect(events[0]!.reason).toMatch(/told to fail/)
    expect(events[0]!.lostS).toBeGreaterThan(0)
    expect(executable.segmentTimings().map(({ runs }) => runs)).toEqual([5, 3, 5])
    expect(executable.synchronous).toBeDefined()
  })

  it('goes on too when the place hangs, after the deadline', async () => {
    const clock = new FakeClock()
    await using executable = await partition(
      model,
      faulty({ hangsAtRun: 1 }),
      { fallback: [cpu], deadlineS: 3 },
      { ...host, clock },
    )
    const inputs = inputsOf(model, 1)
    await executable.run(inputs)
    const hung = executable.run(inputs)
    while (clock.sleeperCount === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    clock.advance(3)
    expect(dataOf(await hung)).toEqual(expectedOf(model, inputs))
    expect(executable.moves).toMatchObject([{ segment: 2, lostS: 3, reason: expect.stringMatching(/within 3 s/) }])
  })

  it('fails with every reason when no place is left', async () => {
    const also = at(emulatedBackend({ name: 'other', engine: compiled, failsAtRun: 0 }), 'npu:2')
    await using executable = await partition(model, faulty({ failsAtRun: 0 }), { fallback: [also] })
    const run = executable.run(inputsOf(model, 1))
    await expect(run).rejects.toMatchObject({ code: 'BACKEND_FAILED', where: 'segment 2' })
    await expect(run).rejects.toThrow(/No place is left.*emulated npu:fake: .*; other npu:2: .*told to fail/)
    await expect(executable.run(inputsOf(model, 1))).rejects.toThrow(/No place is left/)
  })

  it('does not run earlier segments twice, nor move for what the caller did wrong', async () => {
    await using executable = await partition(model, faulty({ failsAtRun: 0 }), { fallback: [cpu] })
    await expect(executable.run({ x: { dtype: 'int8', shape: [1], data: Int8Array.of(1) } })).rejects.toMatchObject({
      code: 'INPUT_SHAPE',
    })
    await executable.run(inputsOf(model, 1))
    expect(executable.segmentTimings().map(({ runs }) => runs)).toEqual([1, 1, 1])
  })

  it('moves a synchronous engine that throws, without running what came before it again', async () => {
    const broken: Backend = {
      ...compiled,
      name: 'broken',
      prepare: async (...given) => {
        const real = await compiled.prepare(...given)
        const run = () => {
          throw new Error('unreachable executed')
        }
        return { ...real, run: async () => run(), synchronous: { ...real.synchronous!, run } }
      },
    }
    await using executable = await partition(model, [cpu, at(broken), cpu], { fallback: [cpu] })
    const { synchronous } = executable
    expect(() => synchronous!.run()).toThrow(/unreachable/)
    const inputs = inputsOf(model, 4)
    expect(dataOf(await executable.run(inputs))).toEqual(expectedOf(model, inputs))
    expect(executable.moves).toMatchObject([{ segment: 2, from: 'broken cpu', reason: 'unreachable executed' }])
    expect(executable.segmentTimings().map(({ runs }) => runs)).toEqual([2, 1, 1])
    expect(() => synchronous!.run()).toThrow(/take `synchronous` again/)
  })
})

describe('state in a partition', () => {
  const int8 = (name: string) => tensor(name, 'int8', [2], { quantization: perTensor(1, 7) })
  const names = { container: '', sharedName: 'v' }
  const model = written(
    canonicalGraph(
      [int8('x'), tensor('h', 'resource', []), int8('v'), int8('r'), int8('y')],
      [
        node('relu', ['x'], ['r'], { version: 2 }),
        node('var_handle', [], ['h'], names),
        node('read_variable', ['h'], ['v']),
        node('assign_variable', ['h', 'r'], []),
        node('relu', ['v'], ['y'], { version: 2 }),
      ],
      ['x'],
      ['y'],
    ),
  )
  const open = (backend: Backend) => {
    const parts = cutSegment(model, ['a', 'b', 'b', 'b', 'c'])
    const place = { a: cpu, b: at(backend, 'npu:1'), c: cpu }
    const placed = parts.map((part) => ({ segment: part.segment, place: place[part.place as 'a'] }))
    return preparePartition(host, model, placed, { fallback: [cpu] })
  }
  const step = async (executable: Awaited<ReturnType<typeof open>>, ...values: number[]) => {
    const x: TensorValue = { dtype: 'int8', shape: [2], data: Int8Array.from(values) }
    return [...((await executable.run({ x })).y!.data as Int8Array)]
  }

  it('is kept from run to run and begun afresh by reset', async () => {
    for (const backend of [compiled, emulatedBackend({ engine: compiled })]) {
      await using executable = await open(backend)
      expect(executable.stateful).toBe(true)
      const stream = async () => [
        await step(executable, 9, 10),
        await step(executable, 8, 8),
        await step(executable, 7, 7),
      ]
      const first = await stream()
      expect(first).toEqual([
        [7, 7],
        [9, 10],
        [8, 8],
      ])
      executable.reset()
      expect(await stream()).toEqual(first)
    }
  })

  it('that is lost with its engine is an error that says so, and a fresh start after it', async () => {
    await using executable = await open(emulatedBackend({ engine: compiled, failsAtRun: 1 }))
    await step(executable, 9, 9)
    await expect(step(executable, 8, 8)).rejects.toThrow(/segment 2: .*state was lost with emulated npu:1/)
    expect(executable.moves).toHaveLength(1)
    executable.reset()
    expect([await step(executable, 9, 10), await step(executable, 8, 8)]).toEqual([
      [7, 7],
      [9, 10],
    ])
  })

  it('that has not begun yet moves like any other', async () => {
    await using executable = await open(emulatedBackend({ engine: compiled, failsAtRun: 0 }))
    expect([await step(executable, 9, 10), await step(executable, 8, 8)]).toEqual([
      [7, 7],
      [9, 10],
    ])
  })
})

describe('many inputs in flight', () => {
  it('come out in order, with segments at work at the same time', async () => {
    const model = written(smallNetwork())
    let [working, most] = [0, 0]
    const counted: Backend = {
      ...emulatedBackend({ engine: compiled }),
      prepare: async (segment, on, host) => {
        const real = await compiled.prepare(segment, on, host)
        const run = async (inputs: Tensors) => {
          most = Math.max(most, ++working)
          await new Promise((resolve) => setTimeout(resolve, 2))
          working -= 1
          return real.run(inputs)
        }
        return { inputs: real.inputs, outputs: real.outputs, run, [Symbol.asyncDispose]: async () => undefined }
      },
    }
    await using executable = await partition(model, [at(counted), at(counted, 'npu:1'), at(counted, 'npu:2')])
    const inputs = Array.from({ length: 8 }, (_, seed) => inputsOf(model, seed))
    const outputs: Tensors[] = []
    for await (const output of executable.runMany(inputs)) outputs.push(output)
    expect(outputs.map(dataOf)).toEqual(inputs.map((input) => expectedOf(model, input)))
    expect(most).toBe(3)
  })

  it('end at the first failure, and one segment that fails moves for all', async () => {
    const model = written(smallNetwork())
    await using executable = await partition(model, faulty({ failsAtRun: 2 }), { fallback: [cpu] })
    const inputs = Array.from({ length: 5 }, (_, seed) => inputsOf(model, seed))
    const outputs: Tensors[] = []
    for await (const output of executable.runMany(inputs)) outputs.push(output)
    expect(outputs.map(dataOf)).toEqual(inputs.map((input) => expectedOf(model, input)))
    expect(executable.moves).toHaveLength(1)
    const bad = executable.runMany([inputs[0]!, {}, inputs[1]!])
    await bad.next()
    await expect(bad.next()).rejects.toMatchObject({ code: 'INPUT_SHAPE' })
  })
})

describe('an ONNX model that is cut as it stands', () => {
  it('gives in ONNX segments what the whole gives on the same engine', async () => {
    const path = join(import.meta.dirname, '../../models/kws/ds-cnn-16-int8.onnx')
    const model = readModel(readFileSync(path), 'kws')
    const place = at(onnxruntimeWeb)
    const third = Math.ceil(model.graph.nodes.length / 3)
    const names = model.graph.nodes.map((_, index) => String(Math.floor(index / third)))
    const parts = cutSegment(model, names).map(({ segment }) => ({ segment, place }))
    expect(parts.map(({ segment }) => segment.source.format)).toEqual(parts.map(() => 'onnx'))
    expect(parts.length).toBeGreaterThan(2)
    await using executable = await preparePartition(host, model, parts)
    await using whole = await onnxruntimeWeb.prepare(model, place.device, host)
    const inputs = inputsOf(model, 7)
    expect(dataOf(await executable.run(inputs))).toEqual(dataOf(await whole.run(inputs)))
  })
})

describe('a segment in a worker', () => {
  const model = written(smallNetwork())
  const inWorker = (backend: Backend, on = host, options?: PartitionOptions) => {
    const [first, second] = cutSegment(model, ['a', 'a', 'b', 'b', 'b']).map(({ segment }) => segment)
    const parts = [
      { segment: first!, place: at(backend), inWorker: true },
      { segment: second!, place: cpu },
    ]
    return preparePartition(on, model, parts, options)
  }

  it('computes the same there, one by one and in a pipeline, and leaves the inputs to the caller', async () => {
    await using executable = await inWorker(compiled)
    const inputs = Array.from({ length: 6 }, (_, seed) => inputsOf(model, seed))
    for (const input of inputs) expect(dataOf(await executable.run(input))).toEqual(expectedOf(model, input))
    const outputs: Tensors[] = []
    for await (const output of executable.runMany(inputs)) outputs.push(output)
    expect(outputs.map(dataOf)).toEqual(inputs.map((input) => expectedOf(model, input)))
  })

  it('moves here when its thread is gone', async () => {
    const workers: { end(): Promise<void> }[] = []
    const startWorker = () => {
      const worker = host.startWorker!()
      workers.push(worker)
      return worker
    }
    await using executable = await inWorker(
      compiled,
      { ...host, startWorker },
      { fallback: [at(compiled, 'cpu:here')] },
    )
    const input = inputsOf(model, 1)
    await executable.run(input)
    await workers[0]!.end()
    expect(dataOf(await executable.run(input))).toEqual(expectedOf(model, input))
    expect(executable.moves).toMatchObject([{ segment: 1, from: 'compiled cpu', to: 'compiled cpu:here' }])
  })

  it('is refused where there are no threads, and for a backend that only this thread knows', async () => {
    const { startWorker: _, ...threadless } = host
    await expect(inWorker(compiled, threadless)).rejects.toThrow(/segment 1 on compiled cpu: .*no threads/)
    await expect(inWorker(emulatedBackend())).rejects.toThrow(/stays in its thread/)
  })
})

describe.skipIf(!mlperf)('MLPerf Tiny models over two engines (needs ../shared/data/mlperf-tiny)', () => {
  it.each(['kws_ref_model', 'vww_96_int8', 'pretrainedResnet_quant', 'str_ww_ref_model'])(
    '%s moves in the middle and stays bit-equal',
    async (name) => {
      const model = cuttable(readModel(readFileSync(join(mlperf!, `${name}.tflite`)), name))
      await using executable = await partition(model, faulty({ failsAtRun: 1 }), { fallback: [cpu] })
      for (let run = 0; run < 3; run++) {
        const inputs = inputsOf(model, run)
        expect(dataOf(await executable.run(inputs))).toEqual(expectedOf(model, inputs))
      }
      expect(executable.moves.map(({ to }) => to)).toEqual([placeId(cpu)])
    },
    60_000,
  )
})
