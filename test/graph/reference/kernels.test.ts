import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMilliwattError, MilliwattError } from '../../../src/core/errors.ts'
import type { AttributeValue, Tensor } from '../../../src/graph/graph.ts'
import type { Quantization } from '../../../src/graph/quantization.ts'
import { interpret } from '../../../src/graph/reference/interpret.ts'
import type { Semantics } from '../../../src/graph/reference/kernel.ts'
import type { Values } from '../../../src/graph/reference/values.ts'
import { canonicalGraph, node, perChannel, perTensor, smallNetwork, tensor } from '../../support/tflite-graphs.ts'

type Attributes = Readonly<Record<string, AttributeValue>>

/** Runs one operator; constants are inputs with data. */
function run(
  op: string,
  inputs: readonly (readonly [Tensor, Values?] | null)[],
  out: Tensor,
  attributes: Attributes = {},
  semantics: Semantics = 'tflm',
): readonly number[] {
  const tensors = inputs.flatMap((each) => (each ? [each[0]] : []))
  const fed = inputs.flatMap((each) => (each?.[1] ? [each as readonly [Tensor, Values]] : []))
  const names = inputs.map((each) => each?.[0].name ?? '')
  const graph = canonicalGraph(
    [...tensors, out],
    [node(op, names, [out.name], attributes)],
    fed.map(([each]) => each.name),
    [out.name],
  )
  const values = interpret(
    graph,
    fed.map(([, each]) => each),
    semantics,
  )
  return Array.from(values.get(out.name) as ArrayLike<number>)
}

const int8 = (name: string, shape: readonly number[], quantization: Quantization) =>
  tensor(name, 'int8', shape, { quantization })
const float = (name: string, shape: readonly number[]) => tensor(name, 'float32', shape)
const list = (name: string, ...values: readonly number[]) =>
  [tensor(name, 'int32', [values.length], { values: Int32Array.from(values) })] as const
const valid = { strideH: 1, strideW: 1, padTop: 0, padBottom: 0, padLeft: 0, padRight: 0, activation: 'none' }
const everyInt8 = Int8Array.from({ length: 256 }, (_, i) => i - 128)

