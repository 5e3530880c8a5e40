import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hostSimd } from '../../src/compile/host-simd.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { milliwatt } from '../support/cli.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { canonicalGraph, node, perTensor, smallNetwork, tensor } from '../support/tflite-graphs.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const call = (...args: readonly string[]) => milliwatt(args, { cwd: folder, cache: at('cache') })

const network = smallNetwork()
const input = Int8Array.from({ length: 120 }, (_, i) => ((i * 97) % 256) - 128)
const expected = [input.slice(0, 60), input.slice(60)].flatMap((values) => [
  ...interpret(network, [values], 'tflm').get('y')!,
])

writeFileSync(at('small.tflite'), writeTflite(network))
writeFileSync(at('misnamed.onnx'), writeTflite(network))
writeFileSync(at('in.bin'), input)
writeFileSync(at('text.tflite'), 'this is not a model')
const int8 = { quantization: perTensor(1) }
writeFileSync(
  at('strange.tflite'),
  writeTflite(
    canonicalGraph(
      [tensor('x', 'int8', [1, 4], int8), tensor('y', 'int8', [1, 4], int8)],
      [node('Mystery', ['x'], ['y'], { custom: 1, version: 1 })],
      ['x'],
      ['y'],
    ),
  ),
)

const outputs = async (model: string) => {
  const { code, stderr } = await call('run', model, '--raw-input', 'in.bin', '--raw-output', `${model}.bin`)
  expect([code, stderr]).toEqual([0, ''])
  return [...new Int8Array(readFileSync(at(`${model}.bin`)))]
}

describe('milliwatt convert', () => {
  it('writes ONNX and back, and outputs stay the same bit for bit', async () => {
    const there = await call('convert', 'small.tflite', 'small.onnx')
    expect([there.code, there.stderr]).toEqual([0, ''])
    expect(there.stdout).toMatch(/^small\.tflite: tflite \(schema 3\), [\d ]+ bytes, 5 operators\n {2}conv_2d 1, /)
    expect(there.stdout).toMatch(/\nsmall\.onnx: onnx \(opset 14\), [\d ]+ bytes, \d+ operators\n.*Conv 1/)
    const back = await call('convert', 'small.onnx', 'back.tflite')
    expect([back.code, back.stderr]).toEqual([0, ''])
    expect(await outputs('back.tflite')).toEqual(expected)
  })

  it('goes by the content of the first file, and by the ending of the second in any case', async () => {
    const { code, stdout } = await call('convert', 'misnamed.onnx', 'out/again.TFLITE')
    expect(code).toBe(0)
    expect(stdout).toContain('misnamed.onnx: tflite')
    expect(existsSync(at('out/again.TFLITE'))).toBe(true)
  })

  it('has uint8 activations inside on request', async () => {
    await call('convert', 'small.tflite', 'signed.onnx')
    const { code } = await call('convert', 'small.tflite', 'unsigned.onnx', '--activations', 'uint8')
    expect(code).toBe(0)
    expect(readFileSync(at('unsigned.onnx')).equals(readFileSync(at('signed.onnx')))).toBe(false)
    expect((await call('convert', 'unsigned.onnx', 'unsigned.tflite')).code).toBe(0)
    expect(await outputs('unsigned.tflite')).toEqual(expected)
  })

  it.each([
    [['small.tflite', 'small.bin'], 2, 'USAGE: small.bin: '],
    [['small.tflite', 'small'], 2, 'Its name must end in .onnx or .tflite.'],
    [['small.tflite', 'a.onnx', '--activations', 'int4'], 2, 'int4'],
    [['small.tflite', 'a.onnx', '--dimensions', 'batch'], 2, 'NAME=LENGTH'],
    [['strange.tflite', 'strange.onnx'], 1, /OP_UNSUPPORTED: .*Mystery/],
    [['text.tflite', 'text.onnx'], 1, 'MODEL_NOT_A_MODEL'],
    [['missing.tflite', 'missing.onnx'], 1, 'MODEL_NOT_FOUND'],
    [['small.tflite', 'in.bin/small.onnx'], 1, 'OUTPUT_WRITE'],
  ] as const)('%j exits with %i and writes nothing', async (args, wanted, message) => {
    const before = readdirSync(folder)
    const { code, stdout, stderr } = await call('convert', ...args)
    expect([code, stdout]).toEqual([wanted, ''])
    expect(stderr).toMatch(message)
    expect(readdirSync(folder)).toEqual(before)
  })
})

describe('milliwatt compile', () => {
  it.each(['scalar', 'simd128'])('writes a module that runs without the compiler (%s)', async (simd) => {
    const { code, stdout, stderr } = await call('compile', 'small.tflite', '-o', 'small.wasm', '--simd', simd)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      new RegExp(`^small\\.wasm: [\\d ]+ bytes, tflm semantics, ${simd} instructions\narena [\\d ]+ bytes`),
    )
    expect(stdout).toMatch(/\nlayer +kernel +MACs +constants B/)
    expect(stdout).toMatch(/\nconv_2d#0 +\S/)
    expect(await outputs('small.wasm')).toEqual(expected)
  })

  it.each([
    [['small.tflite', '-o', 'small.bin'], 2, 'ends in .wasm'],
    [['small.tflite'], 2, '--out'],
    [['small.tflite', '-o', 'a.wasm', '--semantics', 'other'], 2, 'other'],
    [['strange.tflite', '-o', 'a.wasm'], 1, /OP_UNSUPPORTED: .*Mystery/],
    [['kws', '-o', 'a.wasm'], 2, 'take one with --variant'],
  ] as const)('%j exits with %i', async (args, wanted, message) => {
    const { code, stdout, stderr } = await call('compile', ...args)
    expect([code, stdout]).toEqual([wanted, ''])
    expect(stderr).toMatch(message)
    expect(existsSync(at('a.wasm'))).toBe(false)
  })

  it('runs a module with instructions that this host has not got nowhere, and names them', async () => {
    await call('compile', 'small.tflite', '-o', 'relaxed.wasm', '--simd', 'relaxed')
    const { code, stderr } = await call('run', 'relaxed.wasm', '--raw-input', 'in.bin', '--raw-output', 'relaxed.bin')
    if (hostSimd() === 'relaxed') expect([code, stderr]).toEqual([0, ''])
    else expect(stderr).toMatch(/^BACKEND_UNAVAILABLE: relaxed\.wasm: .*needs relaxed instructions/)
  })

  it('tells a module that was cut off', async () => {
    await call('compile', 'small.tflite', '-o', 'whole.wasm')
    writeFileSync(at('cut.wasm'), readFileSync(at('whole.wasm')).subarray(0, 500))
    const { code, stderr } = await call('run', 'cut.wasm', '--raw-input', 'in.bin', '--raw-output', 'cut.bin')
    expect(code).toBe(1)
    expect(stderr).toContain('MODEL_ILLEGAL: cut.wasm: ')
  })

  it('tells a module of another origin, and a backend that cannot run one', async () => {
    writeFileSync(at('other.wasm'), Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))
    const raw = ['--raw-input', 'in.bin', '--raw-output', 'x.bin']
    const other = await call('run', 'other.wasm', ...raw)
    expect(other.code).toBe(1)
    expect(other.stderr).toContain('MODEL_ILLEGAL: other.wasm: ')
    const named = await call('run', 'other.wasm', ...raw, '--backend', 'onnxruntime-web')
    expect(named.code).toBe(2)
    expect(named.stderr).toContain('A compiled module runs without a backend.')
  })
})
