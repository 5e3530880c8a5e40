import type { FloatStep } from '../float-steps.ts'
import type { Simd } from '../program.ts'
import { convScalarKernel } from './conv-scalar.ts'
import { dequantizeKernel } from './dequantize.ts'
import { f32Dialect, f32FusedDialect } from './dialect.ts'
import { floatBinaryKernel } from './float-binary.ts'
import { floatConvKernel } from './float-conv.ts'
import { floatDepthwiseKernel, isFloatDepthwiseVector } from './float-depthwise.ts'
import { floatPoolKernel } from './float-pool.ts'
import { floatSoftmaxKernel } from './float-softmax.ts'
import { floatUnaryKernel } from './float-unary.ts'
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
    case 'float-conv':
      return vector ? floatConvKernel(step, simd === 'relaxed' ? f32FusedDialect : f32Dialect) : convScalarKernel(step)
    case 'float-depthwise':
      return vector && isFloatDepthwiseVector(step) ? floatDepthwiseKernel(step) : convScalarKernel(step)
    case 'float-pool':
      return floatPoolKernel(step, vector)
    case 'float-unary':
      return floatUnaryKernel(step, vector)
    case 'float-binary':
      return floatBinaryKernel(step, vector)
    case 'float-softmax':
      return floatSoftmaxKernel(step)
  }
}
