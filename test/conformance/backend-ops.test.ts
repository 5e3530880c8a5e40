import { describe, expect, it } from 'vitest'
import { selectBackends } from '../../src/backends/list.ts'
import { toOnnx } from '../../src/formats/convert/to-onnx.ts'
import { readModel } from '../../src/formats/list.ts'
import { writeOnnx } from '../../src/formats/onnx/write.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { differenceOn, host } from './compare.ts'
import { type OpCase, opCases } from './op-cases.ts'

/**
 * Operators in int8 whose results may be a step apart from the interpreter's: onnxruntime multiplies and sums in floats
 * in an order of its own, and lands on either side of a tie; XNNPACK has a fixed-point slope and, in LiteRT.js, mean.
 */
const aStepApart: Readonly<Record<string, readonly string[]>> = {
  'onnxruntime-web': ['average_pool_2d', 'mean', 'mul'],
  'onnxruntime-node': ['average_pool_2d', 'mean', 'mul'],
  'tfjs-tflite': ['leaky_relu'],
  litert: ['leaky_relu', 'mean'],
}

/** Integers must be those of the interpreter in the backend's semantics; floats are summed in any order. */
function tolerance({ op, dtype }: OpCase, backend: string): number {
  if (dtype === 'float32') return 1e-5
  return aStepApart[backend]?.includes(op) ? 1 : 0
}

const fileOf = ({ graph }: OpCase, format: string) =>
  format === 'onnx' ? writeOnnx(toOnnx(graph, { activations: 'uint8' })) : writeTflite(graph)

const cases = opCases.flatMap((each) => (['tflite', 'onnx'] as const).map((format) => ({ ...each, format, each })))

describe.each(selectBackends(undefined).map((backend) => ({ name: backend.name, backend })))(
  'operators on $name',
  async ({ backend }) => {
    const { ok } = await backend.available(host)
    it.runIf(ok).each(cases)('$dtype $op from a file in $format', async ({ each, format, op }) => {
      const segment = readModel(fileOf(each, format), op)
      expect(await differenceOn(backend, segment, 20)).toBeLessThanOrEqual(tolerance(each, backend.name))
    })
  },
)
