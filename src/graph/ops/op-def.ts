import type { Dimension, Node, Tensor } from '../graph.ts'

/** A shape whose rank is known. */
export type Shape = readonly Dimension[]

/** What shape rules may look at: the shapes of the inputs (null when unknown) and constant inputs' values. */
export interface OpContext {
  readonly node: Node
  readonly shapes: readonly (Shape | null)[]
  readonly tensors: readonly (Tensor | undefined)[]
}

/** What milliwatt knows of an operator of the standard set. */
export interface OpDef {
  readonly op: string
  /** Shape of the first output; null when the inputs do not tell it. */
  outputShape(context: OpContext): Shape | null
  /** Multiply-accumulates of one run, given the output's shape; absent where an operator has none worth counting. */
  macs?(context: OpContext, output: Shape): number | null
  /** What is wrong with the inputs' shapes, as the end of a sentence on the node; null when nothing is. */
  fault?(context: OpContext): string | null
  /** Which inputs hold trained values when they are constant. */
  readonly weightInputs?: readonly number[]
  /** Keeps something of its own from one run to the next. */
  readonly stateful?: true
}
