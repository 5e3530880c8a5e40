import type { FunctionBuilder, Local } from '../wasm/function.ts'

/**
 * How a packed matrix product is fed: `i16`: activations as int16 minus the zero point, two at a time; `u8`:
 * activations as uint8 (value + 128), four at a time through the relaxed dot product; `f32`: floats, one at a time.
 * A step is always four bytes of packed activations.
 */
export interface Dialect {
  readonly name: 'i16' | 'u8' | 'f32'
  /** Bytes of an activation in the arena. */
  readonly inputBytes: 1 | 4
  /** Bytes of one packed activation. */
  readonly elementBytes: number
  /** Activations that one step consumes. */
  readonly stepElements: number
  /** Floats: product and sum in one instruction, which rounds once or twice as the machine likes. */
  readonly fused?: true
}

/** The base: every simd128 machine. */
export const i16Dialect: Dialect = { name: 'i16', inputBytes: 1, elementBytes: 2, stepElements: 2 }

/** Only where the relaxed dot product is exact for uint8 × int8. */
export const u8Dialect: Dialect = { name: 'u8', inputBytes: 1, elementBytes: 1, stepElements: 4 }

/** Floats: product and sum are rounded one by one. */
export const f32Dialect: Dialect = { name: 'f32', inputBytes: 4, elementBytes: 4, stepElements: 1 }

/** Floats where relaxed SIMD is at hand: results differ in the last bits between machines. */
export const f32FusedDialect: Dialect = { ...f32Dialect, fused: true }

/** acc += weights · activations; the weights and activations are locals. */
export function emitDot(f: FunctionBuilder, dialect: Dialect, acc: Local, weights: Local, activations: Local): void {
  if (dialect.fused) f.get(activations).get(weights).get(acc).op('f32x4.relaxed_madd').set(acc)
  else if (dialect.name === 'f32') f.get(activations).get(weights).op('f32x4.mul').get(acc).op('f32x4.add').set(acc)
  else if (dialect.name === 'u8')
    f.get(weights).get(activations).get(acc).op('i32x4.relaxed_dot_i8x16_i7x16_add_s').set(acc)
  else f.get(activations).get(weights).op('i32x4.dot_i16x8_s').get(acc).op('i32x4.add').set(acc)
}

/** What padding is in packed form. */
export function paddingByte(dialect: Dialect, zeroPoint: number): number {
  return dialect.name === 'u8' ? zeroPoint + 128 : 0
}

/**
 * Copies `elements` activations from the address in `source` to packed form at the address in `target`; both locals are
 * consumed. Reads and writes up to 15 elements beyond the end.
 */
export function emitPack(
  f: FunctionBuilder,
  dialect: Dialect,
  zeroPoint: number,
  source: Local,
  target: Local,
  elements: number,
  counter: Local,
): void {
  const group = (from: number, to: number, at: number) => {
    f.get(target).get(source)
    if (dialect.name === 'f32') f.at('v128.load', from)
    else if (dialect.name === 'u8') f.at('v128.load', from).i8x16(128).op('v128.xor')
    else {
      f.at('v128.load8x8_s', from)
      if (zeroPoint !== 0) f.i16x8(zeroPoint).op('i16x8.sub')
    }
    f.at('v128.store', to + at)
  }
  const width = 16 / dialect.elementBytes
  const sourceBytes = width * dialect.inputBytes
  const groups = Math.ceil(elements / width)
  const each = (count: number) => {
    for (let index = 0; index < count; index++) group(index * sourceBytes, index * 16, 0)
  }
  const unroll = groups <= 8 ? groups : 4
  const loops = Math.floor(groups / unroll)
  f.count(counter, 0, loops, 1, () => {
    each(unroll)
    if (groups === unroll) return
    f.advance(source, unroll * sourceBytes).advance(target, unroll * 16)
  })
  each(groups - loops * unroll)
}
