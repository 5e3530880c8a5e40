import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { toOnnx } from '../../src/formats/convert/to-onnx.ts'
import { writeOnnx } from '../../src/formats/onnx/write.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { inspect } from '../../src/loop/inspect.ts'
import { loadVariant } from '../../src/loop/raw-engine.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'
import { canonicalGraph, node, perTensor, smallNetwork, tensor } from '../support/tflite-graphs.ts'

const folder = temporaryFolder()
const host = testHost(folder)
const look = async (name: string, bytes: Uint8Array) => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return inspect(host, await loadVariant(host, path))
}

describe('inspect', () => {
  it('tells versions, borders, nodes and totals of a TFLite file', async () => {
    const found = await look('small.tflite', writeTflite(smallNetwork()))
    expect(found).toMatchObject({ version: 1, kind: 'milliwatt-inspect', format: 'tflite', opsets: { tflite: 3 } })
    expect(found.ops).toContainEqual({ op: 'conv_2d', version: 3, count: 1 })
    expect(found.inputs).toEqual([{ name: 'x', dtype: 'int8', shape: [1, 6, 5, 2], quantization: perTensor(0.5, 3) }])
    expect(found.outputs[0]).toMatchObject({ name: 'y', shape: [1, 4], quantization: perTensor(1 / 256, -128) })
    // 3×3 outputs of 3 channels, each 3·3·2 products; weights 54 int8 and 3 int32.
    expect(found.nodes[0]).toMatchObject({
      op: 'conv_2d',
      shape: [1, 3, 3, 3],
      dtype: 'int8',
      macs: 486,
      weightBytes: 66,
    })
    expect(found.nodes[0]!.quantization).toEqual(perTensor(0.4, -128))
    expect(found.nodes.map(({ op }) => op)).toEqual([
      'conv_2d',
      'average_pool_2d',
      'reshape',
      'fully_connected',
      'softmax',
    ])
    expect(found.totals).toMatchObject({ dtype: 'int8', parameters: 69, weightBytes: 78, macs: 498 })
  })

  it('takes the arena from the compiled engine', async () => {
    const network = smallNetwork()
    const found = await look('arena.tflite', writeTflite(network))
    const { manifest } = compileGraph(network, { simd: found.compiled.ok ? found.compiled.simd : 'scalar' })
    expect(found.totals.arenaBytes).toBe(manifest.arenaBytes)
    expect(found.compiled).toMatchObject({ ok: true, semantics: 'tflm', constantBytes: manifest.constantBytes })
  })

  it('finds the quantisation of an ONNX border in the nodes around it', async () => {
    const found = await look('small.onnx', writeOnnx(toOnnx(smallNetwork())))
    expect(found).toMatchObject({ format: 'onnx', opsets: { '': 14 } })
    expect(found.inputs).toEqual([{ name: 'x', dtype: 'int8', shape: [1, 6, 5, 2], quantization: perTensor(0.5, 3) }])
    expect(found.compiled).toMatchObject({ ok: true, semantics: 'fp32' })
    expect(found.totals).toMatchObject({ dtype: 'int8', parameters: 69, macs: 498 })
  })

  it('says of every backend whether it runs the model, and why not', async () => {
    const small = await look('runs.tflite', writeTflite(smallNetwork()))
    expect(small.backends.find(({ name }) => name === 'compiled')).toMatchObject({ ok: true, reason: null })
    expect(small.backends.find(({ name }) => name === 'onnxruntime-web')).toMatchObject({ ok: true })
    const int8 = { quantization: perTensor(1) }
    const mystery = canonicalGraph(
      [tensor('x', 'int8', [1, 4], int8), tensor('y', 'int8', [1, 4], int8)],
      [node('Mystery', ['x'], ['y'], { custom: 1, version: 1 })],
      ['x'],
      ['y'],
    )
    const strange = await look('strange.tflite', writeTflite(mystery))
    expect(strange.compiled).toMatchObject({ ok: false, reason: expect.stringContaining('Mystery') })
    expect(strange.totals.arenaBytes).toBeNull()
    for (const name of ['compiled', 'onnxruntime-web'])
      expect(strange.backends.find((backend) => backend.name === name)).toMatchObject({
        ok: false,
        reason: expect.stringContaining('Mystery'),
      })
  })
})
