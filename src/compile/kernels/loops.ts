import type { DataType } from '../../graph/graph.ts'
import type { BinaryOp, Expression, LoopBuffer, LoopsStep, Scalar, Statement, UnaryOp } from '../loops/loops.ts'
import { elementBytes } from '../program.ts'
import { FunctionBuilder, type Local } from '../wasm/function.ts'
import type { Access, Plain } from '../wasm/opcodes.ts'
import type { EmitContext } from './context.ts'
import type { ChosenKernel } from './kernel.ts'

const loads: Readonly<Partial<Record<DataType, Access>>> = {
  int4: 'i32.load8_s',
  int8: 'i32.load8_s',
  uint8: 'i32.load8_u',
  bool: 'i32.load8_u',
  int16: 'i32.load16_s',
  uint16: 'i32.load16_u',
  int32: 'i32.load',
  uint32: 'i64.load32_u',
  int64: 'i64.load',
  uint64: 'i64.load',
  float32: 'f32.load',
  float64: 'f64.load',
}

const stores: Readonly<Partial<Record<DataType, Access>>> = {
  int4: 'i32.store8',
  int8: 'i32.store8',
  uint8: 'i32.store8',
  bool: 'i32.store8',
  int16: 'i32.store16',
  uint16: 'i32.store16',
  int32: 'i32.store',
  uint32: 'i64.store32',
  int64: 'i64.store',
  uint64: 'i64.store',
  float32: 'f32.store',
  float64: 'f64.store',
}

const isFloat = (type: Scalar) => type === 'f32' || type === 'f64'

/** The instruction of an operation on operands of this type. */
function opOf(type: Scalar, op: UnaryOp | BinaryOp): Plain {
  const unsigned = op === 'lt_u' || op === 'shr_u'
  const signed = !isFloat(type) && !unsigned && ['div', 'rem', 'lt', 'gt', 'le', 'ge', 'shr'].includes(op)
  return `${type}.${op}${signed ? '_s' : ''}` as Plain
}

function conversionOf(from: Scalar, to: Scalar, unsigned: boolean): Plain {
  const sign = unsigned ? 'u' : 's'
  if (from === 'i64' && to === 'i32') return 'i32.wrap_i64'
  if (from === 'f64' && to === 'f32') return 'f32.demote_f64'
  if (from === 'f32' && to === 'f64') return 'f64.promote_f32'
  if (from === 'i32' && to === 'i64') return `i64.extend_i32_${sign}`
  if (isFloat(to)) return `${to}.convert_${from}_${sign}` as Plain
  return `${to}.trunc_sat_${from}_${sign}` as Plain
}

/** Writes statements into a function: locals by name, buffers by address. */
class LoopEmitter {
  private readonly locals = new Map<string, Local>()
  private readonly f: FunctionBuilder
  private readonly step: LoopsStep
  private readonly addresses: readonly number[]

  constructor(f: FunctionBuilder, step: LoopsStep, addresses: readonly number[]) {
    this.f = f
    this.step = step
    this.addresses = addresses
  }

  statements(statements: readonly Statement[]): void {
    for (const statement of statements) this.statement(statement)
  }

  private statement(statement: Statement): void {
    const { f } = this
    switch (statement.kind) {
      case 'set':
        this.expression(statement.value)
        f.set(this.local(statement.local, statement.value.type))
        return
      case 'store':
        this.offset(statement.buffer, statement.index)
        this.expression(statement.value)
        f.at(stores[this.dtypeOf(statement.buffer)]!, this.addresses[statement.buffer]!)
        return
      case 'loop':
        f.count(this.local(statement.local, 'i32'), 0, statement.count, 1, () => this.statements(statement.body))
        return
      case 'if':
        this.expression(statement.condition)
        f.if(
          () => this.statements(statement.body),
          statement.otherwise.length > 0 ? () => this.statements(statement.otherwise) : undefined,
        )
    }
  }

  private expression(e: Expression): void {
    const { f } = this
    switch (e.kind) {
      case 'number':
        this.constant(e.type, e.value)
        return
      case 'local':
        f.get(this.local(e.name, e.type))
        return
      case 'load':
        this.offset(e.buffer, e.index)
        f.at(loads[this.dtypeOf(e.buffer)]!, this.addresses[e.buffer]!)
        return
      case 'unary':
        this.expression(e.of)
        f.op(opOf(e.type, e.op))
        return
      case 'binary':
        this.expression(e.left)
        this.expression(e.right)
        f.op(opOf(e.left.type, e.op))
        return
      case 'select':
        for (const part of [e.yes, e.no, e.condition]) this.expression(part)
        f.op('select')
        return
      case 'convert':
        this.expression(e.of)
        f.op(conversionOf(e.of.type, e.type, e.unsigned === true))
        return
      case 'bits':
        this.expression(e.of)
        f.op(`${e.type}.reinterpret_${e.of.type}` as Plain)
    }
  }

  /** Bytes from the start of a buffer. */
  private offset(buffer: number, index: Expression): void {
    const bytes = elementBytes(this.dtypeOf(buffer))
    if (index.kind === 'number') {
      this.f.i32(index.value * bytes)
      return
    }
    this.expression(index)
    if (bytes > 1) this.f.i32(Math.log2(bytes)).op('i32.shl')
  }

  private constant(type: Scalar, value: number): void {
    if (type === 'i64') this.f.i64(BigInt(value))
    else this.f[type](value)
  }

  private dtypeOf(buffer: number): DataType {
    return this.step.buffers[buffer]!.dtype
  }

  private local(name: string, type: Scalar): Local {
    const known = this.locals.get(name)
    if (known !== undefined) return known
    const local = this.f.local(type)
    this.locals.set(name, local)
    return local
  }
}

const scratchBytesOf = (buffer: LoopBuffer) =>
  buffer.kind === 'scratch' ? Math.ceil((buffer.length * elementBytes(buffer.dtype)) / 16) * 16 : 0

function addressesOf(step: LoopsStep, context: EmitContext, scratch: number): readonly number[] {
  let next = scratch
  return step.buffers.map((buffer) => {
    if (buffer.kind === 'value') return context.addressOf(buffer.value)
    if (buffer.kind === 'constant') return context.constant(buffer.data)
    next += scratchBytesOf(buffer)
    return next - scratchBytesOf(buffer)
  })
}

/** Loops over scalars, as they stand. */
export function loopsKernel(step: LoopsStep): ChosenKernel {
  return {
    name: `${step.form} scalar`,
    scratchBytes: step.buffers.reduce((sum, buffer) => sum + scratchBytesOf(buffer), 0),
    emit: (context, scratch) => {
      const f = new FunctionBuilder([], [])
      new LoopEmitter(f, step, addressesOf(step, context, scratch)).statements(step.body)
      return context.module.add(f)
    },
  }
}
