import { signed, unsigned } from './encoding.ts'
import { type Access, type Lane, type LaneStore, opcodeOf, type Plain } from './opcodes.ts'

/** Types of values. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'

/** Binary form of the value types. */
export const valueTypeCode: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
}

/** Index of a local variable or parameter. */
export type Local = number

/**
 * Writes the body of one function, instruction by instruction, in stack order. Methods return the builder, so that a
 * row of calls reads like the text format.
 */
export class FunctionBuilder {
  readonly parameters: readonly ValueType[]
  readonly results: readonly ValueType[]
  private readonly locals: ValueType[] = []
  private readonly code: number[] = []

  constructor(parameters: readonly ValueType[], results: readonly ValueType[]) {
    this.parameters = parameters
    this.results = results
  }

  /** A new local variable; zero at the start of a call. */
  local(type: ValueType): Local {
    return this.parameters.length + this.locals.push(type) - 1
  }

  get(local: Local): this {
    this.code.push(0x20, ...unsigned(local))
    return this
  }

  set(local: Local): this {
    this.code.push(0x21, ...unsigned(local))
    return this
  }

  tee(local: Local): this {
    this.code.push(0x22, ...unsigned(local))
    return this
  }

  i32(value: number): this {
    this.code.push(0x41, ...signed(value | 0))
    return this
  }

  i64(value: bigint): this {
    this.code.push(0x42, ...signed(value))
    return this
  }

  f32(value: number): this {
    this.code.push(0x43, ...new Uint8Array(new Float32Array([value]).buffer))
    return this
  }

  f64(value: number): this {
    this.code.push(0x44, ...new Uint8Array(new Float64Array([value]).buffer))
    return this
  }

  /** A vector constant of 16 bytes. */
  v128(bytes: Uint8Array): this {
    this.code.push(0xfd, 0x0c, ...bytes)
    return this
  }

  /** A constant i32 in all four lanes. */
  i32x4(value: number): this {
    return this.v128(new Uint8Array(new Int32Array(4).fill(value).buffer))
  }

  /** A constant i16 in all eight lanes. */
  i16x8(value: number): this {
    return this.v128(new Uint8Array(new Int16Array(8).fill(value).buffer))
  }

  /** A constant i8 in all sixteen lanes. */
  i8x16(value: number): this {
    return this.v128(new Uint8Array(16).fill(value))
  }

  /** A constant f32 in all four lanes. */
  f32x4(value: number): this {
    return this.v128(new Uint8Array(new Float32Array(4).fill(value).buffer))
  }

  /** A constant f64 in both lanes. */
  f64x2(value: number): this {
    return this.v128(new Uint8Array(new Float64Array(2).fill(value).buffer))
  }

  op(name: Plain): this {
    this.emit(name)
    return this
  }

  /** A load or store; the alignment hint is left at one byte. */
  at(name: Access, offset = 0): this {
    this.emit(name)
    this.code.push(0, ...unsigned(offset))
    return this
  }

  storeLane(name: LaneStore, lane: number, offset = 0): this {
    this.emit(name)
    this.code.push(0, ...unsigned(offset), lane)
    return this
  }

  lane(name: Lane, lane: number): this {
    this.emit(name)
    this.code.push(lane)
    return this
  }

  /** Picks 16 bytes out of the 32 of two vectors. */
  shuffle(indices: readonly number[]): this {
    this.code.push(0xfd, 0x0d, ...indices)
    return this
  }

  call(index: number): this {
    this.code.push(0x10, ...unsigned(index))
    return this
  }

  /** Stack: target, value, bytes. */
  memoryFill(): this {
    this.code.push(0xfc, 0x0b, 0x00)
    return this
  }

  /** Stack: target, source, bytes. */
  memoryCopy(): this {
    this.code.push(0xfc, 0x0a, 0x00, 0x00)
    return this
  }

  block(body: () => void): this {
    return this.nest(0x02, body)
  }

  loop(body: () => void): this {
    return this.nest(0x03, body)
  }

  if(then: () => void, otherwise?: () => void): this {
    this.code.push(0x04, 0x40)
    then()
    if (otherwise) {
      this.code.push(0x05)
      otherwise()
    }
    this.code.push(0x0b)
    return this
  }

  br(depth: number): this {
    this.code.push(0x0c, ...unsigned(depth))
    return this
  }

  brIf(depth: number): this {
    this.code.push(0x0d, ...unsigned(depth))
    return this
  }

  /** Runs the body for counter = from, from + step, … below the limit; at least once. */
  count(counter: Local, from: number, limit: number, step: number, body: () => void): this {
    this.i32(from).set(counter)
    if (from + step >= limit) {
      body()
      return this
    }
    return this.loop(() => {
      body()
      this.get(counter).i32(step).op('i32.add').tee(counter).i32(limit).op('i32.lt_s').brIf(0)
    })
  }

  /** Adds a constant to an i32 local. */
  advance(local: Local, by: number): this {
    return by === 0 ? this : this.get(local).i32(by).op('i32.add').set(local)
  }

  /** The body in binary form: locals, code, end. */
  body(): number[] {
    const runs: [number, ValueType][] = []
    for (const type of this.locals) {
      const last = runs.at(-1)
      if (last && last[1] === type) last[0]++
      else runs.push([1, type])
    }
    const declared = [...unsigned(runs.length)]
    for (const [count, type] of runs) declared.push(...unsigned(count), valueTypeCode[type])
    const size = declared.length + this.code.length + 1
    const bytes = unsigned(size)
    for (const byte of declared) bytes.push(byte)
    for (const byte of this.code) bytes.push(byte)
    bytes.push(0x0b)
    return bytes
  }

  private nest(opcode: number, body: () => void): this {
    this.code.push(opcode, 0x40)
    body()
    this.code.push(0x0b)
    return this
  }

  private emit(name: Plain | Access | LaneStore | Lane): void {
    const { code, prefix } = opcodeOf(name)
    if (prefix === null) this.code.push(code)
    else this.code.push(prefix, ...unsigned(code))
  }
}
