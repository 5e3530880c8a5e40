import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { milliwatt } from '../support/cli.ts'
import { buildOnnx } from '../support/onnx-builder.ts'
import { sharedPath } from '../support/shared.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { canonicalGraph, node, perTensor, smallNetwork, tensor } from '../support/tflite-graphs.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const run = (...args: readonly string[]) => milliwatt(['run', ...args], { cwd: folder, cache: at('cache') })
const raw = (model: string, input: string, output: string, ...more: readonly string[]) =>
  run(model, '--raw-input', input, '--raw-output', output, ...more)

const network = smallNetwork()
const inferences = 5
const input = Int8Array.from({ length: inferences * 60 }, (_, i) => ((i * 97) % 256) - 128)
const expected = (semantics: 'tflm' | 'fp32') =>
  Array.from({ length: inferences }, (_, n) => [
    ...interpret(network, [input.slice(60 * n, 60 * n + 60)], semantics).get('y')!,
  ]).flat()
const signed = (name: string) => [...new Int8Array(readFileSync(at(name)))]

writeFileSync(at('small.tflite'), writeTflite(network))
writeFileSync(at('in.bin'), input)
writeFileSync(at('long.bin'), new Uint8Array(61))
writeFileSync(at('empty.bin'), '')

/** Two float inputs of different sizes; two outputs in an order of their own. */
const pair = canonicalGraph(
  [
    tensor('a', 'float32', [1, 2]),
    tensor('b', 'float32', [1, 3]),
    tensor('p', 'float32', [1, 2]),
    tensor('q', 'float32', [1, 3]),
  ],
  [node('relu', ['a'], ['p'], { version: 1 }), node('abs', ['b'], ['q'], { version: 1 })],
  ['a', 'b'],
  ['q', 'p'],
)
writeFileSync(at('pair.tflite'), writeTflite(pair))

/** Adds nothing that a compiler of int8 models lacks but an operator that no engine has. */
const strange = canonicalGraph(
  [tensor('x', 'int8', [1, 4], { quantization: perTensor(1) }), tensor('y', 'int8', [1, 4])],
  [node('Mystery', ['x'], ['y'], { custom: 1, version: 1 })],
  ['x'],
  ['y'],
)
writeFileSync(at('strange.tflite'), writeTflite(strange))

