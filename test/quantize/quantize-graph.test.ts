import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMilliwattError } from '../../src/core/errors.ts'
import { random } from '../../src/core/random.ts'
import { toCanonical } from '../../src/formats/convert/to-canonical.ts'
import { toOnnx } from '../../src/formats/convert/to-onnx.ts'
import { readModel } from '../../src/formats/list.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { dequantizeValues, quantizeValues } from '../../src/graph/quantized-values.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { checkGraph } from '../../src/graph/spec.ts'
import { evaluateGraph } from '../../src/loop/evaluate-graph.ts'
import { observe, type Samples } from '../../src/quantize/observe.ts'
import { answersOf, judgedTensors, signalToNoiseDb } from '../../src/quantize/output-error.ts'
import { quantizeGraph } from '../../src/quantize/quantize-graph.ts'
import { plainRecipe, type Recipe, rangeMethods, roundingMethods } from '../../src/quantize/recipe.ts'
import { toFloatGraph } from '../../src/quantize/to-float.ts'
import { randomGraph, randomLayers } from '../support/random-graph.ts'
import { canonicalGraph, node, smallNetwork, tensor } from '../support/tflite-graphs.ts'
import { smallInputs, smallNet } from './nets.ts'

function quantized(graph: Graph, samples: Samples, recipe: Partial<Recipe> = {}): Graph {
  return quantizeGraph(graph, observe(graph, samples, evaluateGraph), { ...plainRecipe, ...recipe })
}

function nearness(graph: Graph, made: Graph, samples: Samples): number {
  const names = judgedTensors(graph)
  return signalToNoiseDb(
    answersOf(evaluateGraph(graph, names), names, samples),
    answersOf(evaluateGraph(made, names), names, samples),
  )
}

function noise(graph: Graph, count: number): Samples {
  return Array.from({ length: count }, (_, at) => {
    const draw = random(at + 1)
    return graph.inputs.map((name) => {
      const length = (graph.tensors.get(name)!.shape as number[]).reduce((a, b) => a * b, 1)
      return Float32Array.from({ length }, () => draw.normal())
    })
  })
}

