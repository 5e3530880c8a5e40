import type { TensorSpec, TensorValue } from '../backends/backend.ts'
import { MilliwattError } from '../core/errors.ts'
import { dequantizeValues, type QuantizedValues, quantizeValues } from '../graph/quantized-values.ts'
import { knownShape } from './input.ts'

/** A quantised tensor's value, with what its integers mean. */
export interface QuantizedTensor extends TensorValue {
  readonly data: QuantizedValues
}

/**
 * Reals as the tensor that a quantised input wants: rounded to its scale and zero point, ties away from zero, saturated.
 * @param spec one of `model.inputs`
 * @param reals as many as the input has elements
 * @throws MilliwattError INPUT_SHAPE for inputs that are not quantised, another number of reals, and NaN
 */
export function quantize(spec: TensorSpec, reals: ArrayLike<number>): QuantizedTensor {
  const shape = knownShape(spec)
  const wanted = shape.reduce((product, length) => product * length, 1)
  if (reals.length !== wanted)
    throw new MilliwattError(
      'INPUT_SHAPE',
      spec.name,
      `It wants ${wanted} reals (${shape.join('×')}), got ${reals.length}.`,
    )
  return { dtype: spec.dtype, shape, data: quantizeValues(spec, reals), quantization: spec.quantization ?? null }
}

/**
 * The reals that a quantised tensor stands for; float32 tensors are given back as they are.
 * @param value an output of a run
 * @throws MilliwattError INPUT_SHAPE for plain integers, and for elements of another type than the tensor says
 */
export function dequantize(value: TensorValue): Float32Array {
  if (value.data instanceof Float32Array && value.dtype === 'float32') return value.data
  return dequantizeValues(value, value.data as QuantizedValues)
}
