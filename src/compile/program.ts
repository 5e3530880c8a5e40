import type { DataType } from '../graph/graph.ts'
import type { FloatStep } from './float-steps.ts'
import type { LoopsStep } from './loops/loops.ts'

/** Whose rounding: TensorFlow Lite's fixed-point reference kernels, or the float scales of XNNPACK and onnxruntime. */
export type Semantics = 'tflm' | 'fp32'

/** Instructions that the module may use. `relaxed` is right only where `probeRelaxedDot` says so. */
export type Simd = 'scalar' | 'simd128' | 'relaxed'

/** An activation: a place in the arena. Elements lie densely, row-major, little-endian. */
export interface Value {
  readonly name: string
  readonly dtype: DataType
  readonly shape: readonly number[]
  readonly scale: number
  readonly zeroPoint: number
}

/** Extents of a convolution or pool over NHWC. Padding is explicit and counts as the input's zero point. */
export interface Geometry {
  readonly batches: number
  readonly inputHeight: number
  readonly inputWidth: number
  readonly inputChannels: number
  readonly outputHeight: number
  readonly outputWidth: number
  readonly outputChannels: number
  readonly filterHeight: number
  readonly filterWidth: number
  readonly strideHeight: number
  readonly strideWidth: number
  readonly dilationHeight: number
  readonly dilationWidth: number
  readonly padTop: number
  readonly padLeft: number
}

/**
 * From 32-bit accumulators to int8, one entry a channel. `tflm`: multiplier and shift in fixed point; both: `scales`,
 * the float32 multiplier. `low` and `high` bound the reachable accumulators, bias included.
 */
export interface Requantization {
  readonly semantics: Semantics
  readonly bias: Int32Array
  readonly multipliers: Int32Array
  readonly shifts: Int32Array
  readonly scales: Float32Array
  readonly low: Float64Array
  readonly high: Float64Array
  readonly zeroPoint: number
  readonly min: number
  readonly max: number
}

/** What all steps have. */
export interface StepBase {
  readonly name: string
  readonly op: string
  readonly inputs: readonly Value[]
  readonly output: Value
  /** Multiply-accumulates. */
  readonly macs: number
}

/** Convolution with groups = 1; fully connected layers are convolutions of 1×1. Weights in OHWI. */
export interface ConvStep extends StepBase {
  readonly kind: 'conv'
  readonly geometry: Geometry
  readonly weights: Int8Array
  readonly requantize: Requantization
}

/** Depthwise convolution. Weights in 1HWC; output channel c reads input channel c / multiplier. */
export interface DepthwiseStep extends StepBase {
  readonly kind: 'depthwise'
  readonly geometry: Geometry
  readonly weights: Int8Array
  readonly requantize: Requantization
}

/** Average or maximum over windows; the padding does not count. */
export interface PoolStep extends StepBase {
  readonly kind: 'average-pool' | 'max-pool'
  readonly semantics: Semantics
  readonly geometry: Geometry
  readonly min: number
  readonly max: number
}

/** Sum of two int8 values of equal shape: tables give each side in the sum's scale, the sum is requantised. */
export interface AddStep extends StepBase {
  readonly kind: 'add'
  readonly semantics: Semantics
  readonly tables: readonly [Int32Array, Int32Array]
  /** `tflm`: fixed-point multiplier; `fp32`: 0, and the sum is shifted right by `shift`, halves up. */
  readonly multiplier: number
  readonly shift: number
  /** Real factors: output/zero-point-free = left · a + right · b. */
  readonly factors: readonly [number, number]
  readonly min: number
  readonly max: number
}

/** Softmax over the last dimension. */
export interface SoftmaxStep extends StepBase {
  readonly kind: 'softmax'
  readonly semantics: Semantics
  readonly depth: number
  readonly rows: number
  readonly beta: number
  /** e^(−d) by difference d to the maximum in input steps, Q0.31; 0 beyond the reach. */
  readonly exponentials: Int32Array
}

/** Any function of one int8 or uint8 value: 256 results by the value's byte. */
export interface TableStep extends StepBase {
  readonly kind: 'table'
  readonly table: Uint8Array
}

/** An operand of a pair table: computed or constant; indices where it is broadcast. */
export interface PairOperand {
  readonly value: Value
  readonly constant: Uint8Array | null
  readonly indices: Int32Array | null
}

/** Any function of two bytes: 65,536 results by left · 256 + right. `inputs` holds the computed operands. */
export interface PairTableStep extends StepBase {
  readonly kind: 'pair-table'
  readonly operands: readonly PairOperand[]
  readonly table: Uint8Array
}

/** Elements moved to other places: copies of bytes, the rest filled. */
export interface MoveStep extends StepBase {
  readonly kind: 'move'
  readonly fill: number | null
  readonly copies: readonly {
    readonly input: number
    readonly from: number
    readonly to: number
    readonly bytes: number
  }[]
}

/** The output has the bytes of the input: an alias in the arena where the plan allows it. */
export interface ReshapeStep extends StepBase {
  readonly kind: 'reshape'
}

/**
 * Mean, sum, maximum or minimum over the axes that are marked. `requantize` has one channel; null for floats, maxima
 * and minima, which need none.
 */
export interface ReduceStep extends StepBase {
  readonly kind: 'reduce'
  readonly mode: 'mean' | 'sum' | 'max' | 'min'
  readonly reduced: readonly boolean[]
  readonly requantize: Requantization | null
}

/** One operation of a program. */
export type Step =
  | ConvStep
  | DepthwiseStep
  | PoolStep
  | AddStep
  | SoftmaxStep
  | TableStep
  | PairTableStep
  | MoveStep
  | ReshapeStep
  | ReduceStep
  | FloatStep
  | LoopsStep

/** A value that is kept from one run to the next, with the bytes that it begins with. */
export interface State {
  readonly value: Value
  readonly initial: Uint8Array
}

/** A model as a list of typed steps over values: what every renderer (wasm, C) starts from. */
export interface Program {
  readonly name: string
  readonly semantics: Semantics
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  /** Never planned into the arena; steps may read them, write them, or both. */
  readonly states: readonly State[]
  readonly steps: readonly Step[]
}

/** Elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1)
}

const widths: Readonly<Partial<Record<DataType, number>>> = {
  int4: 1,
  int8: 1,
  uint8: 1,
  bool: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
}

/** Bytes of one element as it lies in the arena; int4 takes a whole byte. */
export function elementBytes(dtype: DataType): number {
  return widths[dtype] ?? 8
}
