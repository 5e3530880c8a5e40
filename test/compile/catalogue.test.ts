import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import type { Simd } from '../../src/compile/program.ts'
import { toCanonical } from '../../src/formats/convert/to-canonical.ts'
import { readModel } from '../../src/formats/list.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { numbers } from './random-layer.ts'

const folder = new URL('../../models/kws/', import.meta.url)
const files = readdirSync(folder).filter((file) => file.endsWith('-int8.onnx'))

describe('catalogue models with float inputs and int8 inside equal the reference interpreter', () => {
  for (const simd of ['scalar', 'simd128'] as const satisfies readonly Simd[])
    it.each(files)(`%s, ${simd}`, (file) => {
      const graph = toCanonical(readModel(readFileSync(new URL(file, folder)), file).graph)
      const model = instantiate(compileGraph(graph, { simd, semantics: 'fp32' }).wasm)
      const next = numbers(11)
      for (const size of [0.5, 20]) {
        const values = Float32Array.from(model.inputs[0]!.data, () => (next() * 2 - 1) * size)
        model.inputs[0]!.data.set(values)
        model.run()
        const output = model.outputs[0]!
        expect(output.data).toEqual(interpret(graph, [values], 'fp32').get(output.name))
      }
    })
})

const floatFiles = readdirSync(folder).filter((file) => file.endsWith('-float32.onnx'))

describe('catalogue models of floats are within 1e-4 of the reference interpreter', () => {
  it.each(floatFiles)('%s', (file) => {
    const graph = toCanonical(readModel(readFileSync(new URL(file, folder)), file).graph)
    const model = instantiate(compileGraph(graph, { semantics: 'fp32' }).wasm)
    const next = numbers(11)
    const values = Float32Array.from(model.inputs[0]!.data, () => (next() * 2 - 1) * 5)
    model.inputs[0]!.data.set(values)
    model.run()
    const output = model.outputs[0]!
    const expected = interpret(graph, [values], 'fp32').get(output.name) as Float32Array
    expected.forEach((value, at) => {
      expect(Math.abs(output.data[at]! - value)).toBeLessThan(1e-4)
    })
  })
})
