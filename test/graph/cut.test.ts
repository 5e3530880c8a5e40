import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutSegment, cuttable } from '../../src/formats/cut-segment.ts'
import { segmentIn } from '../../src/formats/forms.ts'
import { readModel } from '../../src/formats/list.ts'
import { cutGraph, nodeGroups } from '../../src/graph/cut.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { interpret, type State } from '../../src/graph/reference/interpret.ts'
import type { Semantics } from '../../src/graph/reference/kernel.ts'
import type { Values } from '../../src/graph/reference/values.ts'
import type { Segment } from '../../src/graph/segment.ts'
import { randomNumbers, randomValues } from '../formats/convert-support.ts'
import { randomGraph, randomLayers } from '../support/random-graph.ts'
import { sharedPath } from '../support/shared.ts'
import { canonicalGraph, node, perTensor, smallNetwork, tensor } from '../support/tflite-graphs.ts'

const mlperf = sharedPath('data', 'mlperf-tiny', 'models')
const kws = (name: string) =>
  readModel(readFileSync(resolve(import.meta.dirname, '../../models/kws', `${name}.onnx`)), name)
const tiny = (name: string) => readModel(readFileSync(join(mlperf!, `${name}.tflite`)), name)
const written = (graph: Graph): Segment => ({ graph, source: { format: 'tflite', bytes: new Uint8Array(0) } })

/** Random values of a graph's inputs. */
function inputsOf(graph: Graph, seed: number): readonly Values[] {
  const random = randomNumbers(seed)
  return graph.inputs.map((name) => randomValues(graph.tensors.get(name)!, random))
}

/** Elements of the outputs of a segment, run as a whole. */
function whole(segment: Segment, inputs: readonly Values[], semantics: Semantics, state?: State) {
  const { graph } = segmentIn(segment, 'canonical')
  const values = interpret(graph, inputs, semantics, state)
  return new Map(graph.outputs.map((name) => [name, values.get(name)!]))
}

/** The same from parts that hand their outputs over, each read again from the file that it is written to. */
function inParts(segment: Segment, places: readonly string[], inputs: readonly Values[], semantics: Semantics) {
  const known = new Map<string, Values>(segment.graph.inputs.map((name, index) => [name, inputs[index]!]))
  const parts = cutSegment(segment, places)
  for (const { segment: part } of parts) {
    const given = part.graph.inputs.map((name) => known.get(name)!)
    const again = readModel(part.source.bytes, 'part')
    const { graph } = segmentIn(again, 'canonical')
    const values = interpret(graph, given, semantics)
    for (const [index, name] of part.graph.outputs.entries()) known.set(name, values.get(graph.outputs[index]!)!)
  }
  return { parts, outputs: new Map(segment.graph.outputs.map((name) => [name, known.get(name)!])) }
}

/** Places by random cuts: three places, changing with this probability. */
function randomPlaces(nodes: number, seed: number, change = 0.3): readonly string[] {
  const random = randomNumbers(seed)
  let place = 'a'
  return Array.from({ length: nodes }, () => {
    if (random() < change) place = ['a', 'b', 'c'][Math.floor(random() * 3)]!
    return place
  })
}

describe('cutting a graph', () => {
  it.each(['int8', 'float32'] as const)('gives parts that compute what the whole does: random %s graphs', (type) => {
    fc.assert(
      fc.property(randomLayers, fc.nat(), (layers, seed) => {
        const segment = written(randomGraph(layers, type))
        const inputs = inputsOf(segment.graph, seed)
        const places = randomPlaces(segment.graph.nodes.length, seed, 0.6)
        expect(inParts(segment, places, inputs, 'tflm').outputs).toEqual(whole(segment, inputs, 'tflm'))
      }),
      { numRuns: 150 },
    )
  })

  it('makes one part of one place and one of each run, with borders that keep their scales', () => {
    const graph = smallNetwork()
    expect(cutGraph(graph, Array(5).fill('a'))).toHaveLength(1)
    const parts = cutGraph(graph, ['a', 'b', 'b', 'a', 'a'])
    expect(parts.map(({ place, nodes }) => [place, nodes])).toEqual([
      ['a', [0]],
      ['b', [1, 2]],
      ['a', [3, 4]],
    ])
    expect(parts.map(({ graph: { inputs, outputs } }) => [inputs, outputs])).toEqual([
      [['x'], ['c']],
      [['c'], ['r']],
      [['r'], ['y']],
    ])
    expect(parts[1]!.graph.tensors.get('c')).toEqual(graph.tensors.get('c'))
    expect([...parts[1]!.graph.tensors.keys()].sort()).toEqual(['c', 'p', 'r', 's'])
  })

  it('leaves out what nobody reads, and refuses another number of places', () => {
    const graph = smallNetwork()
    const shorter = { ...graph, outputs: ['c'] }
    expect(cutGraph(shorter, ['a', 'b', 'b', 'b', 'b']).map(({ place }) => place)).toEqual(['a'])
    expect(() => cutGraph(graph, ['a'])).toThrow(/5 nodes, and 1 places/)
  })

  it('writes a part only when its bytes are read, and once', () => {
    const [first] = cutSegment(written(smallNetwork()), ['a', 'b', 'b', 'b', 'b'])
    const { source } = first!.segment
    expect(Object.getOwnPropertyDescriptor(source, 'bytes')?.get).toBeTypeOf('function')
    expect(source.bytes).toBe(source.bytes)
    expect(readModel(source.bytes, 'part').graph.outputs).toEqual(['c'])
  })
})

