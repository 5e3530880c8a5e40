import { describe, expect, it } from 'vitest'
import type { Executable, TensorValue } from '../../src/backends/backend.ts'
import { dutModelOf, whyNoError } from '../../src/loop/dut-model.ts'
import type { Engine } from '../../src/loop/raw-engine.ts'

const quantization = { scale: 0.5, zeroPoint: 3 }
const input = { name: 'x', dtype: 'int8', shape: [1, 4], quantization } as const
const output = { name: 'y', dtype: 'int8', shape: [1, 4], quantization: { scale: 0.25, zeroPoint: -1 } } as const

/** Gives its own elements back, each one more; counts its resets. */
function engine(synchronous: boolean): Engine & { resets: number } {
  const [x, y] = [new Int8Array(4), new Int8Array(4)]
  const plusOne = (data: ArrayLike<number>) => Int8Array.from(data, (element) => element + 1)
  const counted = { resets: 0 }
  const executable: Executable = {
    inputs: [input],
    outputs: [output],
    run: async (inputs) => {
      const value: TensorValue = { ...output, data: plusOne(inputs.x!.data as Int8Array) }
      return { y: value }
    },
    ...(synchronous ? { synchronous: { inputs: [x], outputs: [y], run: () => y.set(plusOne(x)) } } : {}),
    reset: () => {
      counted.resets++
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
  return Object.assign(counted, { backend: 'fake', executable, inputs: [input], outputs: [output] })
}

describe('a model behind the MLPerf Tiny protocol', () => {
  it.each([true, false])('takes raw elements and answers with reals (synchronous: %s)', async (synchronous) => {
    const one = engine(synchronous)
    const model = dutModelOf(one, 'outputs')
    expect(model.inputBytes).toBe(4)
    model.load(Uint8Array.of(0, 1, 255, 128))
    await model.run()
    expect(model.results()).toEqual([0.5, 0.75, 0.25, -31.5])
    expect(one.resets).toBe(1)
  })

  it('takes float32 of four times the length, quantised and held in range', async () => {
    const model = dutModelOf(engine(true), 'outputs')
    model.load(new Uint8Array(Float32Array.of(0, 1, -1000, Number.NaN).buffer))
    await model.run()
    // 3, 5, -128 and 3 as elements, each one more behind the model.
    expect(model.results()).toEqual([1.25, 1.75, -31.5, 1.25])
  })

  it('answers with the mean squared error between input and output', async () => {
    const model = dutModelOf(engine(true), 'error')
    model.load(Uint8Array.of(3, 5, 3, 5))
    await model.run()
    // Inputs 0, 1, 0, 1; outputs 1.25, 1.75, 1.25, 1.75.
    expect(model.results()).toEqual([(2 * 1.25 ** 2 + 2 * 0.75 ** 2) / 4])
    expect(whyNoError(engine(true))).toBeNull()
    expect(whyNoError({ ...engine(true), outputs: [{ ...output, shape: [1, 2] }] })).toContain('as large')
  })

  it('says which lengths it takes', () => {
    const model = dutModelOf(engine(true), 'outputs')
    expect([model.refuses(4), model.refuses(16)]).toEqual([null, null])
    expect(model.refuses(5)).toBe('The model takes 4 bytes, or 16 as float32; the buffer holds 5')
  })
})
