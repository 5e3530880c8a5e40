import { describe, expect, it } from 'vitest'
import { backends } from '../../src/backends/list.ts'
import { toOnnx } from '../../src/formats/convert/to-onnx.ts'
import { readModel } from '../../src/formats/list.ts'
import { writeOnnx } from '../../src/formats/onnx/write.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { differenceOn, host } from './compare.ts'
import { type OpCase, opCases } from './op-cases.ts'

/**
 * Operators of integers on which engines differ by one step: means of four lie on a tie, which onnxruntime and XNNPACK
 * round to even and TensorFlow Lite's reference away from zero; the others are computed in another order of roundings.
 */
const oneStep: readonly string[] = ['average_pool_2d', 'mean', 'mul', 'leaky_relu']

/** Integers must be those of the interpreter in the backend's semantics. Floats are summed in any order. */
function tolerance({ op, dtype }: OpCase, exact: boolean): number {
  if (dtype === 'float32') return 1e-5
  return oneStep.includes(op) && !exact ? 1 : 0
}

const fileOf = ({ graph }: OpCase, format: string) =>
  format === 'onnx' ? writeOnnx(toOnnx(graph, { activations: 'uint8' })) : writeTflite(graph)

const cases = opCases.flatMap((each) => (['tflite', 'onnx'] as const).map((format) => ({ ...each, format, each })))

describe.each(backends.map((backend) => ({ name: backend.name, backend })))(
  'operators on $name',
  async ({ backend }) => {
    const { ok } = await backend.available(host)
    it.runIf(ok).each(cases)('$dtype $op from a file in $format', async ({ each, format, op }) => {
      const segment = readModel(fileOf(each, format), op)
      expect(await differenceOn(backend, segment, 20)).toBeLessThanOrEqual(tolerance(each, backend.exact === true))
    })
  },
)
