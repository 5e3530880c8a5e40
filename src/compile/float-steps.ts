import type { Geometry, Semantics, StepBase, Value } from './program.ts'

/** From float32 to int8, uint8 or int16, by the output's scale and zero point. `tflm` and `fp32` round differently. */
export interface QuantizeStep extends StepBase {
  readonly kind: 'quantize'
  readonly semantics: Semantics
  readonly min: number
  readonly max: number
}

/** From int8, uint8 or int16 to float32: scale · (q − zero point). */
export interface DequantizeStep extends StepBase {
  readonly kind: 'dequantize'
}

/** Cut by a fused activation; infinite where there is none. */
export interface FloatRange {
  readonly min: number
  readonly max: number
}

/** Convolution of floats with groups = 1, fully connected layers included. Weights in OHWI. */
export interface FloatConvStep extends StepBase, FloatRange {
  readonly kind: 'float-conv'
  readonly geometry: Geometry
  readonly weights: Float32Array
  readonly bias: Float32Array
}

/** Depthwise convolution of floats. Weights in 1HWC; output channel c reads input channel c / multiplier. */
export interface FloatDepthwiseStep extends StepBase, FloatRange {
  readonly kind: 'float-depthwise'
  readonly geometry: Geometry
  readonly weights: Float32Array
  readonly bias: Float32Array
}

/** Average or maximum of floats over windows; the padding does not count. */
export interface FloatPoolStep extends StepBase, FloatRange {
  readonly kind: 'float-pool'
  readonly mode: 'average' | 'max'
  readonly geometry: Geometry
}

/** Functions of one float. */
export type FloatFunction =
  | 'clamp'
  | 'leaky'
  | 'abs'
  | 'neg'
  | 'square'
  | 'sqrt'
  | 'rsqrt'
  | 'floor'
  | 'ceil'
  | 'exp'
  | 'elu'
  | 'logistic'
  | 'tanh'
  | 'hard-swish'

/** A function of every float, then cut (`clamp` only cuts). `parameter`: slope of the negative side. */
export interface FloatUnaryStep extends StepBase, FloatRange {
  readonly kind: 'float-unary'
  readonly fn: FloatFunction
  readonly parameter: number
}

/** An operand of a function of two floats: computed or constant; indices where it is broadcast in the middle. */
export interface FloatOperand {
  readonly value: Value
  readonly constant: Float32Array | null
  /** Repeats after so many elements; the output's size where it is not broadcast. */
  readonly period: number
  /** Index of the operand's element for every output element, where it does not simply repeat. */
  readonly indices: Int32Array | null
}

/** A function of two floats, broadcasting included. */
export interface FloatBinaryStep extends StepBase, FloatRange {
  readonly kind: 'float-binary'
  readonly fn: 'add' | 'sub' | 'mul' | 'div' | 'max' | 'min' | 'prelu'
  readonly operands: readonly [FloatOperand, FloatOperand]
}

/** Softmax over the last dimension. */
export interface FloatSoftmaxStep extends StepBase {
  readonly kind: 'float-softmax'
  readonly rows: number
  readonly depth: number
  readonly beta: number
}

/** Steps that read or write float32. */
export type FloatStep =
  | QuantizeStep
  | DequantizeStep
  | FloatConvStep
  | FloatDepthwiseStep
  | FloatPoolStep
  | FloatUnaryStep
  | FloatBinaryStep
  | FloatSoftmaxStep