describe('layers that sum products', () => {
  it('leave padding out and take the zero point off the input', () => {
    const weights = tensor('w', 'int8', [1, 2, 2, 1], { quantization: perTensor(1), values: Int8Array.of(1, 2, 3, 4) })
    const result = run(
      'conv_2d',
      [[int8('x', [1, 2, 2, 1], perTensor(1, -5)), Int8Array.of(-4, -3, -2, -1)], [weights]],
      int8('y', [1, 2, 2, 1], perTensor(1, 10)),
      { ...valid, padBottom: 1, padRight: 1 },
    )
    // Inputs are 1 2 3 4: 30, 2·1 + 4·3, 3·1 + 4·2, 4.
    expect(result).toEqual([40, 24, 21, 14])
  })

  it('convolve by channel, with a multiplier of depth, dilated and in groups', () => {
    const ones = (shape: readonly number[], scales: readonly number[], axis: number) =>
      tensor('w', 'int8', shape, {
        quantization: perChannel(scales, axis),
        values: new Int8Array(shape.reduce((a, b) => a * b)).fill(1),
      })
    const x = [int8('x', [1, 1, 3, 2], perTensor(1)), Int8Array.of(1, 10, 2, 20, 3, 30)] as const
    const depthwise = run(
      'depthwise_conv_2d',
      [x, [ones([1, 1, 2, 4], [1, 0.5, 0.25, 1], 3)]],
      int8('y', [1, 1, 1, 4], perTensor(1)),
      { ...valid, dilationW: 2, dilationH: 1, depthMultiplier: 2 },
    )
    expect(depthwise).toEqual([4, 2, 10, 40])
    const grouped = run('conv_2d', [x, [ones([2, 1, 1, 1], [1, 1], 0)]], int8('y', [1, 1, 3, 2], perTensor(1)), valid)
    expect(grouped).toEqual([1, 10, 2, 20, 3, 30])
  })

  it('clamp to every activation that TFLite fuses and name the others', () => {
    const w = tensor('w', 'int8', [1, 1], { quantization: perTensor(1), values: Int8Array.of(1) })
    const x = [int8('x', [5, 1], perTensor(0.1)), Int8Array.of(-100, -5, 5, 50, 100)] as const
    const dense = (activation: string) =>
      run('fully_connected', [x, [w], null], int8('y', [5, 1], perTensor(0.1, -10)), { activation })
    expect(dense('none')).toEqual([-110, -15, -5, 40, 90])
    expect(dense('relu')).toEqual([-10, -10, -5, 40, 90])
    expect(dense('relu6')).toEqual([-10, -10, -5, 40, 50])
    expect(dense('relu_n1_to_1')).toEqual([-20, -15, -5, 0, 0])
    expect(() => dense('tanh')).toThrow(/OP_UNSUPPORTED|fused activation tanh/)
  })

  it('compute the factor of a fully connected layer in float32, that of a convolution in double', () => {
    // 16777217 · 2^-24 as a product of two float32 values is not a float32 value.
    const [a, b] = [Math.fround(1 + 2 ** -12), Math.fround(1 + 2 ** -12)]
    expect(Math.fround(a * b)).not.toBe(a * b)
    const bias = tensor('b', 'int32', [1], { values: Int32Array.of(2 ** 25), quantization: perTensor(a * b) })
    const out = (shape: readonly number[]) => tensor('y', 'int32', shape, { quantization: perTensor(1) })
    const w = (shape: readonly number[]) =>
      tensor('w', 'int8', shape, { quantization: perTensor(b), values: Int8Array.of(0) })
    const x = (shape: readonly number[]) => [int8('x', shape, perTensor(a)), Int8Array.of(0)] as const
    const dense = run('fully_connected', [x([1, 1]), [w([1, 1])], [bias]], out([1, 1]), { activation: 'none' })
    const conv = run('conv_2d', [x([1, 1, 1, 1]), [w([1, 1, 1, 1])], [bias]], out([1, 1, 1, 1]), valid)
    expect(dense[0]).toBe(2 ** 25 * Math.fround(a * b))
    expect(conv[0]).toBe(Math.round(2 ** 25 * a * b))
    expect(dense[0]).not.toBe(conv[0])
  })

  it('round ties by name: fp32 to even, tflm away from zero', () => {
    const w = tensor('w', 'int8', [1, 1], { quantization: perTensor(1), values: Int8Array.of(1) })
    const x = [int8('x', [4, 1], perTensor(0.5)), Int8Array.of(1, 3, 5, -5)] as const
    const dense = (semantics: Semantics) =>
      run('fully_connected', [x, [w], null], int8('y', [4, 1], perTensor(1)), { activation: 'none' }, semantics)
    expect(dense('tflm')).toEqual([1, 2, 3, -2])
    expect(dense('fp32').map((v) => v + 0)).toEqual([0, 2, 2, -2])
  })

  it('take int16 activations with int64 biases, and int4 weights', () => {
    const packed = tensor('w', 'int4', [1, 3], { quantization: perTensor(1), values: Uint8Array.of(0x2f, 0x08) })
    const bias = tensor('b', 'int64', [1], { values: BigInt64Array.of(5n), quantization: perTensor(1) })
    const result = run(
      'fully_connected',
      [[tensor('x', 'int16', [1, 3], { quantization: perTensor(1) }), Int16Array.of(100, 200, 300)], [packed], [bias]],
      tensor('y', 'int16', [1, 1], { quantization: perTensor(1) }),
      { activation: 'none' },
    )
    expect(result).toEqual([-100 + 400 - 2400 + 5])
  })

  it('spread a transposed convolution over its output', () => {
    const w = tensor('w', 'int8', [1, 1, 2, 1], { quantization: perTensor(1), values: Int8Array.of(1, 10) })
    const x = [int8('x', [1, 1, 2, 1], perTensor(1, 1)), Int8Array.of(2, 3)] as const
    const bias = tensor('b', 'int32', [1], { values: Int32Array.of(100), quantization: perTensor(1) })
    const stride = (strideW: number, width: number) =>
      run('transpose_conv', [list('s', 1, 1, width, 1), [w], x, [bias]], int8('y', [1, 1, width, 1], perTensor(1)), {
        ...valid,
        strideW,
      })
    expect(stride(1, 3)).toEqual([101, 112, 120])
    expect(stride(2, 4)).toEqual([101, 110, 102, 120])
  })

  it('sum floats in float32, also under integer weights', () => {
    const w = tensor('w', 'float32', [1, 3], { values: Float32Array.of(1, 1, 1) })
    const x = [float('x', [1, 3]), Float32Array.of(2 ** 24, 1, 1)] as const
    expect(run('fully_connected', [x, [w], null], float('y', [1, 1]), { activation: 'none' })).toEqual([2 ** 24])
    const hybrid = tensor('w', 'int8', [1, 3], { quantization: perTensor(0.5), values: Int8Array.of(0, 2, 6) })
    expect(run('fully_connected', [x, [hybrid], null], float('y', [1, 1]), { activation: 'none' })).toEqual([4])
  })
})

