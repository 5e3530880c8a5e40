import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Backend, type Executable, segmentSpecs } from '../../src/backends/backend.ts'
import { emulatedBackend } from '../../src/backends/emulated.ts'
import { compileGraph } from '../../src/compile/compile.ts'
import { isMilliwattError, type MilliwattError } from '../../src/core/errors.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import type { Segment } from '../../src/graph/segment.ts'
import type { LoadedModel } from '../../src/loop/model.ts'
import { dequantize, quantize } from '../../src/loop/quantize.ts'
import { openRuntimeOn } from '../../src/loop/runtime.ts'
import { buildOnnx, denseModel } from '../support/onnx-builder.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'
import { canonicalGraph, node, smallNetwork, tensor } from '../support/tflite-graphs.ts'

const folder = temporaryFolder()
const host = testHost(folder)
const network = smallNetwork()
const bytes = writeTflite(network)
const wasm = compileGraph(network).wasm
const values = Int8Array.from({ length: 60 }, (_, i) => ((i * 97) % 256) - 128)
const expected = [...(interpret(network, [values], 'tflm').get('y') as Int8Array)]
writeFileSync(join(folder, 'small.tflite'), bytes)
writeFileSync(join(folder, 'small.wasm'), wasm)

const compiledOnly = () => openRuntimeOn(host, { backends: ['compiled'] })
const refusal = async (work: () => unknown): Promise<string> => {
  try {
    await work()
  } catch (error) {
    if (isMilliwattError(error)) return `${error.code} ${error.detail}`
    throw error
  }
  return 'done'
}

describe('loading', () => {
  it.each([
    ['the path of a .tflite', join(folder, 'small.tflite')],
    ['the bytes of a .tflite', bytes],
    ['a Node buffer that is part of a larger one', Buffer.concat([Buffer.alloc(3), bytes]).subarray(3)],
    ['the path of a compiled module', join(folder, 'small.wasm')],
    ['the bytes of a compiled module', wasm],
  ])('takes %s', async (_, model) => {
    await using runtime = await compiledOnly()
    const loaded = await runtime.load(model)
    const { outputs } = await loaded.run(values)
    expect([...outputs.y!.data]).toEqual(expected)
    expect(loaded.plan.chosen?.backend).toBe('compiled')
    expect(loaded.inputs).toEqual([
      { name: 'x', dtype: 'int8', shape: [1, 6, 5, 2], quantization: { scale: 0.5, zeroPoint: 3 } },
    ])
    expect(loaded.outputs[0]?.quantization).toEqual({ scale: 1 / 256, zeroPoint: -128 })
    expect(outputs.y?.quantization).toEqual(loaded.outputs[0]?.quantization)
  })

  it('takes the bytes of an .onnx', async () => {
    await using runtime = await compiledOnly()
    const loaded = await runtime.load(denseModel(4, 3))
    const { outputs } = await loaded.run(Float32Array.of(1, 2, 3, 4))
    expect(outputs.y!.data.length).toBe(3)
    expect(loaded.inputs[0]?.quantization).toBeNull()
  })

  it('holds several models side by side, each on the backends that it may use', async () => {
    await using runtime = await openRuntimeOn(host)
    const [one, two] = await Promise.all([
      runtime.load(bytes, { backends: ['compiled'] }),
      runtime.load(bytes, { backends: ['onnxruntime-web'] }),
    ])
    const [first, second] = await Promise.all([one.runAsync(values), two.runAsync(values)])
    expect([...first.y!.data]).toEqual(expected)
    expect([two.plan.chosen?.backend, second.y?.quantization]).toEqual(['onnxruntime-web', first.y?.quantization])
    await one.dispose()
    expect((await two.runAsync(values)).y!.data.length).toBe(4)
  })

  it('names the flag and the option that close open dimensions', async () => {
    const value = (name: string) => ({ name, dims: ['batch', 2, 'time', 'batch'] })
    const open = buildOnnx({
      nodes: [{ op: 'Relu', inputs: ['a'], outputs: ['b'] }],
      inputs: [value('a')],
      outputs: [value('b')],
    })
    await using runtime = await compiledOnly()
    expect(await refusal(() => runtime.load(open))).toBe(
      'INPUT_SHAPE Its shape [batch, 2, time, batch] is open: give lengths, as with --dimensions batch=1 time=1. ' +
        "In a program: load(model, { dimensions: { 'batch': 1, 'time': 1 } }).",
    )
    const loaded = await runtime.load(open, { dimensions: { batch: 2, time: 3 } })
    expect(loaded.inputs[0]?.shape).toEqual([2, 2, 3, 2])
    expect((await loaded.run(new Float32Array(24).fill(-1))).outputs.b!.data).toEqual(new Float32Array(24))
  })
})

