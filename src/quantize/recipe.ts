/**
 * How a tensor's range is taken from what was seen of it: `min-max` all of it, `percentile` without the outermost 0.01 % on
 * each side, `mse` the range of least expected squared error (Banner et al. 2019), `entropy` that of least divergence
 * (Migacz 2017, "8-bit inference with TensorRT").
 */
export type RangeMethod = 'min-max' | 'percentile' | 'mse' | 'entropy'

/** Every range method, in the order in which they are tried. */
export const rangeMethods: readonly RangeMethod[] = ['min-max', 'percentile', 'mse', 'entropy']

/** How weights become integers. */
export type WeightRoundingMethod = 'nearest' | 'corrected' | 'compensated'

/** Every way to round, in the order in which they are tried. */
export const roundingMethods: readonly WeightRoundingMethod[] = ['nearest', 'corrected', 'compensated']

/** What a node computes in: int8, int16 activations with int8 weights, or float32. */
export type NodePrecision = 'int8' | 'int16' | 'float32'

/** How a float model becomes a quantised one. */
export interface Recipe {
  readonly ranges: RangeMethod
  /** Bits of the weights of convolutions and dense layers. */
  readonly weightBits: 4 | 8
  /**
   * Weights are rounded each to the nearest integer; `corrected` moves the mean error of that into the biases (Nagel et al.
   * 2019); `compensated` lets the weights of a sum take up each other's errors (Frantar et al. 2023).
   */
  readonly rounding: WeightRoundingMethod
  /** What all nodes compute in that are not named in `wide`. */
  readonly precision: Exclude<NodePrecision, 'float32'>
  /** Nodes that compute in something wider, by name. */
  readonly wide: ReadonlyMap<string, Exclude<NodePrecision, 'int8'>>
  /** Type of the model's inputs and outputs. */
  readonly border: 'int8' | 'float32'
}

/** Everything in int8, nothing refined. */
export const plainRecipe: Recipe = {
  ranges: 'min-max',
  weightBits: 8,
  rounding: 'nearest',
  precision: 'int8',
  wide: new Map(),
  border: 'int8',
}