describe('pools, sums and products of tensors', () => {
  it('divide with halves away from zero, over what the window sees', () => {
    const x = [int8('x', [1, 2, 3, 1], perTensor(1)), Int8Array.of(1, 2, -3, 2, -2, -3)] as const
    const attributes = { ...valid, filterH: 2, filterW: 2, padRight: 1 }
    expect(run('average_pool_2d', [x], int8('y', [1, 1, 3, 1], perTensor(1)), attributes)).toEqual([1, -2, -3])
    expect(run('max_pool_2d', [x], int8('y', [1, 1, 3, 1], perTensor(1)), attributes)).toEqual([2, 2, -3])
  })

  it('keep every sum and product of int8 within one step of the real value', () => {
    const grid = Int8Array.from({ length: 256 }, (_, i) => i - 128)
    const scales = fc.float({ min: Math.fround(0.001), max: 1, noNaN: true })
    fc.assert(
      fc.property(scales, scales, fc.integer({ min: -128, max: 127 }), (sa, sb, zero) => {
        const so = Math.fround(sa + sb)
        const a = [int8('a', [256, 1], perTensor(sa, zero)), grid] as const
        const b = [int8('b', [1, 16], perTensor(sb, 3)), grid.slice(0, 16)] as const
        const reals = (combine: (x: number, y: number) => number, scale: number) =>
          Array.from({ length: 4096 }, (_, i) => {
            const real = combine(sa * (grid[i >> 4]! - zero), sb * (grid[i & 15]! - 3)) / scale
            return Math.min(127, Math.max(-128, real))
          })
        const near = (op: string, expected: readonly number[], scale: number, semantics: Semantics) => {
          const out = int8('y', [256, 16], perTensor(scale))
          const got = run(op, [a, b], out, { activation: 'none' }, semantics)
          expect(Math.max(...got.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1.01)
        }
        for (const semantics of ['tflm', 'fp32'] as const) {
          near(
            'add',
            reals((x, y) => x + y, so),
            so,
            semantics,
          )
          near(
            'sub',
            reals((x, y) => x - y, so),
            so,
            semantics,
          )
          near(
            'mul',
            reals((x, y) => x * y, so),
            so,
            semantics,
          )
        }
      }),
      { numRuns: 15 },
    )
  })

  it('take means and sums over axes', () => {
    const x = [int8('x', [1, 2, 2, 2], perTensor(1, 1)), Int8Array.of(2, 11, 4, 21, 6, 31, 8, 41)] as const
    const axes = list('a', 1, 2)
    expect(run('mean', [x, axes], int8('y', [1, 2], perTensor(1, 1)))).toEqual([5, 26])
    expect(run('sum', [x, axes], int8('y', [1, 2], perTensor(2)))).toEqual([8, 50])
    expect(run('reduce_max', [x, axes], int8('y', [1, 2], perTensor(1, 1)))).toEqual([8, 41])
    const reals = [float('x', [2, 2]), Float32Array.of(1, 2, 3, 4)] as const
    expect(run('mean', [reals, list('a', -1)], float('y', [2]))).toEqual([1.5, 3.5])
  })
})

describe('functions of one value', () => {
  const reals: Readonly<Record<string, readonly [(x: number) => number, Quantization, number]>> = {
    logistic: [(x) => 1 / (1 + Math.exp(-x)), perTensor(1 / 256, -128), 1],
    tanh: [Math.tanh, perTensor(1 / 128), 1],
    relu: [(x) => Math.max(0, x), perTensor(0.04, -128), 1],
    relu6: [(x) => Math.min(6, Math.max(0, x)), perTensor(0.04, -128), 1],
    leaky_relu: [(x) => (x > 0 ? x : 0.25 * x), perTensor(0.05, -20), 1],
    hard_swish: [(x) => (x * Math.min(6, Math.max(0, x + 3))) / 6, perTensor(0.04, -110), 2],
    quantize: [(x) => x, perTensor(0.07, 4), 1],
  }

  it.each(Object.keys(reals))('%s of int8 stays near the real function for every value', (op) => {
    const [real, quantization, tolerance] = reals[op]!
    for (const semantics of ['tflm', 'fp32'] as const) {
      const x = [int8('x', [256], perTensor(0.05, 5)), everyInt8] as const
      const got = run(op, [x], int8('y', [256], quantization), { alpha: 0.25 }, semantics)
      const [scale, zero] = [quantization.scales[0]!, quantization.zeroPoints[0]!]
      const expected = Array.from(everyInt8, (q) => Math.min(127, Math.max(-128, real(0.05 * (q - 5)) / scale + zero)))
      expect(Math.max(...got.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(tolerance)
    }
  })

  it('softmax of int8 equals the rounded real one on plain values', () => {
    const x = [int8('x', [1, 5], perTensor(0.1, 0)), Int8Array.of(-40, -20, 0, 20, 40)] as const
    const got = run('softmax', [x], int8('y', [1, 5], perTensor(1 / 256, -128)), { beta: 1 })
    const exps = [-4, -2, 0, 2, 4].map(Math.exp)
    const total = exps.reduce((a, b) => a + b)
    expect(got).toEqual(exps.map((each) => Math.round((each / total) * 256) - 128))
  })

  it('softmax leaves out what lies far below the largest', () => {
    const x = [int8('x', [1, 3], perTensor(1)), Int8Array.of(-128, 127, -128)] as const
    expect(run('softmax', [x], int8('y', [1, 3], perTensor(1 / 256, -128)), { beta: 1 })).toEqual([-128, 127, -128])
  })

  it('quantize floats with halves away from zero or to even, dequantize by channel', () => {
    const x = [float('x', [5]), Float32Array.of(0.5, 1.5, 2.5, -2.5, 1000)] as const
    const out = int8('y', [5], perTensor(1))
    expect(run('quantize', [x], out)).toEqual([1, 2, 3, -3, 127])
    expect(run('quantize', [x], out, {}, 'fp32')).toEqual([0, 2, 2, -2, 127])
    const q = [int8('q', [2, 2], { scales: [0.5, 2], zeroPoints: [0, 1], axis: 0 }), Int8Array.of(1, 2, 3, 4)] as const
    expect(run('dequantize', [q], float('y', [2, 2]))).toEqual([0.5, 1, 4, 6])
  })

  it('prelu takes its slope from a tensor', () => {
    const slope = tensor('s', 'int8', [2], { quantization: perTensor(0.01), values: Int8Array.of(50, 100) })
    const x = [int8('x', [2, 2], perTensor(1)), Int8Array.of(-10, -10, 10, 20)] as const
    expect(run('prelu', [x, [slope]], int8('y', [2, 2], perTensor(1)))).toEqual([-5, -10, 10, 20])
  })
})

describe('movement of elements', () => {
  const x = [float('x', [2, 3]), Float32Array.of(1, 2, 3, 4, 5, 6)] as const

  it('pads, transposes, joins, cuts', () => {
    const q = [int8('x', [1, 2], perTensor(1, 7)), Int8Array.of(1, 2)] as const
    const paddings = [tensor('p', 'int32', [2, 2], { values: Int32Array.of(0, 1, 1, 0) })] as const
    expect(run('pad', [q, paddings], int8('y', [2, 3], perTensor(1, 7)))).toEqual([7, 1, 2, 7, 7, 7])
    expect(run('transpose', [x, list('p', 1, 0)], float('y', [3, 2]))).toEqual([1, 4, 2, 5, 3, 6])
    const other = [float('z', [2, 1]), Float32Array.of(8, 9)] as const
    expect(run('concatenation', [x, other], float('y', [2, 4]), { axis: -1 })).toEqual([1, 2, 3, 8, 4, 5, 6, 9])
    expect(run('slice', [x, list('b', 0, 1), list('s', -1, 2)], float('y', [2, 2]))).toEqual([2, 3, 5, 6])
    expect(run('reshape', [x, list('s', 3, 2)], float('y', [3, 2]))).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('moves blocks to channels and back, and mirrors', () => {
    const image = [float('x', [1, 2, 4, 1]), Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)] as const
    const deep = run('space_to_depth', [image], float('y', [1, 1, 2, 4]), { blockSize: 2 })
    expect(deep).toEqual([1, 2, 5, 6, 3, 4, 7, 8])
    const back = [float('x', [1, 1, 2, 4]), Float32Array.from(deep)] as const
    expect(run('depth_to_space', [back], float('y', [1, 2, 4, 1]), { blockSize: 2 })).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    const amounts = [tensor('p', 'int32', [2, 2], { values: Int32Array.of(0, 0, 2, 1) })] as const
    const mirror = (mode: string) => run('mirror_pad', [x, amounts], float('y', [2, 6]), { mode })
    expect(mirror('reflect')).toEqual([3, 2, 1, 2, 3, 2, 6, 5, 4, 5, 6, 5])
    expect(mirror('symmetric')).toEqual([2, 1, 1, 2, 3, 3, 5, 4, 4, 5, 6, 6])
  })

  it('multiplies matrices in batches, compares, takes logarithms of softmax', () => {
    const b = [float('b', [1, 2, 3]), Float32Array.of(1, 0, 0, 0, 1, 1)] as const
    const a = [float('a', [2, 1, 3]), Float32Array.of(1, 2, 3, 4, 5, 6)] as const
    expect(run('batch_matmul', [a, b], float('y', [2, 1, 2]), { adjY: 1 })).toEqual([1, 5, 4, 11])
    const [p, q] = [
      [int8('p', [1, 2], perTensor(0.5, 1)), Int8Array.of(3, 5)],
      [int8('q', [2, 1], perTensor(0.25, -1)), Int8Array.of(7, 1)],
    ] as const
    expect(run('batch_matmul', [p, q], int8('y', [1, 1], perTensor(0.125, 3)))).toEqual([3 + 16 + 8])
    const y = [float('z', [2, 3]), Float32Array.of(3, 2, 1, 4, 4, 9)] as const
    expect(run('less', [x, y], tensor('o', 'bool', [2, 3]))).toEqual([1, 0, 0, 0, 0, 1])
    const logs = run('log_softmax', [x], float('o', [2, 3]))
    expect(logs.map((each) => Math.exp(each)).reduce((total, each) => total + each)).toBeCloseTo(2, 5)
  })

  it('slices with strides, masks and removed axes', () => {
    const slice = (
      masks: Attributes,
      out: readonly number[],
      ...[begin, end, stride]: readonly (readonly number[])[]
    ) =>
      run('strided_slice', [x, list('b', ...begin!), list('e', ...end!), list('s', ...stride!)], float('y', out), masks)
    expect(slice({}, [1, 2], [1, 0], [2, 3], [1, 2])).toEqual([4, 6])
    expect(slice({ beginMask: 3, endMask: 3 }, [2, 3], [0, 0], [0, 0], [-1, -1])).toEqual([6, 5, 4, 3, 2, 1])
    expect(slice({ shrinkAxisMask: 1 }, [3], [-1, 0], [0, 3], [1, 1])).toEqual([4, 5, 6])
  })

  it('gathers, packs and unpacks along an axis', () => {
    const index = list('i', 2, 0)
    expect(run('gather', [x, index], float('y', [2, 2]), { axis: 1 })).toEqual([3, 1, 6, 4])
    const z = [float('z', [2, 3]), Float32Array.of(7, 8, 9, 10, 11, 12)] as const
    expect(run('pack', [x, z], float('y', [2, 2, 3]), { axis: 1 })).toEqual([1, 2, 3, 7, 8, 9, 4, 5, 6, 10, 11, 12])
    expect(run('unpack', [x], float('y', [3]), { axis: 0, num: 2 })).toEqual([1, 2, 3])
    expect(() => run('gather', [x, list('i', 3)], float('y', [2, 1]), { axis: 1 })).toThrow(/takes element 3 of 3/)
  })

  it("resizes by TFLite's three conventions", () => {
    const q = [int8('x', [1, 1, 2, 1], perTensor(1)), Int8Array.of(0, 100)] as const
    const bilinear = (flags: Attributes) =>
      run('resize_bilinear', [q, list('s', 1, 4)], int8('y', [1, 1, 4, 1], perTensor(1)), flags)
    expect(bilinear({})).toEqual([0, 50, 100, 100])
    expect(bilinear({ alignCorners: 1 })).toEqual([0, 33, 67, 100])
    expect(bilinear({ halfPixelCenters: 1 })).toEqual([0, 25, 75, 100])
    const reals = [float('x', [1, 1, 2, 1]), Float32Array.of(0, 100)] as const
    const out = float('y', [1, 1, 4, 1])
    expect(run('resize_bilinear', [reals, list('s', 1, 4)], out, { halfPixelCenters: 1 })).toEqual([0, 25, 75, 100])
    expect(run('resize_nearest_neighbor', [reals, list('s', 1, 4)], out)).toEqual([0, 0, 100, 100])
  })

  it('finds the first largest', () => {
    const axis = list('a', 1)
    expect(run('arg_max', [x, axis], tensor('y', 'int32', [2]))).toEqual([2, 2])
    expect(run('arg_min', [x, axis], tensor('y', 'int32', [2]))).toEqual([0, 0])
  })
})

describe('the interpreter', () => {
  it('names an operator that it has not got', () => {
    const attempt = () => run('unique', [[float('x', [1]), Float32Array.of(1)]], float('y', [1]))
    expect(attempt).toThrow(MilliwattError)
    expect(attempt).toThrow(/unique is missing/)
  })

  it('refuses inputs of another type or length', () => {
    for (const values of [new Int8Array(59), new Uint8Array(60), undefined]) {
      let caught: unknown
      try {
        interpret(smallNetwork(), values ? [values] : [], 'tflm')
      } catch (error) {
        caught = error
      }
      expect(isMilliwattError(caught, 'INPUT_SHAPE')).toBe(true)
    }
  })

  it('gives every tensor of a network', () => {
    const values = interpret(smallNetwork(), [new Int8Array(60).fill(20)], 'tflm')
    expect([...values.keys()].sort()).toEqual([...smallNetwork().tensors.keys()].sort())
  })
})

describe('operators that TensorFlow Lite in WebAssembly has not got or has wrong', () => {
  const uint8 = (name: string, length: number, quantization: Quantization) =>
    tensor(name, 'uint8', [length], { quantization })
  const q = perTensor(0.02, 4)
  const a = Uint8Array.of(0, 4, 5, 100, 200, 255, 255, 0, 30, 40)
  const b = Uint8Array.of(5, 5, 5, 50, 50, 5, 255, 0, 31, 2)

  // Outputs of TensorFlow Lite 2.9's C library.
  it('divide 8-bit integers in fixed point, and rescale parts that are joined', () => {
    const pair = [
      [uint8('a', 10, q), a],
      [uint8('b', 10, q), b],
    ] as const
    expect(run('div', pair, uint8('y', 10, perTensor(0.3, 128)))).toEqual([
      115, 128, 131, 135, 142, 255, 131, 131, 131, 68,
    ])
    const joined = run('concatenation', pair, uint8('y', 20, perTensor(0.031, 12)), { axis: 0 })
    expect(joined.slice(0, 8)).toEqual([9, 12, 13, 74, 138, 174, 174, 9])
    const zeros = [int8('b', [2], perTensor(1)), new Int8Array(2)] as const
    const byZero = run(
      'div',
      [[int8('a', [2], perTensor(1)), Int8Array.of(-1, 1)], zeros],
      int8('y', [2], perTensor(1)),
    )
    expect(byZero).toEqual([-128, 127])
  })

  it('tabulate functions of int8', () => {
    const table = (op: string, from: Quantization, to: Quantization) =>
      run(op, [[int8('x', [256], from), everyInt8]], int8('y', [256], to))
    for (const [op, real] of [
      ['exp', Math.exp],
      ['elu', (x: number) => (x < 0 ? Math.expm1(x) : x)],
      ['gelu', (x: number) => x / (1 + Math.exp(-1.702 * x))],
    ] as const) {
      const [from, to] = [perTensor(0.03, 20), perTensor(0.15, -100)]
      table(op, from, to).forEach((value, index) => {
        const exact = real(0.03 * (index - 128 - 20)) / 0.15 - 100
        expect(Math.abs(value - Math.min(127, Math.max(-128, exact)))).toBeLessThan(op === 'gelu' ? 0.7 : 0.501)
      })
    }
  })

  it('gelu of floats by the error function, or by a tangent', () => {
    const gelu = (approximate: number) =>
      run('gelu', [[float('x', [3]), Float32Array.of(-1, 0.5, 7)]], float('y', [3]), { approximate })
    const near = (values: readonly number[], expected: readonly number[]) => {
      for (const [index, value] of values.entries()) expect(value).toBeCloseTo(expected[index]!, 6)
    }
    near(gelu(0), [-0.15865526, 0.34573123, 7])
    near(gelu(1), [-0.15880801, 0.34571401, 7])
  })

  it('shape, fill, range, zeros and powers of integers', () => {
    const int32 = (name: string, shape: readonly number[]) => tensor(name, 'int32', shape)
    const scalar = (name: string, value: number) => [{ ...list(name, value)[0], shape: [] }] as const
    expect(run('shape', [[float('x', [2, 3]), new Float32Array(6)]], int32('y', [2]))).toEqual([2, 3])
    expect(run('fill', [list('s', 2, 2), scalar('v', 7)], int32('y', [2, 2]))).toEqual([7, 7, 7, 7])
    expect(run('range', [scalar('from', 5), scalar('to', -2), scalar('by', -3)], int32('y', [3]))).toEqual([5, 2, -1])
    expect(run('zeros_like', [[int32('x', [2]), Int32Array.of(1, 2)]], int32('y', [2]))).toEqual([0, 0])
    const power = run('pow', [[int32('x', [3]), Int32Array.of(3, -2, 7)], list('e', 4, 3, 0)], int32('y', [3]))
    expect(power).toEqual([81, -8, 1])
  })

  it('softmax of int16 sums to one', () => {
    const out = tensor('y', 'int16', [4], { quantization: perTensor(2 ** -15) })
    const x = tensor('x', 'int16', [4], { quantization: perTensor(0.001) })
    const result = run('softmax', [[x, Int16Array.of(-1000, 0, 1000, 2000)]], out, { beta: 1 })
    const exps = [-1, 0, 1, 2].map(Math.exp)
    const sum = exps.reduce((total, each) => total + each)
    for (const [index, value] of result.entries())
      expect(Math.abs(value / 32768 - exps[index]! / sum)).toBeLessThan(0.0005)
  })
})