describe('a quantised graph', () => {
  const net = smallNet()
  const samples = smallInputs(40)

  it.each(rangeMethods.flatMap((ranges) => roundingMethods.map((rounding) => ({ ranges, rounding }))))(
    'answers like the float one, ranges by $ranges, rounding $rounding',
    (recipe) => {
      const made = quantized(net, samples, recipe)
      expect(nearness(net, made, samples)).toBeGreaterThan(recipe.ranges === 'entropy' ? 15 : 25)
      expect(made.tensors.get('w1')!.dtype).toBe('int8')
      expect(made.tensors.get('x')!.dtype).toBe('int8')
      expect(made.tensors.get('y')!.quantization).toEqual({ scales: [1 / 256], zeroPoints: [-128], axis: null })
    },
  )

  it('comes nearer with int16 activations, and holds int4 weights in half a byte each', () => {
    const int8 = nearness(net, quantized(net, samples), samples)
    const wide = quantized(net, samples, { precision: 'int16' })
    expect(nearness(net, wide, samples)).toBeGreaterThan(int8 + 3)
    expect(wide.tensors.get('b1')!.dtype).toBe('int64')
    const narrow = quantized(net, samples, { weightBits: 4, rounding: 'compensated' })
    expect(narrow.tensors.get('w1')!.data!.length).toBe((8 * 3 * 3 * 2) / 2)
    expect(nearness(net, narrow, samples)).toBeGreaterThan(10)
  })

  it('keeps float inputs and outputs where that is asked for', () => {
    const made = quantized(net, samples, { border: 'float32' })
    for (const name of ['x', 'y']) expect(made.tensors.get(name)!.dtype).toBe('float32')
    expect(made.nodes[0]!.op).toBe('quantize')
    expect(made.nodes.at(-1)!.op).toBe('dequantize')
  })

  it('has wide layers between conversions, and only there', () => {
    const wide = new Map([[net.nodes[2]!.name, 'float32' as const]])
    const made = quantized(net, samples, { wide })
    expect(made.nodes.map(({ op }) => op)).toEqual([
      'conv_2d',
      'depthwise_conv_2d',
      'dequantize',
      'conv_2d',
      'quantize',
      'average_pool_2d',
      'reshape',
      'fully_connected',
      'softmax',
    ])
    const wider = quantized(net, samples, { wide: new Map([[net.nodes[2]!.name, 'int16']]) })
    expect(wider.nodes.filter(({ op }) => op === 'quantize').length).toBe(2)
    expect(nearness(net, wider, samples)).toBeGreaterThan(20)
  })

  it('gives tensors that are moved as they are one scale', () => {
    const made = quantized(net, samples)
    const scale = (name: string) => made.tensors.get(name)!.quantization
    expect(scale('a3')).toEqual(scale('p'))
    expect(scale('p')).toEqual(scale('f'))
  })

  it('is the same after a way through TFLite and through ONNX', () => {
    const made = quantized(net, samples, { border: 'float32' })
    const [sample] = samples
    const direct = interpret(made, sample!, 'fp32').get('y')
    const { graph } = readModel(writeTflite(made), 'made.tflite')
    expect(interpret(graph, sample!, 'fp32').get('y')).toEqual(direct)
    const back = toCanonical(toOnnx(made, { activations: 'uint8' }))
    expect(interpret(back, sample!, 'fp32').get('y')).toEqual(direct)
  })

  it('leaves operators without an integer form in float', () => {
    const graph = canonicalGraph(
      [
        tensor('x', 'float32', [1, 4]),
        tensor('w', 'float32', [4, 4], { values: Float32Array.from({ length: 16 }, (_, at) => Math.sin(at)) }),
        tensor('d', 'float32', [1, 4]),
        tensor('e', 'float32', [1, 4]),
      ],
      [
        node('fully_connected', ['x', 'w', ''], ['d'], {
          activation: 'none',
          weightsFormat: 0,
          keepNumDims: 0,
          asymmetricQuantizeInputs: 0,
        }),
        node('exp', ['d'], ['e']),
      ],
      ['x'],
      ['e'],
    )
    const made = quantized(graph, noise(graph, 10))
    expect(made.nodes.map(({ op }) => op)).toEqual(['fully_connected', 'dequantize', 'exp', 'quantize'])
    expect(nearness(graph, made, noise(graph, 10))).toBeGreaterThan(20)
  })

  it('requantises what must have one scale and has not, and quantises constant operands', () => {
    const graph = canonicalGraph(
      [
        tensor('x', 'float32', [1, 2, 2, 4]),
        tensor('c', 'float32', [4], { values: Float32Array.of(1, -2, 3, 0.5) }),
        tensor('m', 'float32', [1, 2, 2, 4]),
        tensor('s', 'float32', [1, 2, 2, 4]),
        tensor('y', 'float32', [1, 2, 2, 8]),
      ],
      [
        node('mul', ['x', 'c'], ['m'], { activation: 'none' }),
        node('logistic', ['x'], ['s']),
        node('concatenation', ['m', 's'], ['y'], { axis: 3, activation: 'none' }),
      ],
      ['x'],
      ['y'],
    )
    const made = quantized(graph, noise(graph, 20))
    checkGraph(made, 'made')
    expect(made.nodes.map(({ op }) => op)).toContain('quantize')
    expect(nearness(graph, made, noise(graph, 20))).toBeGreaterThan(25)
  })

  it('gives constants beside activations the scale that all must have, and leaves integers alone', () => {
    const graph = canonicalGraph(
      [
        tensor('x', 'float32', [1, 4]),
        tensor('n', 'int32', [1, 2]),
        tensor('c', 'float32', [1, 2], { values: Float32Array.of(1.5, -2) }),
        tensor('k', 'int32', [1, 2], { values: Int32Array.of(3, 4) }),
        tensor('y', 'float32', [1, 6]),
        tensor('m', 'int32', [1, 2]),
      ],
      [
        node('concatenation', ['c', 'x'], ['y'], { axis: 1, activation: 'none' }),
        node('mul', ['n', 'k'], ['m'], { activation: 'none' }),
      ],
      ['x', 'n'],
      ['y', 'm'],
    )
    const evaluate = (inputs: readonly Float32Array[]) => {
      const y = Float32Array.of(1.5, -2, ...inputs[0]!)
      return new Map([
        ['x', inputs[0]!],
        ['y', y],
      ])
    }
    const observed = observe(graph, noise(graph, 20), () => evaluate)
    const made = quantizeGraph(graph, observed, plainRecipe)
    expect(made.nodes.map(({ op }) => op)).toEqual(['concatenation', 'mul'])
    expect(made.tensors.get('m')!.dtype).toBe('int32')
    const given = quantizeValues(made.tensors.get('x')!, Float32Array.of(0.1, -1, 0.5, 0))
    const values = interpret(made, [given, Int32Array.of(5, -6)], 'tflm')
    expect([...(values.get('m') as Int32Array)]).toEqual([15, -24])
    const reals = dequantizeValues(made.tensors.get('y')!, values.get('y') as Int8Array)
    for (const [at, real] of [1.5, -2, 0.1, -1, 0.5, 0].entries()) expect(reals[at]).toBeCloseTo(real, 1)
  })

  it('is legal, runs in the interpreter as compiled, and is near, whatever the layers', () => {
    fc.assert(
      fc.property(randomLayers, fc.constantFrom('int8', 'int16'), (layers, precision) => {
        const graph = randomGraph(layers, 'float32')
        const samples = noise(graph, 6)
        const made = quantized(graph, samples, { precision })
        checkGraph(made, 'made')
        const given = made.inputs.map((name, at) => quantizeValues(made.tensors.get(name)!, samples[0]![at]!))
        const slow = interpret(made, given, 'tflm')
        const fast = evaluateGraph(made, made.outputs)(samples[0]!)
        for (const name of made.outputs) {
          const reals = dequantizeValues(made.tensors.get(name)!, slow.get(name) as Int8Array)
          expect([...fast.get(name)!]).toEqual([...reals])
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('what can be quantised', () => {
  it('is no model whose activations are integers already', () => {
    const failed = (() => {
      try {
        toFloatGraph(smallNetwork(), 'small.tflite')
      } catch (error) {
        return error
      }
      return null
    })()
    expect(isMilliwattError(failed) && failed.code).toBe('QUANTIZE_INPUT')
    expect(String(failed)).toContain('quantised already')
  })

  it('is no model with state', () => {
    const net = smallNet()
    const state = { name: 'kept', dtype: 'float32' as const, shape: [1, 3], variable: true as const }
    const graph: Graph = {
      ...net,
      tensors: new Map([...net.tensors, ['kept', state]]),
      nodes: [
        ...net.nodes,
        { ...net.nodes[6]!, name: 'last', op: 'add', inputs: ['y', 'kept'], outputs: ['z'], attributes: {} },
      ],
      outputs: ['z'],
    }
    expect(() => toFloatGraph(graph, 'a')).toThrow(/keeps state/)
  })

  it('are hybrid models, whose weights become floats first', () => {
    const weights = quantized(smallNet(), smallInputs(8)).tensors.get('w1')!
    const hybrid: Graph = { ...smallNet(), tensors: new Map([...smallNet().tensors, ['w1', weights]]) }
    const graph = toFloatGraph(hybrid, 'hybrid')
    expect(graph.tensors.get('w1')!.dtype).toBe('float32')
    expect(nearness(smallNet(), graph, smallInputs(8))).toBeGreaterThan(35)
  })
})