describe('milliwatt run --raw-input', () => {
  it('writes the outputs of every inference, bit for bit those of the reference', async () => {
    const { code, stdout, stderr } = await raw('small.tflite', 'in.bin', 'out.bin', '--json')
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toEqual({
      version: 1,
      kind: 'milliwatt-raw-run',
      backend: expect.stringMatching(/^(compiled|native)$/),
      inferences,
      inputBytes: 300,
      outputBytes: 20,
      latencyS: { median: expect.any(Number), p95: expect.any(Number) },
    })
    expect(signed('out.bin')).toEqual(expected('tflm'))
  })

  it('runs on the backend that is named', async () => {
    const { code, stdout } = await raw('small.tflite', 'in.bin', 'ort.bin', '--backend', 'onnxruntime-web')
    expect(code).toBe(0)
    expect(stdout).toContain('5 inferences on onnxruntime-web: 300 bytes in, 20 bytes out')
    const difference = signed('ort.bin').map((value, i) => Math.abs(value - Number(expected('fp32')[i])))
    expect(Math.max(...difference)).toBeLessThanOrEqual(1)
  })

  it('reads and writes several tensors in graph order', async () => {
    const values = Float32Array.of(-1, 2, -3, 4, -5, 6, -7, 8, -9, 10)
    writeFileSync(at('floats.bin'), new Uint8Array(values.buffer))
    const { code, stderr } = await raw('pair.tflite', 'floats.bin', 'pair.bin')
    expect([code, stderr]).toEqual([0, ''])
    const bytes = new Uint8Array(readFileSync(at('pair.bin')))
    expect([...new Float32Array(bytes.buffer)]).toEqual([3, 4, 5, 0, 2, 8, 9, 10, 6, 0])
  })

  it('takes a checked engine where the compiler has not got the model', async () => {
    const borders = [tensor('x', 'float32', [1, 2]), tensor('y', 'float32', [1, 2])]
    const graph = canonicalGraph(borders, [node('log_softmax', ['x'], ['y'], { version: 1 })], ['x'], ['y'])
    writeFileSync(at('log.tflite'), writeTflite(graph))
    writeFileSync(at('log.in.bin'), new Uint8Array(Float32Array.of(1, 1, 0, 0).buffer))
    const { code, stderr } = await raw('log.tflite', 'log.in.bin', 'log.bin')
    expect([code, stderr]).toEqual([0, ''])
    const bytes = new Uint8Array(readFileSync(at('log.bin')))
    for (const value of new Float32Array(bytes.buffer)) expect(value).toBeCloseTo(-Math.LN2, 5)
  })

  it('gives open dimensions the lengths of --dimensions, and names them where they are missing', async () => {
    const value = (name: string) => ({ name, dims: ['batch', 2] })
    const nodes = [{ op: 'Relu', inputs: ['a'], outputs: ['b'] }]
    writeFileSync(at('open.onnx'), buildOnnx({ nodes, inputs: [value('a')], outputs: [value('b')] }))
    writeFileSync(at('two.bin'), new Uint8Array(Float32Array.of(-1, 2, 3, -4).buffer))
    const open = await raw('open.onnx', 'two.bin', 'two.out.bin')
    expect(open.code).toBe(1)
    expect(open.stderr).toContain('Its shape [batch, 2] is open: give lengths, as with --dimensions batch=1.')
    const { code, stdout, stderr } = await raw('open.onnx', 'two.bin', 'two.out.bin', '--dimensions', 'batch=1')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('2 inferences')
    const bytes = new Uint8Array(readFileSync(at('two.out.bin')))
    expect([...new Float32Array(bytes.buffer)]).toEqual([0, 2, 3, 0])
  })

  it.each([
    ['long.bin', 'INPUT_SHAPE', 'It holds 61 bytes; one inference wants 60 bytes'],
    ['empty.bin', 'INPUT_SHAPE', 'It holds 0 bytes; one inference wants 60 bytes'],
    ['missing.bin', 'INPUT_NOT_FOUND', 'missing.bin'],
  ])('refuses %s with %s and writes nothing', async (name, error, detail) => {
    const { code, stdout, stderr } = await raw('small.tflite', name, 'nothing.bin')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(`${error}: `)
    expect(stderr).toContain(detail)
    expect(existsSync(at('nothing.bin'))).toBe(false)
  })

  it('names the reason of every engine where none runs the model', async () => {
    const { code, stderr } = await raw('strange.tflite', 'in.bin', 'nothing.bin')
    expect(code).toBe(1)
    expect(stderr).toMatch(/BACKEND_FAILED: strange: .*compiled: .*Mystery.*onnxruntime-web: .*Mystery/)
  })

  it('names an output that cannot be written', async () => {
    const { code, stderr } = await raw('small.tflite', 'in.bin', 'in.bin/out.bin')
    expect(code).toBe(1)
    expect(stderr).toContain('OUTPUT_WRITE: ')
  })

  it.each([
    [['small.tflite', '--raw-input', 'in.bin']],
    [['small.tflite', '--raw-output', 'out.bin']],
    [['small.tflite', '--raw-input', 'in.bin', '--raw-output', 'out.bin', '--input', 'x.wav']],
    [['small.tflite', '--raw-input', 'in.bin', '--raw-output', 'out.bin', '--backend', 'nope']],
    [['kws', '--raw-input', 'in.bin', '--raw-output', 'out.bin']],
  ])('exits with 2 for %j', async (args) => {
    const { code, stdout, stderr } = await run(...args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^(USAGE|BACKEND_UNKNOWN): /)
  })
})

const golden = sharedPath('data', 'mlperf-tiny')

describe.skipIf(golden === null && process.env.CI !== 'true')('milliwatt run --raw-input on MLPerf Tiny', () => {
  it.each(['ad01_int8', 'kws_ref_model', 'pretrainedResnet_quant', 'str_ww_ref_model', 'vww_96_int8'])(
    'gives the bytes of TensorFlow Lite Micro: %s',
    async (name) => {
      const model = join(golden!, 'models', `${name}.tflite`)
      const { code, stdout, stderr } = await raw(model, join(golden!, 'golden', `${name}.in.bin`), `${name}.bin`)
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toMatch(/ on (compiled|native): /)
      const wanted = readFileSync(join(golden!, 'golden', `${name}.out.bin`))
      expect(readFileSync(at(`${name}.bin`)).equals(wanted)).toBe(true)
    },
  )
})
