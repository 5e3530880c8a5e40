import type { DataType } from '../../graph/graph.ts'
import type { BinaryOp, Expression, LoopsStep, Scalar, Statement } from './loops.ts'

const types: Readonly<Record<Scalar, string>> = { i32: 'int32_t', i64: 'int64_t', f32: 'float', f64: 'double' }

const elements: Readonly<Partial<Record<DataType, string>>> = {
  int4: 'int8_t',
  int8: 'int8_t',
  uint8: 'uint8_t',
  bool: 'uint8_t',
  int16: 'int16_t',
  uint16: 'uint16_t',
  int32: 'int32_t',
  uint32: 'uint32_t',
  int64: 'int64_t',
  uint64: 'uint64_t',
  float32: 'float',
  float64: 'double',
}

/** The C type of a buffer's elements. */
export function cElement(dtype: DataType): string {
  return elements[dtype]!
}

const isFloat = (type: Scalar) => type === 'f32' || type === 'f64'

function constant(type: Scalar, value: number): string {
  if (type === 'i64') return `INT64_C(${BigInt(value)})`
  if (type === 'i32') return value === -(2 ** 31) ? 'INT32_MIN' : `${value | 0}`
  const suffix = type === 'f32' ? 'f' : ''
  const exact = type === 'f32' ? Math.fround(value) : value
  if (Number.isNaN(exact)) return `(${types[type]})NAN`
  if (!Number.isFinite(exact)) return `(${types[type]})${exact < 0 ? '-' : ''}INFINITY`
  const text = Object.is(exact, -0) ? '-0' : String(exact)
  return `${/[.e]/.test(text) ? text : `${text}.0`}${suffix}`
}

const infix: Readonly<Partial<Record<BinaryOp, string>>> = {
  div: '/',
  rem: '%',
  and: '&',
  or: '|',
  xor: '^',
  eq: '==',
  ne: '!=',
  lt: '<',
  gt: '>',
  le: '<=',
  ge: '>=',
}

const wrapping: Readonly<Partial<Record<BinaryOp, string>>> = { add: '+', sub: '-', mul: '*' }

function binary(type: Scalar, op: BinaryOp, left: string, right: string): string {
  const [signed, width] = [types[type], type === 'i64' ? 63 : 31]
  const plain = infix[op] ?? (isFloat(type) ? wrapping[op] : undefined)
  if (plain) return `(${left} ${plain} ${right})`
  if (wrapping[op]) return `(${signed})((u${signed})${left} ${wrapping[op]} (u${signed})${right})`
  if (op === 'shl') return `(${signed})((u${signed})${left} << (${right} & ${width}))`
  if (op === 'shr') return `(${left} >> (${right} & ${width}))`
  if (op === 'shr_u') return `(${signed})((u${signed})${left} >> (${right} & ${width}))`
  if (op === 'lt_u') return `((u${signed})${left} < (u${signed})${right})`
  return `mw_${op}_${type}(${left}, ${right})`
}

function unary(type: Scalar, op: string, of: string): string {
  if (op === 'neg') return `(-${of})`
  if (op === 'clz') return `mw_clz_i32(${of})`
  const name = { abs: 'fabs', nearest: 'rint' }[op] ?? op
  return `${name}${type === 'f32' ? 'f' : ''}(${of})`
}

function conversion(from: Scalar, to: Scalar, unsigned: boolean, of: string): string {
  if (!isFloat(to) && isFloat(from)) return unsigned ? `(int64_t)(uint64_t)(${of})` : `mw_cut_${to}(${of})`
  if (unsigned) return `(${types[to]})(u${types[from]})${of}`
  return from === 'i64' && to === 'i32' ? `(int32_t)(uint32_t)${of}` : `(${types[to]})${of}`
}

function expression(e: Expression, pointers: readonly string[]): string {
  const text = (part: Expression) => expression(part, pointers)
  switch (e.kind) {
    case 'number':
      return e.value < 0 ? `(${constant(e.type, e.value)})` : constant(e.type, e.value)
    case 'local':
      return e.name
    case 'load':
      return `(${types[e.type]})${pointers[e.buffer]}[${text(e.index)}]`
    case 'unary':
      return unary(e.type, e.op, text(e.of))
    case 'binary':
      return binary(e.left.type, e.op, text(e.left), text(e.right))
    case 'select':
      return `(${text(e.condition)} ? ${text(e.yes)} : ${text(e.no)})`
    case 'convert':
      return conversion(e.of.type, e.type, e.unsigned === true, text(e.of))
    case 'bits':
      return `mw_bits_${e.type}(${text(e.of)})`
  }
}

/** Lines of one statement. */
function lines(statement: Statement, step: LoopsStep, pointers: readonly string[]): readonly string[] {
  const inner = (body: readonly Statement[]) => statements(body, step, pointers).map((line) => `  ${line}`)
  const text = (part: Expression) => expression(part, pointers)
  switch (statement.kind) {
    case 'set':
      return [`${statement.local} = ${text(statement.value)};`]
    case 'store': {
      const { buffer, index, value } = statement
      return [`${pointers[buffer]}[${text(index)}] = (${cElement(step.buffers[buffer]!.dtype)})${text(value)};`]
    }
    case 'loop': {
      const { local, count } = statement
      return [`for (${local} = 0; ${local} < ${count}; ${local}++) {`, ...inner(statement.body), '}']
    }
    case 'if': {
      const otherwise = statement.otherwise.length > 0 ? ['} else {', ...inner(statement.otherwise)] : []
      return [`if (${text(statement.condition)}) {`, ...inner(statement.body), ...otherwise, '}']
    }
  }
}

function statements(body: readonly Statement[], step: LoopsStep, pointers: readonly string[]): readonly string[] {
  return body.flatMap((statement) => lines(statement, step, pointers))
}

/** Types of all locals that a body sets. */
function localsOf(body: readonly Statement[]): ReadonlyMap<string, Scalar> {
  const locals = new Map<string, Scalar>()
  for (const statement of body) {
    if (statement.kind === 'set') locals.set(statement.local, statement.value.type)
    if (statement.kind === 'loop') locals.set(statement.local, 'i32')
    const nested = statement.kind === 'if' ? [...statement.body, ...statement.otherwise] : []
    for (const [name, type] of localsOf(statement.kind === 'loop' ? statement.body : nested)) locals.set(name, type)
  }
  return locals
}

/**
 * A step of loops as the body of a C99 function, to be compiled without contracting products and sums of floats
 * (-ffp-contract=off). It calls functions of `firmware-bridge/include/loops.h`.
 * @param pointers a C expression for each buffer: a pointer to its elements
 */
export function loopsToC(step: LoopsStep, pointers: readonly string[]): string {
  const locals = [...localsOf(step.body)]
  const declared = locals.map(([name, type]) => `${types[type]} ${name} = 0;`)
  // Some are only set.
  const used = locals.map(([name]) => `(void)${name};`)
  return [...declared, ...used, ...statements(step.body, step, pointers)].join('\n')
}
