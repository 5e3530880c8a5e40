import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Executable, segmentFor, type TensorValue } from '../../src/backends/backend.ts'
import { loadKoffi } from '../../src/backends/koffi.ts'
import { describePlacement } from '../../src/backends/placement.ts'
import { tfliteC } from '../../src/backends/tflite-c.ts'
import type { Device, Finding } from '../../src/core/device.ts'
import { readModel } from '../../src/formats/list.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import type { Values } from '../../src/graph/reference/values.ts'
import type { Segment } from '../../src/graph/segment.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { openRuntimeOn } from '../../src/loop/runtime.ts'
import { ownTargets } from '../devices/fixture.ts'
import { randomNumbers, randomValues } from '../formats/convert-support.ts'
import { milliwatt } from '../support/cli.ts'
import { needs } from '../support/needs.ts'
import { sharedPath } from '../support/shared.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { buildDelegate, tfliteHeaders } from '../support/tflite-delegate/build.ts'
import { canonicalGraph, smallNetwork } from '../support/tflite-graphs.ts'

const host = nodeHost()
const here = (await tfliteC.available(host)).ok && tfliteHeaders() !== null
const every = 'CONV_2D,DEPTHWISE_CONV_2D,FULLY_CONNECTED,RESHAPE'

needs('cc')('an external delegate', () => {
  const folder = temporaryFolder()
  let library = ''
  let said: { claimed(): number[]; invocations(): number }

  beforeAll(async () => {
    if (!here) return
    library = buildDelegate(folder)
    const loaded = (await loadKoffi(host))!.load(library)
    const claimed = loaded.func('int test_delegate_claimed(_Out_ int *nodes, int capacity)')
    const nodes = new Int32Array(1024)
    said = {
      claimed: () => [...nodes.subarray(0, claimed(nodes, nodes.length))],
      invocations: loaded.func('int test_delegate_invocations()') as () => number,
    }
  })

  const device = (options: readonly string[]): Device => ({
    id: 'tflite-c:test',
    kind: 'npu',
    name: 'test',
    facts: { delegate: library, options },
    sources: [],
  })
  const segmentOf = (graph: Graph) => segmentFor(readModel(writeTflite(graph), 'made'), tfliteC)
  const inputsOf = (graph: Graph, random: () => number): Record<string, TensorValue> => {
    const value = (name: string): TensorValue => {
      const tensor = graph.tensors.get(name)!
      return { dtype: tensor.dtype, shape: tensor.shape as readonly number[], data: randomValues(tensor, random) }
    }
    return Object.fromEntries(graph.inputs.map((name) => [name, value(name)]))
  }
  const takenNodes = ({ placement }: Executable) =>
    placement!.nodes.flatMap(({ at }, index) => (at === 'libtestdelegate.so' ? [index] : []))

  /** Runs a model on the delegate and on the interpreter, with random inputs, and expects the same bits. */
  async function expectExact(segment: Segment, options: readonly string[], runs = 5): Promise<Executable> {
    await using executable = await tfliteC.prepare(segment, device(options), host)
    const random = randomNumbers(7)
    const { graph } = segment
    for (let run = 0; run < runs; run++) {
      const inputs = inputsOf(graph, random)
      const expected = interpret(
        graph,
        graph.inputs.map((name) => inputs[name]!.data as Values),
        'tflm',
      )
      const actual = await executable.run(inputs)
      for (const name of graph.outputs) expect(actual[name]!.data).toEqual(expected.get(name))
    }
    return executable
  }

  /** The first nodes of the small network, as a model of their own. */
  function head(count: number): Graph {
    const { nodes, tensors, inputs } = smallNetwork()
    const kept = nodes.slice(0, count)
    const names = new Set(kept.flatMap((node) => [...node.inputs, ...node.outputs]))
    const used = [...tensors.values()].filter(({ name }) => names.has(name))
    return canonicalGraph(used, kept, inputs, kept.at(-1)!.outputs)
  }

  it.runIf(here)('computes what it claims: its outputs are the reference interpreter’s bit for bit', async () => {
    const before = said.invocations()
    const executable = await expectExact(segmentOf(head(1)), [`ops=${every}`])
    expect(describePlacement(executable.placement!)).toBe('libtestdelegate.so took 1 of 1 nodes')
    expect(said.invocations()).toBe(before + 5)
  })

  it.runIf(here)('takes only the operators that it declares, and the product names exactly those nodes', async () => {
    const segment = segmentOf(smallNetwork())
    for (const [ops, nodes] of [
      [every, [0, 2, 3]],
      ['CONV_2D', [0]],
      ['FULLY_CONNECTED', [3]],
      ['RESHAPE,FULLY_CONNECTED', [2, 3]],
    ] as const) {
      await using executable = await tfliteC.prepare(segment, device([`ops=${ops}`]), host)
      expect(takenNodes(executable)).toEqual(nodes)
      expect(takenNodes(executable)).toEqual(said.claimed())
    }
    await using executable = await tfliteC.prepare(segment, device([`ops=${every}`, 'most=1']), host)
    expect(describePlacement(executable.placement!)).toBe(
      'libtestdelegate.so took 1 of 5 nodes; on the processor: average_pool_2d, reshape, fully_connected, softmax',
    )
  })

  it.runIf(here)('never runs on the processor in its place unsaid', async () => {
    const segment = segmentOf(smallNetwork())
    const prepare = (ops: string, fallback: 'report' | 'refuse') =>
      tfliteC.prepare(segment, device([`ops=${ops}`]), host, { fallback })
    await expect(prepare('none', 'report')).rejects.toMatchObject({
      code: 'FALLBACK_REFUSED',
      detail: expect.stringContaining('took 0 of 5 nodes'),
    })
    await expect(prepare(every, 'refuse')).rejects.toMatchObject({
      code: 'FALLBACK_REFUSED',
      detail: expect.stringContaining('on the processor: average_pool_2d, softmax'),
    })
    await expect(
      tfliteC.prepare(segment, device([`ops=${every}`]), host, { keepOnCpu: ['conv_2d#0'] }),
    ).rejects.toMatchObject({ code: 'BACKEND_LACKS' })
  })

  it.runIf(here)('tells in its own words why it cannot be made, prepared or run', async () => {
    const segment = segmentOf(head(1))
    const prepare = (...options: string[]) => tfliteC.prepare(segment, device([`ops=${every}`, ...options]), host)
    await expect(prepare('fail=create')).rejects.toThrow(/finds no hardware/)
    await expect(prepare('speed=max')).rejects.toThrow(/no such option/)
    await expect(prepare('fail=prepare')).rejects.toThrow(/cannot prepare its nodes/)
    await using executable = await prepare('fail=invoke')
    await expect(executable.run(inputsOf(segment.graph, randomNumbers(1)))).rejects.toThrow(/stops here/)
    const nowhere = { ...device([]), facts: { delegate: '/nowhere/libdelegate.so', options: [] } }
    await expect(tfliteC.prepare(segment, nowhere, host)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })

  /** The reference interpreter, with the arithmetic of whoever ran each node. */
  function interpretPlaced(graph: Graph, inputs: Record<string, TensorValue>, { placement }: Executable) {
    const values = new Map(graph.inputs.map((name) => [name, inputs[name]!.data as Values]))
    for (const [index, node] of graph.nodes.entries()) {
      const names = node.inputs.filter((name) => values.has(name))
      const step: Graph = { ...graph, nodes: [node], inputs: names, outputs: node.outputs }
      const ours = placement!.nodes[index]!.at !== 'cpu' || node.op === 'average_pool_2d'
      const results = interpret(
        step,
        names.map((name) => values.get(name)!),
        ours ? 'tflm' : 'fp32',
      )
      for (const name of node.outputs) values.set(name, results.get(name)!)
    }
    return values
  }

  const models = sharedPath('data', 'mlperf-tiny', 'models')
  it.runIf(here && models).each([
    ['ad01_int8', 10, 10],
    ['kws_ref_model', 11, 13],
    ['vww_96_int8', 29, 31],
    ['pretrainedResnet_quant', 11, 16],
  ])('shares %s: %i of %i nodes, every one with its own bits', async (name, taken, all) => {
    const segment = segmentFor(readModel(readFileSync(join(models!, `${name}.tflite`)), name), tfliteC)
    await using executable = await tfliteC.prepare(segment, device([`ops=${every}`]), host)
    expect(takenNodes(executable)).toEqual(said.claimed())
    expect([takenNodes(executable).length, executable.placement!.nodes.length]).toEqual([taken, all])
    const inputs = inputsOf(segment.graph, randomNumbers(3))
    const expected = interpretPlaced(segment.graph, inputs, executable)
    const actual = await executable.run(inputs)
    for (const output of segment.graph.outputs) expect(actual[output]!.data).toEqual(expected.get(output))
  })

  describe('in the list of devices', () => {
    const named = (text: string) => ({
      ...host,
      environment: { ...host.environment, MILLIWATT_TFLITE_DELEGATES: text },
    })

    it.runIf(here)('is found after a trial in a process of its own', async () => {
      const [finding] = await tfliteC.devices!(named(`${library}?ops=${every}`), await ownTargets())
      expect(finding).toMatchObject({
        status: 'found',
        kind: 'npu',
        device: { facts: { delegate: library, trial: 'libtestdelegate.so took 1 of 1 nodes' } },
      })
    })

    it.runIf(here)('is not usable when the trial fails or its process dies, with the reason', async () => {
      const text = [`${library}?ops=${every}&fail=crash`, `${library}?ops=none`, '/nowhere/libother.so'].join(';')
      const findings = await tfliteC.devices!(named(text), await ownTargets())
      const reasons = findings.map((finding) => (finding.status === 'unusable' ? finding.reason : finding.status))
      expect(reasons).toEqual([
        expect.stringMatching(/failed its trial: the process was ended by SIGABRT/),
        expect.stringMatching(/failed its trial: .*took 0 of 1 nodes/),
        expect.stringMatching(/failed its trial: .*cannot open shared object/),
      ])
    })

    it.runIf(here)(
      'that a target names is found by its library, also when it takes only models compiled for it',
      async () => {
        const all = await ownTargets()
        const target = all.accelerators.get('coral-edge-tpu-usb')!
        const withDelegate = (options: readonly string[], takes: 'any model' | 'models compiled for it') => {
          const delegate = { ...target.delegate!, libraries: ['libnothere.so', 'libtestdelegate.so'], options, takes }
          return { ...all, accelerators: new Map([[target.id, { ...target, delegate }]]) }
        }
        const own = { ...host, environment: { ...host.environment, LD_LIBRARY_PATH: folder } }
        const [any] = await tfliteC.devices!(own, withDelegate([`ops=${every}`], 'any model'))
        const device = {
          id: 'tflite-c:coral-edge-tpu-usb',
          target: target.id,
          facts: { proof: target.delegate!.status },
        }
        expect(any).toMatchObject({ status: 'found', device })
        const [compiled] = await tfliteC.devices!(own, withDelegate(['ops=none'], 'models compiled for it'))
        expect(compiled).toMatchObject({
          status: 'found',
          device: { facts: { trial: expect.stringContaining('compiled') } },
        })
        const [broken] = await tfliteC.devices!(own, withDelegate(['fail=create'], 'models compiled for it'))
        expect(broken).toMatchObject({ status: 'unusable', next: target.needs })
      },
    )

    it.runIf(here)('is planned over, with what it took in the report', { timeout: 60_000 }, async () => {
      const own = { ...named(`${library}?ops=CONV_2D`), cacheFolder: join(folder, 'cache') }
      await using runtime = await openRuntimeOn(own, { backends: ['tflite-c'] })
      const model = await runtime.load(writeTflite(smallNetwork()))
      const { candidates, profileSource } = model.plan
      const row = candidates.find(({ device }) => device === 'tflite-c:libtestdelegate.so ops=CONV_2D')
      expect(row?.latencyS).toBeGreaterThan(0)
      expect(profileSource).toMatch(
        / on tflite-c: libtestdelegate\.so took 1 of 5 nodes; on the processor: average_pool/,
      )
    })

    it.runIf(here)('can be named on the command line', { timeout: 60_000 }, async () => {
      const { stdout } = await milliwatt(['devices', '--json', '--delegate', `${library}?ops=CONV_2D`])
      const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] }
      const id = 'tflite-c:libtestdelegate.so ops=CONV_2D'
      expect(findings).toContainEqual(
        expect.objectContaining({ status: 'found', device: expect.objectContaining({ id }) }),
      )
    })

    it.runIf(here)('names the nodes of the graph where the file holds more', async () => {
      const bytes = readFileSync(resolve(import.meta.dirname, '../../models/kws/ds-cnn-16-int8.onnx'))
      const segment = segmentFor(readModel(bytes, 'kws'), tfliteC)
      await using executable = await tfliteC.prepare(segment, device(['ops=CONV_2D']), host)
      const taken = executable.placement!.nodes.filter(({ at }) => at !== 'cpu')
      const convolutions = segment.graph.nodes.filter(({ op }) => op === 'conv_2d')
      expect(taken.map(({ name }) => name)).toEqual(convolutions.map(({ name }) => name))
    })
  })
})
