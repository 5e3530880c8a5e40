import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readModel } from '../../../src/formats/list.ts'
import type { Graph } from '../../../src/graph/graph.ts'
import { interpret } from '../../../src/graph/reference/interpret.ts'
import { emptyValues, type Values } from '../../../src/graph/reference/values.ts'
import { sharedPath } from '../../support/shared.ts'

const folder = sharedPath('data', 'mlperf-tiny', 'models')

function zeros(graph: Graph): readonly Values[] {
  return graph.inputs.map((name) => {
    const { dtype, shape } = graph.tensors.get(name)!
    const length = (shape as number[]).reduce((a, b) => a * b, 1)
    return emptyValues(dtype, length, name)
  })
}

describe.skipIf(!folder)('reference interpreter on published models (needs ../shared/data/mlperf-tiny)', () => {
  const graphOf = (file: string) => readModel(readFileSync(join(folder!, file)), file).graph

  it.each(folder ? readdirSync(folder) : [])('%s runs in both semantics', (file) => {
    const graph = graphOf(file)
    for (const semantics of ['tflm', 'fp32'] as const) {
      const values = interpret(graph, zeros(graph), semantics)
      expect(graph.outputs.every((name) => values.has(name))).toBe(true)
    }
  })

  it('hello_world follows the sine in float32 and int8', () => {
    const [float, int8] = [graphOf('hello_world_float.tflite'), graphOf('hello_world_int8.tflite')]
    const scaleOf = (name: string) => int8.tensors.get(name)!.quantization!
    const [from, to] = [scaleOf(int8.inputs[0]!), scaleOf(int8.outputs[0]!)]
    for (let x = 0; x < 6.2; x += 0.1) {
      const q = Math.round(x / from.scales[0]!) + from.zeroPoints[0]!
      const real = interpret(float, [Float32Array.of(x)], 'tflm').get(float.outputs[0]!)![0] as number
      const step = interpret(int8, [Int8Array.of(q)], 'tflm').get(int8.outputs[0]!)![0] as number
      expect(Math.abs(real - Math.sin(x))).toBeLessThan(0.15)
      expect(Math.abs((step - to.zeroPoints[0]!) * to.scales[0]! - Math.sin(x))).toBeLessThan(0.2)
    }
  })
})