describe('typed tensors', () => {
  it('go from reals to integers and back', async () => {
    await using runtime = await compiledOnly()
    const model = await runtime.load(bytes)
    const reals = Float32Array.from(values, (q) => 0.5 * (q - 3))
    const input = quantize(model.inputs[0]!, reals)
    expect(input).toMatchObject({ dtype: 'int8', shape: [1, 6, 5, 2], data: values })
    const { y } = await model.runAsync({ x: input })
    expect([...dequantize(y!)]).toEqual(expected.map((q) => (q + 128) / 256))
    expect(() => quantize(model.inputs[0]!, [1])).toThrow(/wants 60 reals \(1×6×5×2\), got 1/)
  })

  it('give floats back as they are and refuse plain integers', () => {
    const data = Float32Array.of(1)
    expect(dequantize({ dtype: 'float32', shape: [1], data })).toBe(data)
    expect(() => dequantize({ dtype: 'int32', shape: [1], data: Int32Array.of(1) })).toThrow(/without a scale/)
    expect(() => quantize({ name: 'x', dtype: 'float32', shape: [1] }, [1])).toThrow(/x: .*without a scale/)
  })
})

describe('runInto', () => {
  it('fills the caller’s arrays, alone or by name', async () => {
    await using runtime = await compiledOnly()
    const model = await runtime.load(bytes)
    const outputs = model.allocateOutputs()
    model.runInto(values, outputs)
    expect([...outputs.y!]).toEqual(expected)
    const own = new Int8Array(4)
    model.runInto({ x: values }, own)
    expect([...own]).toEqual(expected)
  })

  it('checks all arrays before it writes one', async () => {
    await using runtime = await compiledOnly()
    const model = await runtime.load(bytes)
    expect([
      await refusal(() => model.runInto(new Int8Array(59), new Int8Array(4))),
      await refusal(() => model.runInto(new Uint8Array(60), new Int8Array(4))),
      await refusal(() => model.runInto(values, new Float32Array(4))),
      await refusal(() => model.runInto(values, {})),
      await refusal(() => model.runInto({}, new Int8Array(4))),
    ]).toEqual([
      'INPUT_SHAPE It wants Int8Array of 60 elements (1×6×5×2), got Int8Array of 59.',
      'INPUT_SHAPE It wants Int8Array of 60 elements (1×6×5×2), got Uint8Array of 60.',
      'INPUT_SHAPE It wants Int8Array of 4 elements (1×4), got Float32Array of 4.',
      'INPUT_SHAPE It is missing from the outputs.',
      'INPUT_SHAPE It is missing from the inputs.',
    ])
  })

  it('is refused by engines that only run asynchronously, with the alternative', async () => {
    await using runtime = await openRuntimeOn(host, { backends: ['onnxruntime-web'] })
    const model = await runtime.load(bytes)
    expect(await refusal(() => model.runInto(values, new Int8Array(4)))).toMatch(
      /^BACKEND_LACKS .*use runAsync, or openPool/,
    )
    expect(await refusal(() => model.profile(values))).toMatch(/^BACKEND_LACKS .*the compiled backend does/)
  })
})

describe('calls of one model', () => {
  it('run one after another, and a signal takes those off that wait', async () => {
    await using runtime = await openRuntimeOn(host, { backends: [emulatedBackend({ latencyS: 0.01 })] })
    const model = await runtime.load(denseModel(4, 3))
    const stop = new AbortController()
    const first = model.runAsync(new Float32Array(4))
    const second = model.runAsync(new Float32Array(4), { signal: stop.signal }).catch((error: Error) => error.name)
    stop.abort()
    expect((await first).y!.data.length).toBe(3)
    expect(await second).toBe('AbortError')
  })
})

/** A backend whose outputs are the sum of all inputs so far; it keeps the sum in JavaScript. */
function summing(reset: boolean): Backend {
  const executable = (segment: Segment): Executable => {
    let sum = 0
    return {
      ...segmentSpecs(segment),
      run: async ({ x }) => {
        sum += Number(x!.data[0])
        return { y: { dtype: 'float32', shape: [1], data: Float32Array.of(sum) } }
      },
      ...(reset
        ? {
            reset: () => {
              sum = 0
            },
          }
        : {}),
      [Symbol.asyncDispose]: async () => {},
    }
  }
  return { ...emulatedBackend({ name: 'summing' }), prepare: async (segment) => executable(segment) }
}

