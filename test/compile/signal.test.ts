import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import { readModel } from '../../src/formats/list.ts'
import type { DataType, Graph } from '../../src/graph/graph.ts'
import { interpret, type State } from '../../src/graph/reference/interpret.ts'
import { signalKernels } from '../../src/graph/reference/signal/list.ts'
import type { Values } from '../../src/graph/reference/values.ts'
import { sharedPath } from '../support/shared.ts'
import { canonicalGraph, node, tensor } from '../support/tflite-graphs.ts'
import { numbers } from './random-layer.ts'

type Out = readonly [DataType, readonly number[]]

/** One custom operator on one computed input; the other inputs are constants. */
function alone(
  op: string,
  [dtype, shape]: Out,
  outs: readonly Out[],
  attributes: Readonly<Record<string, number>>,
  constants: readonly (Int16Array | Uint32Array | Int32Array)[] = [],
): Graph {
  const names = outs.map((_, index) => `y${index}`)
  const types = (values: object): DataType =>
    values instanceof Int16Array ? 'int16' : values instanceof Int32Array ? 'int32' : 'uint32'
  const others = constants.map((values, index) =>
    tensor(`c${index}`, types(values), [values.length], { values: new Int32Array(0) }),
  )
  const filled = others.map((each, index) => {
    const { buffer, byteOffset, byteLength } = constants[index]!
    return { ...each, data: new Uint8Array(buffer, byteOffset, byteLength) }
  })
  return canonicalGraph(
    [tensor('x', dtype, shape), ...filled, ...outs.map(([type, lengths], at) => tensor(names[at]!, type, lengths))],
    [node(op, ['x', ...filled.map(({ name }) => name)], names, { ...attributes, custom: 1 })],
    ['x'],
    names,
  )
}

const next = numbers(5)
const int16s = (length: number, low = -32768, high = 32767) =>
  Int16Array.from({ length }, () => low + next() * (high - low))

const subtraction = {
  alternateOneMinusSmoothing: 15729,
  alternateSmoothing: 983,
  minSignalRemaining: 819,
  numChannels: 9,
  oneMinusSmoothing: 15974,
  smoothing: 409,
  smoothingBits: 10,
  spectralSubtractionBits: 14,
}
const stack = { numChannels: 2, stackerLeftContext: 1, stackerRightContext: 2, stackerStep: 2 }
const bank = [int16s(12, 0, 4096), int16s(12, 0, 4096), [0, 3, 4, 9], [0, 3, 6, 9], [3, 3, 0, 3]].map((each) =>
  Int16Array.from(each),
)

const cases: readonly Graph[] = [
  ...([2, 4, 8, 32, 128] as const).flatMap((half) =>
    (['int16', 'int32', 'float32'] as const).flatMap((dtype) => [
      alone('SignalRfft', [dtype, [2, 2 * half - 1]], [[dtype, [2, 2 * half + 2]]], { fftLength: 2 * half }),
      alone('SignalIrfft', [dtype, [2, 2 * half + 2]], [[dtype, [2, 2 * half]]], { fftLength: 2 * half }),
    ]),
  ),
  alone('SignalWindow', ['int16', [2, 9]], [['int16', [2, 9]]], { shift: 12 }, [int16s(9)]),
  alone(
    'SignalFftAutoScale',
    ['int16', [9]],
    [
      ['int16', [9]],
      ['int32', []],
    ],
    {},
  ),
  alone('SignalEnergy', ['int16', [20]], [['uint32', [10]]], { startIndex: 2, endIndex: 9 }),
  alone('SignalFilterBank', ['uint32', [12]], [['uint64', [3]]], { numChannels: 3 }, bank),
  alone('SignalFilterBankSquareRoot', ['uint64', [40]], [['uint32', [40]]], {}, [Int32Array.of(3)]),
  ...[0, 1].map((clamping) =>
    alone(
      'SignalFilterBankSpectralSubtraction',
      ['uint32', [9]],
      [
        ['uint32', [9]],
        ['uint32', [9]],
      ],
      {
        ...subtraction,
        clamping,
      },
    ),
  ),
  alone('SignalPCAN', ['uint32', [12]], [['uint32', [12]]], { snrShift: 6 }, [
    Uint32Array.from({ length: 12 }, (_, i) => 4 ** i + i),
    int16s(125),
  ]),
  alone('SignalFilterBankLog', ['uint32', [40]], [['int16', [40]]], { inputCorrectionBits: 3, outputScale: 1600 }),
  alone('SignalDelay', ['int16', [2, 5]], [['int16', [2, 5]]], { delayLength: 7 }),
  alone('SignalDelay', ['int16', [5]], [['int16', [5]]], { delayLength: 0 }),
  alone(
    'SignalFramer',
    ['int16', [2, 6]],
    [
      ['int16', [2, 3, 5]],
      ['bool', []],
    ],
    {
      frameSize: 5,
      frameStep: 2,
      prefill: 0,
    },
  ),
  alone(
    'SignalFramer',
    ['int16', [6]],
    [
      ['int16', [3, 5]],
      ['bool', []],
    ],
    { frameSize: 5, frameStep: 2, prefill: 1 },
  ),
  alone(
    'SignalStacker',
    ['int16', [2]],
    [
      ['int16', [8]],
      ['bool', []],
    ],
    stack,
  ),
  alone('SignalOverlapAdd', ['int16', [2, 3, 5]], [['int16', [2, 6]]], { frameStep: 2 }),
  alone('SignalOverlapAdd', ['float32', [3, 4]], [['float32', [12]]], { frameStep: 4 }),
]

