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

/** What the statements of `loopsToC` call: functions that C has not got, or that are not defined for every number. */
export const loopsSupport: string = `#include <math.h>
#include <stdint.h>
#include <string.h>

static inline int32_t mw_clz_i32(int32_t x)
{
  uint32_t bits = (uint32_t)x;
  int32_t count = 32;
  while (bits != 0) {
    bits >>= 1;
    count--;
  }
  return count;
}

static inline int64_t mw_bits_i64(double x)
{
  int64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline double mw_bits_f64(int64_t bits)
{
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline int32_t mw_bits_i32(float x)
{
  int32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline float mw_bits_f32(int32_t bits)
{
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline double mw_min_f64(double a, double b)
{
  if (a != a || b != b) return a + b;
  return a < b || (a == b && signbit(a)) ? a : b;
}

static inline double mw_max_f64(double a, double b)
{
  if (a != a || b != b) return a + b;
  return a > b || (a == b && !signbit(a)) ? a : b;
}

static inline float mw_min_f32(float a, float b)
{
  if (a != a || b != b) return a + b;
  return a < b || (a == b && signbit(a)) ? a : b;
}

static inline float mw_max_f32(float a, float b)
{
  if (a != a || b != b) return a + b;
  return a > b || (a == b && !signbit(a)) ? a : b;
}

static inline int32_t mw_cut_i32(double x)
{
  if (x != x) return 0;
  if (x <= -2147483648.0) return INT32_MIN;
  return x >= 2147483647.0 ? INT32_MAX : (int32_t)x;
}

static inline int64_t mw_cut_i64(double x)
{
  if (x != x) return 0;
  if (x <= -9223372036854775808.0) return INT64_MIN;
  return x >= 9223372036854775808.0 ? INT64_MAX : (int64_t)x;
}
`

const isFloat = (type: Scalar) => type === 'f32' || type === 'f64'

function constant(type: Scalar, value: number): string {
  if (type === 'i64') return `INT64_C(${BigInt(value)})`
  if (type === 'i32') return value === -(2 ** 31) ? 'INT32_MIN' : `${value | 0}`
  const suffix = type === 'f32' ? 'f' : ''
  const exact = type === 'f32' ? Math.fround(value) : value
  if (Number.isNaN(exact)) return `(0.0${suffix} / 0.0${suffix})`
  if (!Number.isFinite(exact)) return `(${exact < 0 ? '-' : ''}1.0${suffix} / 0.0${suffix})`
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
 * (-ffp-contract=off). It calls `loopsSupport`.
 * @param pointers a C expression for each buffer: a pointer to its elements
 */
export function loopsToC(step: LoopsStep, pointers: readonly string[]): string {
  const declared = [...localsOf(step.body)].map(([name, type]) => `${types[type]} ${name} = 0;`)
  return [...declared, ...statements(step.body, step, pointers)].join('\n')
}
