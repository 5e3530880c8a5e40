import type { BinaryOp, Expression, Scalar, UnaryOp } from './loops.ts'

/** A constant. */
export function num(type: Scalar, value: number): Expression {
  return { kind: 'number', type, value }
}

/** A constant i32. */
export function int(value: number): Expression {
  return num('i32', value)
}

const comparisons: readonly BinaryOp[] = ['eq', 'ne', 'lt', 'gt', 'le', 'ge', 'lt_u']

/** An operation of two numbers of one type; a plain number stands for a constant of the left one's type. */
export function binary(op: BinaryOp, left: Expression, right: Expression | number): Expression {
  const other = typeof right === 'number' ? num(left.type, right) : right
  return { kind: 'binary', type: comparisons.includes(op) ? 'i32' : left.type, op, left, right: other }
}

const isNumber = (of: Expression | number, value: number) =>
  typeof of === 'number' ? of === value : of.kind === 'number' && of.type === 'i32' && of.value === value

/** a + b; an i32 index plus 0 is itself. */
export function add(a: Expression, b: Expression | number): Expression {
  if (a.type === 'i32' && isNumber(b, 0)) return a
  return isNumber(a, 0) && typeof b !== 'number' ? b : binary('add', a, b)
}

/** a − b. */
export function sub(a: Expression, b: Expression | number): Expression {
  return a.type === 'i32' && isNumber(b, 0) ? a : binary('sub', a, b)
}

/** a · b; an i32 index times 1 is itself, times 0 is 0. */
export function mul(a: Expression, b: Expression | number): Expression {
  if (a.type === 'i32' && isNumber(b, 1)) return a
  return a.type === 'i32' && isNumber(b, 0) ? int(0) : binary('mul', a, b)
}

/** An operation of one number. */
export function unary(op: UnaryOp, of: Expression): Expression {
  return { kind: 'unary', type: of.type, op, of }
}

/** `yes` where the condition holds, else `no`; a plain number stands for a constant of the other one's type. */
export function select(condition: Expression, yes: Expression, no: Expression | number): Expression {
  const other = typeof no === 'number' ? num(yes.type, no) : no
  return { kind: 'select', type: yes.type, condition, yes, no: other }
}

/** The number in another type. */
export function convert(of: Expression, type: Scalar, unsigned = false): Expression {
  if (of.type === type) return of
  return { kind: 'convert', type, of, ...(unsigned ? { unsigned: true } : {}) }
}

/** The same bits in the other type of the same width. */
export function bits(of: Expression, type: Scalar): Expression {
  return { kind: 'bits', type, of }
}