describe('cutting ONNX models that quantise by nodes', () => {
  const segment = kws('ds-cnn-16-int8')

  it('cuts between QuantizeLinear and DequantizeLinear wherever the places change', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const inputs = inputsOf(segment.graph, seed)
      const places = randomPlaces(segment.graph.nodes.length, seed)
      const { parts, outputs } = inParts(segment, places, inputs, 'fp32')
      expect(outputs).toEqual(whole(segment, inputs, 'fp32'))
      const inner = parts.slice(1).flatMap(({ segment: { graph } }) => graph.inputs.map((n) => graph.tensors.get(n)!))
      const borders = inner.filter(({ name }) => !segment.graph.inputs.includes(name))
      expect(borders.map(({ dtype }) => dtype).filter((dtype) => !dtype.includes('int8'))).toEqual([])
      for (const { segment: part } of parts) expect(part.graph.opsets).toEqual(segment.graph.opsets)
    }
  })

  it('tells which nodes belong together', () => {
    const groups = nodeGroups(segment.graph)
    const together = segment.graph.nodes.filter(
      (_, index) => groups.filter((group) => group === groups[index]).length > 1,
    )
    expect(together.some(({ op }) => op === 'Conv')).toBe(true)
    expect(together.some(({ op }) => op === 'DequantizeLinear')).toBe(false)
  })

  it('cuts float models and the canonical form of both', () => {
    for (const model of [kws('ds-cnn-16-float32'), cuttable(segment)]) {
      const inputs = inputsOf(model.graph, 3)
      const places = randomPlaces(model.graph.nodes.length, 3, 0.5)
      const { outputs } = inParts(model, places, inputs, 'fp32')
      expect(outputs).toEqual(whole(model, inputs, 'fp32'))
    }
  })
})

describe('state', () => {
  const int8 = (name: string) => tensor(name, 'int8', [2], { quantization: perTensor(1, 7) })
  const handle = { container: '', sharedName: 'v' }
  const graph = canonicalGraph(
    [int8('x'), tensor('read', 'resource', []), tensor('write', 'resource', []), int8('v'), int8('r'), int8('y')],
    [
      node('var_handle', [], ['read'], handle),
      node('read_variable', ['read'], ['v']),
      node('relu', ['x'], ['r'], { version: 2 }),
      node('var_handle', [], ['write'], handle),
      node('assign_variable', ['write', 'r'], []),
      node('relu', ['v'], ['y'], { version: 2 }),
    ],
    ['x'],
    ['y'],
  )

  it('stays in one part, and a cut that tears it apart is refused by its name', () => {
    expect(cutGraph(graph, ['a', 'a', 'a', 'a', 'a', 'b']).map(({ nodes }) => nodes)).toEqual([[1, 2, 4], [5]])
    expect(() => cutGraph(graph, ['a', 'a', 'b', 'b', 'b', 'b'])).toThrow(/state "\/v" .* parts 1 and 2/)
    expect(() => cutGraph(graph, ['a', 'a', 'b', 'a', 'a', 'a'])).toThrow(/state "\/v" .* parts 1 and 3/)
    const groups = nodeGroups(graph)
    expect([groups[1] === groups[2], groups[2] === groups[4], groups[4] === groups[5]]).toEqual([true, true, false])
  })
})

it.runIf(process.env.CI === 'true')('has ../shared/data/mlperf-tiny in CI', () => {
  expect(mlperf).not.toBeNull()
})

describe.skipIf(!mlperf)('MLPerf Tiny models in parts (needs ../shared/data/mlperf-tiny)', () => {
  it.each(['kws_ref_model', 'ad01_int8', 'pretrainedResnet_quant', 'vww_96_int8', 'str_ww_ref_model', 'ad01_fp32'])(
    '%s',
    (name) => {
      const segment = tiny(name)
      const inputs = inputsOf(segment.graph, 1)
      const expected = whole(segment, inputs, 'tflm')
      for (const [seed, change] of [
        [1, 0.2],
        [2, 0.9],
      ] as const) {
        const places = randomPlaces(segment.graph.nodes.length, seed, change)
        expect(inParts(segment, places, inputs, 'tflm').outputs).toEqual(expected)
      }
    },
    60_000,
  )
})
