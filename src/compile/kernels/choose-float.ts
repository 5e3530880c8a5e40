import { MilliwattError } from '../../core/errors.ts'
import type { FloatStep } from '../float-steps.ts'
import type { Simd } from '../program.ts'
import { dequantizeKernel } from './dequantize.ts'
import { floatSoftmaxKernel } from './float-softmax.ts'
import type { ChosenKernel } from './kernel.ts'
import { quantizeKernel } from './quantize.ts'

/** The kernel of a step that reads or writes float32. */
export function chooseFloatKernel(step: FloatStep, simd: Simd): ChosenKernel {
  const vector = simd !== 'scalar'
  switch (step.kind) {
    case 'quantize':
      return quantizeKernel(step, vector)
    case 'dequantize':
      return dequantizeKernel(step, vector)
    case 'float-softmax':
      return floatSoftmaxKernel(step)
    default:
      throw new MilliwattError('OP_UNSUPPORTED', step.name, step.op)
  }
}
