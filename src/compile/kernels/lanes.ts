import type { FunctionBuilder } from '../wasm/function.ts'
import type { Access } from '../wasm/opcodes.ts'

/** Operations that exist for one float32 and for four. */
export type LaneOp =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'min'
  | 'max'
  | 'abs'
  | 'neg'
  | 'sqrt'
  | 'ceil'
  | 'floor'
  | 'trunc'
  | 'nearest'

/** One float32 or four side by side, so that a kernel is written once for both. */
export interface Lanes {
  readonly count: 1 | 4
  readonly type: 'f32' | 'v128'
  readonly load: Access
  readonly store: Access
  op(f: FunctionBuilder, name: LaneOp): void
  constant(f: FunctionBuilder, value: number): void
  /** Stack: a, b, and x ≥ y of the last two → a where it holds, b elsewhere. Pushes the comparison itself. */
  pickWhereNotNegative(f: FunctionBuilder, x: () => void): void
}

/** One float32. */
export const oneLane: Lanes = {
  count: 1,
  type: 'f32',
  load: 'f32.load',
  store: 'f32.store',
  op: (f, name) => void f.op(`f32.${name}`),
  constant: (f, value) => void f.f32(value),
  pickWhereNotNegative: (f, x) => {
    x()
    f.f32(0).op('f32.ge').op('select')
  },
}

/** Four float32 of a vector. */
export const fourLanes: Lanes = {
  count: 4,
  type: 'v128',
  load: 'v128.load',
  store: 'v128.store',
  op: (f, name) => void f.op(`f32x4.${name}`),
  constant: (f, value) => void f.f32x4(value),
  pickWhereNotNegative: (f, x) => {
    x()
    f.f32x4(0).op('f32x4.ge').op('v128.bitselect')
  },
}

/** Cuts the lanes on the stack; infinite bounds cost nothing. */
export function emitCut(f: FunctionBuilder, lanes: Lanes, min: number, max: number): void {
  if (min !== Number.NEGATIVE_INFINITY) {
    lanes.constant(f, min)
    lanes.op(f, 'max')
  }
  if (max !== Number.POSITIVE_INFINITY) {
    lanes.constant(f, max)
    lanes.op(f, 'min')
  }
}

/**
 * Calls the body for stretches of `count` elements: four lanes first where `vector` allows, then one by one. The body
 * gets the lanes and the range of elements, and writes the loop.
 */
export function stretches(
  count: number,
  vector: boolean,
  body: (lanes: Lanes, from: number, to: number) => void,
): void {
  const whole = vector ? count - (count % 4) : 0
  if (whole > 0) body(fourLanes, 0, whole)
  if (whole < count) body(oneLane, whole, count)
}