const streaming = writeTflite(
  canonicalGraph(
    [tensor('x', 'float32', [1]), { ...tensor('state', 'float32', [1]), variable: true }, tensor('y', 'float32', [1])],
    [node('Accumulate', ['x', 'state'], ['y'], { custom: 1, version: 1 })],
    ['x'],
    ['y'],
  ),
)

describe('a model with state', () => {
  it.each([true, false])(
    'keeps it from run to run until reset (an engine with a reset of its own: %s)',
    async (own) => {
      await using runtime = await openRuntimeOn(host, { backends: [summing(own)] })
      const model = await runtime.load(streaming)
      const next = async () => (await model.runAsync(Float32Array.of(2))).y!.data[0]
      expect(model.stateful).toBe(true)
      expect([await next(), await next(), await next()]).toEqual([2, 4, 6])
      await model.reset()
      expect(await next()).toBe(2)
    },
  )

  it('is not spread over workers without saying so', async () => {
    await using runtime = await openRuntimeOn(host, { backends: [summing(true)] })
    const model = await runtime.load(streaming)
    expect(await refusal(() => model.openPool())).toMatch(/^USAGE .*keeps state.* Set separateState/)
    expect(await refusal(() => model.openPool({ separateState: true }))).toMatch(/^BACKEND_LACKS/)
  })

  it('is one without: reset does nothing then', async () => {
    await using runtime = await compiledOnly()
    const model = await runtime.load(bytes)
    expect(model.stateful).toBe(false)
    await model.reset()
    expect([...(await model.runAsync(values)).y!.data]).toEqual(expected)
  })
})

describe('dispose', () => {
  it('ends the model: later calls say so, a second dispose does nothing', async () => {
    await using runtime = await compiledOnly()
    const model = await runtime.load(bytes)
    model.runInto(values, new Int8Array(4))
    const running = model.runAsync(values)
    await model.dispose()
    await model.dispose()
    const codes = await Promise.all(
      [
        () => running,
        () => model.run(values),
        () => model.runAsync(values),
        () => model.measure(values, { repeats: 1 }),
        () => model.runInto(values, new Int8Array(4)),
        () => model.profile(values),
        () => model.openPool(),
        () => model.reset(),
      ].map((call) =>
        (async () => call())().then(
          () => 'done',
          (error: MilliwattError) => error.code,
        ),
      ),
    )
    expect(new Set(codes)).toEqual(new Set(['MODEL_DISPOSED']))
  })
})

describe('profile', () => {
  it('times every layer in turn with whole runs and states its overhead', async () => {
    await using runtime = await compiledOnly()
    const model = await runtime.load(resolve('models/kws/ds-cnn-16-int8.onnx'))
    const input = new Float32Array(model.inputs[0]!.shape!.reduce<number>((a, b) => a * Number(b), 1))
    const { layers, wholeS, layersS, overhead, residual, clockS, repeats } = model.profile(input, { repeats: 60 })
    expect(repeats).toBe(60)
    expect(layers.length).toBeGreaterThan(5)
    expect(layers.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9)
    expect(layers.reduce((sum, { latencyS }) => sum + latencyS, 0)).toBeCloseTo(layersS, 12)
    expect(residual).toBeCloseTo(layersS / wholeS - 1, 12)
    expect(overhead).toBeGreaterThanOrEqual(residual)
    expect(clockS).toBeGreaterThanOrEqual(0)
    expect(layers.some(({ macs }) => macs > 10_000)).toBe(true)
    expect(layers.every(({ kernel, outputBytes }) => kernel !== '' && outputBytes > 0)).toBe(true)
  })

  it('is not there for module files, which hold no layers', async () => {
    await using runtime = await compiledOnly()
    const model = await runtime.load(wasm)
    expect(await refusal(() => model.profile(values))).toMatch(/^BACKEND_LACKS A module file has no layers/)
  })
})

describe('the shipped model file', () => {
  it('runs from its bytes as from its path', async () => {
    await using runtime = await compiledOnly()
    const path = resolve('models/kws/ds-cnn-16-int8.onnx')
    const models: LoadedModel[] = [await runtime.load(path), await runtime.load(readFileSync(path))]
    const input = new Float32Array(740).map((_, i) => Math.sin(i))
    const [a, b] = await Promise.all(models.map((model) => model.runAsync(input)))
    expect(a!.scores!.data).toEqual(b!.scores!.data)
  })
})
