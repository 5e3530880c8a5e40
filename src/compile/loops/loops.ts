import type { DataType } from '../../graph/graph.ts'
import type { StepBase, Value } from '../program.ts'

/** Types of the numbers that loops compute with: two's complement integers and IEEE 754 floats. */
export type Scalar = 'i32' | 'i64' | 'f32' | 'f64'

/**
 * Operations of one number, of its own type. `clz` counts leading zeros (i32). The rest is for floats; `nearest` rounds
 * halves to even.
 */
export type UnaryOp = 'clz' | 'abs' | 'neg' | 'sqrt' | 'floor' | 'ceil' | 'trunc' | 'nearest'

/**
 * Operations of two numbers of one type, which is the result's but for comparisons, whose result is an i32 of 0 or 1.
 * Integers wrap. `div` and `rem` of integers truncate; their divisors are never 0. Shifts take their count modulo the
 * width; `shr` keeps the sign. `min` and `max` are for floats: not-a-number wins. `lt_u` and `shr_u` take integers as
 * unsigned.
 */
export type BinaryOp =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'rem'
  | 'min'
  | 'max'
  | 'and'
  | 'or'
  | 'xor'
  | 'shl'
  | 'shr'
  | 'shr_u'
  | 'eq'
  | 'ne'
  | 'lt'
  | 'gt'
  | 'le'
  | 'ge'
  | 'lt_u'

/** Value of a given type. Nothing in an expression has an effect, and nothing traps. */
export type Expression =
  | { readonly kind: 'number'; readonly type: Scalar; readonly value: number }
  | { readonly kind: 'local'; readonly type: Scalar; readonly name: string }
  /** Element of a buffer; the index counts elements. Its type is `scalarOf` the buffer's elements. */
  | { readonly kind: 'load'; readonly type: Scalar; readonly buffer: number; readonly index: Expression }
  | { readonly kind: 'unary'; readonly type: Scalar; readonly op: UnaryOp; readonly of: Expression }
  | {
      readonly kind: 'binary'
      readonly type: Scalar
      readonly op: BinaryOp
      readonly left: Expression
      readonly right: Expression
    }
  /** `yes` where the i32 condition is not 0, else `no`. */
  | {
      readonly kind: 'select'
      readonly type: Scalar
      readonly condition: Expression
      readonly yes: Expression
      readonly no: Expression
    }
  /**
   * To another type. Wider integers keep the sign (`unsigned`: are filled with zeros), narrower ones wrap; floats are
   * rounded to nearest, halves to even; from float to integer: cut towards zero, saturating, not-a-number is 0.
   */
  | { readonly kind: 'convert'; readonly type: Scalar; readonly unsigned?: true; readonly of: Expression }
  /** The same bits as the other type of the same width. */
  | { readonly kind: 'bits'; readonly type: Scalar; readonly of: Expression }

/** A step of a body. Locals are zero before they are set, and belong to the whole step. */
export type Statement =
  | { readonly kind: 'set'; readonly local: string; readonly value: Expression }
  /** Elements narrower than the value take its low bits. */
  | { readonly kind: 'store'; readonly buffer: number; readonly index: Expression; readonly value: Expression }
  /** The i32 local counts 0, 1, … below `count`, which is at least 1. The body never sets it. */
  | { readonly kind: 'loop'; readonly local: string; readonly count: number; readonly body: readonly Statement[] }
  | {
      readonly kind: 'if'
      readonly condition: Expression
      readonly body: readonly Statement[]
      readonly otherwise: readonly Statement[]
    }

/** Constant elements, densely, in the array type of their data type. */
export type ConstantData =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array

/** What loops read and write, numbered by its place in the step's list. */
export type LoopBuffer =
  | { readonly kind: 'value'; readonly dtype: DataType; readonly value: Value }
  | { readonly kind: 'constant'; readonly dtype: DataType; readonly data: ConstantData }
  /** Memory that only this step needs; what it holds at the start is not defined. */
  | { readonly kind: 'scratch'; readonly dtype: DataType; readonly length: number }

/**
 * Any computation as a small program of loops over scalars: the general form of every operator and type that has no
 * step of its own. `form` names it, as in "conv_2d int16". `inputs` are the values that it reads, `output` the one that
 * it writes; a state may be both.
 */
export interface LoopsStep extends StepBase {
  readonly kind: 'loops'
  readonly form: string
  readonly buffers: readonly LoopBuffer[]
  readonly body: readonly Statement[]
}

const scalars: Readonly<Partial<Record<DataType, Scalar>>> = {
  int4: 'i32',
  int8: 'i32',
  uint8: 'i32',
  bool: 'i32',
  int16: 'i32',
  uint16: 'i32',
  int32: 'i32',
  uint32: 'i64',
  int64: 'i64',
  uint64: 'i64',
  float32: 'f32',
  float64: 'f64',
}

/** The type of an element once it is loaded; integers keep their value (uint64 its bits). Null for text and handles. */
export function scalarOf(dtype: DataType): Scalar | null {
  return scalars[dtype] ?? null
}
