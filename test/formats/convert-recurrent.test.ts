import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import { writeOnnx } from '../../src/formats/onnx/write.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import type { AttributeValue, Graph } from '../../src/graph/graph.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import type { Values } from '../../src/graph/reference/values.ts'
import {
  graphOf,
  largestDifference,
  node,
  ortModel,
  randomNumbers,
  randomValues,
  tensor,
  throughOnnx,
} from './convert-support.ts'

const random = randomNumbers(41)
const [steps, batches, depth, units] = [5, 2, 3, 4]

interface Layer {
  readonly op: 'LSTM' | 'GRU' | 'RNN'
  readonly gates: number
  readonly attributes?: Readonly<Record<string, AttributeValue>>
  readonly bias?: boolean
  readonly initial?: boolean
}

function onnxLayer({ op, gates, attributes = {}, bias = true, initial = false }: Layer): Graph {
  const directions = attributes.direction === 'bidirectional' ? 2 : 1
  const rows = gates * units
  const state = [directions, batches, units]
  const states = op === 'LSTM' ? ['h', 'c'] : ['h']
  const constant = (name: string, shape: readonly number[]) => tensor(name, shape, { constant: random })
  const inputs = ['x', 'w', 'r', bias ? 'b' : '', '', ...(initial ? states : [])]
  const outputs = ['y', ...states.map((name) => `last ${name}`)]
  return graphOf(
    [node(op, inputs, outputs, { hidden_size: units, ...attributes })],
    [
      tensor('x', [steps, batches, depth]),
      constant('w', [directions, rows, depth]),
      constant('r', [directions, rows, units]),
      ...(bias ? [constant('b', [directions, 2 * rows])] : []),
      ...(initial ? states.map((name) => tensor(name, state)) : []),
      tensor('y', [steps, directions, batches, units]),
      ...states.map((name) => tensor(`last ${name}`, state)),
    ],
    outputs,
  )
}

const layers: readonly Layer[] = [
  { op: 'LSTM', gates: 4 },
  { op: 'LSTM', gates: 4, bias: false, initial: true },
  { op: 'LSTM', gates: 4, attributes: { direction: 'reverse' } },
  { op: 'LSTM', gates: 4, attributes: { direction: 'bidirectional' }, initial: true },
  { op: 'GRU', gates: 3, attributes: { linear_before_reset: 1 } },
  { op: 'GRU', gates: 3, initial: true },
  { op: 'GRU', gates: 3, attributes: { direction: 'bidirectional', linear_before_reset: 1 }, initial: true },
  { op: 'RNN', gates: 1 },
  { op: 'RNN', gates: 1, attributes: { activations: ['Relu'] }, initial: true },
]

describe('recurrent layers of ONNX', () => {
  it.each(layers)('$op $attributes initial: $initial equals onnxruntime, interpreted and compiled', async (layer) => {
    const onnx = onnxLayer(layer)
    const canonical = throughOnnx(onnx)
    const run = await ortModel(writeOnnx(onnx))
    const compiled = instantiate(compileGraph(canonical, { semantics: 'fp32' }).wasm)
    for (let turn = 0; turn < 3; turn++) {
      const inputs = onnx.inputs.map((name) => [onnx.tensors.get(name)!, randomValues(onnx.tensors.get(name)!, random)])
      const expected = await run(Object.fromEntries(onnx.inputs.map((name, i) => [name, inputs[i]])) as never)
      const values = interpret(
        canonical,
        inputs.map(([, each]) => each as Values),
        'fp32',
      )
      compiled.inputs.forEach(({ data }, index) => {
        data.set(inputs[index]![1] as never)
      })
      compiled.run()
      onnx.outputs.forEach((name, index) => {
        expect(largestDifference(values.get(name)!, expected[name]!)).toBeLessThan(2e-6)
        expect(largestDifference(compiled.outputs[index]!.data, expected[name]!)).toBeLessThan(2e-6)
      })
    }
  })

  it('name the forms that are missing', () => {
    const refused = (layer: Layer) => () => throughOnnx(onnxLayer(layer))
    const attributes = (more: Readonly<Record<string, AttributeValue>>) =>
      ({ op: 'LSTM', gates: 4, attributes: more }) as const
    expect(refused(attributes({ activations: ['Sigmoid', 'Relu', 'Tanh'] }))).toThrow(/activations Sigmoid, Relu/)
    expect(refused(attributes({ clip: 1.5 }))).toThrow(/clip is missing/)
    expect(refused(attributes({ input_forget: 1 }))).toThrow(/input_forget is missing/)
  })

  it('have no TFLite form: its states stay between runs', () => {
    expect(() => writeTflite(throughOnnx(onnxLayer({ op: 'LSTM', gates: 4 })))).toThrow(/begins afresh/)
    expect(() => writeTflite(throughOnnx(onnxLayer({ op: 'GRU', gates: 3 })))).toThrow(/no operator of TFLite/)
  })
})