function randomInput(graph: Graph): Values {
  const { dtype, shape } = graph.tensors.get('x')!
  const length = (shape as readonly number[]).reduce((a, b) => a * b, 1)
  const size = 2 ** Math.floor(next() * 31)
  if (dtype === 'float32') return Float32Array.from({ length }, () => next() * 2 - 1)
  if (dtype === 'uint32') return Uint32Array.from({ length }, () => next() * 2 * size)
  if (dtype === 'int32') return Int32Array.from({ length }, () => (next() * 2 - 1) * size)
  if (dtype === 'int16') return int16s(length)
  return BigUint64Array.from({ length }, () => (BigInt(Math.floor(next() * 2 ** 32)) * BigInt(size)) >> 2n)
}

describe('signal operators, compiled', () => {
  it.each(cases.map((graph) => [graph.nodes[0]!.op, graph] as const))('%s equals the interpreter', (_, graph) => {
    const model = instantiate(compileGraph(graph, { simd: 'scalar' }).wasm)
    const state: State = new Map()
    for (let turn = 0; turn < 25; turn++) {
      const x = randomInput(graph)
      model.inputs[0]!.data.set(x as never)
      model.run()
      const expected = interpret(graph, [x], 'tflm', state)
      for (const { name, data } of model.outputs) expect(data).toEqual(expected.get(name))
    }
  })

  it('has a case for every operator that the interpreter has', () => {
    expect([...new Set(cases.map(({ nodes }) => nodes[0]!.op))].sort()).toEqual(Object.keys(signalKernels).sort())
  })
})

const folder = sharedPath('data', 'mlperf-tiny', 'models')

describe.skipIf(!folder)("micro_speech's front end, compiled (needs ../shared/data/mlperf-tiny)", () => {
  it('equals the interpreter on 1,000 frames in a row, of all loudnesses', () => {
    const file = 'audio_preprocessor_int8.tflite'
    const { graph } = readModel(readFileSync(join(folder!, file)), file)
    const model = instantiate(compileGraph(graph).wasm)
    const state: State = new Map()
    const different: number[] = []
    for (let frame = 0; frame < 1000; frame++) {
      const loudness = 2 ** (1 + next() * 14)
      const x = int16s(480, -loudness, loudness - 1)
      model.inputs[0]!.data.set(x)
      model.run()
      const expected = interpret(graph, [x], 'tflm', state).get(graph.outputs[0]!) as Int8Array
      if (Buffer.compare(Buffer.from(expected), Buffer.from(model.outputs[0]!.data as Int8Array)) !== 0)
        different.push(frame)
    }
    expect(different).toEqual([])
  }, 60_000)
})
