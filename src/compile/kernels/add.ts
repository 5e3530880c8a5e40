import { multiplyByQuantizedMultiplier } from '../../graph/reference/fixed-point.ts'
import { type AddStep, sizeOf } from '../program.ts'
import { roundingMagic } from '../requantize-proof.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import { emitClamp, emitMultiplyByQuantizedMultiplier, fixedPointLocals } from './fixed-point.ts'
import type { ChosenKernel } from './kernel.ts'

const magicBits = new Int32Array(new Float32Array([roundingMagic]).buffer)[0]!

/** The float form left · a + right · b + offset, rounded: constants in float32, a and b as they lie in memory. */
export interface FloatAdd {
  readonly left: number
  readonly right: number
  readonly offset: number
}

/** The raw sum in the output's steps. */
function finish(step: AddStep, sum: number): number {
  if (step.semantics === 'tflm') return multiplyByQuantizedMultiplier(sum, step)
  return Math.floor((sum + 2 ** (step.shift - 1)) / 2 ** step.shift)
}

/** Searches constants whose float form equals the fixed-point sum for all 65,536 pairs; null if none does. */
export function proveFloatAdd(step: AddStep): FloatAdd | null {
  const [a, b] = step.inputs as [AddStep['inputs'][0], AddStep['inputs'][0]]
  const zero = step.output.zeroPoint
  const clamp = (value: number) => Math.min(Math.max(value, step.min), step.max)
  const expected = new Int16Array(65536)
  for (let x = 0; x < 256; x++)
    for (let y = 0; y < 256; y++)
      expected[x * 256 + y] = clamp(finish(step, step.tables[0][x]! + step.tables[1][y]!) + zero)
  const left = Math.fround(step.factors[0])
  const right = Math.fround(step.factors[1])
  const base = -(a.zeroPoint * step.factors[0] + b.zeroPoint * step.factors[1])
  const equals = (offset: number) => {
    for (let x = 0; x < 256; x++) {
      const first = Math.fround(Math.fround((x - 128) * left) + offset)
      for (let y = 0; y < 256; y++) {
        const sum = Math.fround(first + Math.fround((y - 128) * right))
        if (clamp(Math.fround(sum + roundingMagic) - roundingMagic + zero) !== expected[x * 256 + y]) return false
      }
    }
    return true
  }
  for (const nudge of [0, 1, -1, 2, -2, 4, -4, 8, -8, 16, -16]) {
    const offset = Math.fround(base + nudge * 2 ** -19)
    if (equals(offset)) return { left, right, offset }
  }
  return null
}

function emitFloatAdd(
  f: FunctionBuilder,
  step: AddStep,
  form: FloatAdd,
  addresses: readonly [number, number, number],
): void {
  const [at, left, right, half] = [f.local('i32'), f.local('v128'), f.local('v128'), f.local('v128')]
  const bytes = sizeOf(step.output.shape)
  const quarter = (extend: 'i32x4.extend_low_i16x8_s' | 'i32x4.extend_high_i16x8_s') => {
    f.get(left).op(extend).op('f32x4.convert_i32x4_s').f32x4(form.left).op('f32x4.mul')
    f.f32x4(form.offset).op('f32x4.add')
    f.get(right).op(extend).op('f32x4.convert_i32x4_s').f32x4(form.right).op('f32x4.mul').op('f32x4.add')
    f.f32x4(roundingMagic)
      .op('f32x4.add')
      .i32x4(magicBits - step.output.zeroPoint)
      .op('i32x4.sub')
  }
  const eight = (offset: number) => {
    f.get(at)
      .at('v128.load8x8_s', addresses[0] + offset)
      .set(left)
    f.get(at)
      .at('v128.load8x8_s', addresses[1] + offset)
      .set(right)
    quarter('i32x4.extend_low_i16x8_s')
    quarter('i32x4.extend_high_i16x8_s')
    f.op('i16x8.narrow_i32x4_s')
  }
  const sixteen = () => {
    eight(0)
    f.set(half)
    eight(8)
    const high = f.local('v128')
    f.set(high).get(half).get(high).op('i8x16.narrow_i16x8_s')
    if (step.min > -128) f.i8x16(step.min).op('i8x16.max_s')
    if (step.max < 127) f.i8x16(step.max).op('i8x16.min_s')
    f.set(half).get(at).get(half).at('v128.store', addresses[2])
  }
  f.count(at, 0, bytes, 16, sixteen)
}

function emitExactAdd(
  f: FunctionBuilder,
  step: AddStep,
  tables: readonly [number, number],
  addresses: readonly [number, number, number],
): void {
  const [at, result] = [f.local('i32'), f.local('i32')]
  const locals = fixedPointLocals(f)
  const side = (index: 0 | 1) => {
    f.get(at).at('i32.load8_s', addresses[index]).i32(128).op('i32.add').i32(2).op('i32.shl')
    f.at('i32.load', tables[index])
  }
  f.count(at, 0, sizeOf(step.output.shape), 1, () => {
    f.get(at)
    side(0)
    side(1)
    f.op('i32.add')
    if (step.semantics === 'tflm')
      emitMultiplyByQuantizedMultiplier(
        f,
        locals,
        () => f.i32(step.multiplier),
        () => f.i32(step.shift),
      )
    else
      f.op('i64.extend_i32_s')
        .i64(1n << BigInt(step.shift - 1))
        .op('i64.add')
        .i64(BigInt(step.shift))
        .op('i64.shr_s')
        .op('i32.wrap_i64')
    f.i32(step.output.zeroPoint).op('i32.add')
    emitClamp(
      f,
      result,
      () => f.i32(step.min),
      () => f.i32(step.max),
    )
    f.at('i32.store8', addresses[2])
  })
}

/** Sum of two int8 values: the float form where it is proved for every pair, tables and fixed point otherwise. */
export function addKernel(step: AddStep, vector: boolean): ChosenKernel {
  const whole = sizeOf(step.output.shape) % 16 === 0
  const form = vector && whole ? proveFloatAdd(step) : null
  return {
    name: form ? 'add simd128' : 'add scalar',
    scratchBytes: 0,
    emit: (context) => {
      const f = new FunctionBuilder([], [])
      const [left, right] = step.inputs
      const addresses = [context.addressOf(left!), context.addressOf(right!), context.addressOf(step.output)] as const
      if (form) emitFloatAdd(f, step, form, addresses)
      else emitExactAdd(f, step, [context.constant(step.tables[0]), context.constant(step.tables[1])], addresses)
      return context.module.add(f)
    },
  }
}
