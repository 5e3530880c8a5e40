import type { DequantizeStep } from '../float-steps.ts'
import { elementBytes, sizeOf } from '../program.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import type { ChosenKernel } from './kernel.ts'
import { stretches } from './lanes.ts'

/** Stack: offset → one integer, the zero point taken off, as float32. */
function emitOne(f: FunctionBuilder, { inputs: [input] }: DequantizeStep, source: number): void {
  f.at(input!.dtype === 'int16' ? 'i32.load16_s' : input!.dtype === 'int8' ? 'i32.load8_s' : 'i32.load8_u', source)
  f.i32(input!.zeroPoint).op('i32.sub').op('f32.convert_i32_s')
}

/** The same for four neighbours. */
function emitFour(f: FunctionBuilder, { inputs: [input] }: DequantizeStep, source: number): void {
  if (input!.dtype === 'int16') f.at('v128.load64_zero', source)
  else
    f.at('v128.load32_zero', source).op(
      input!.dtype === 'int8' ? 'i16x8.extend_low_i8x16_s' : 'i16x8.extend_low_i8x16_u',
    )
  f.op('i32x4.extend_low_i16x8_s').i32x4(input!.zeroPoint).op('i32x4.sub').op('f32x4.convert_i32x4_s')
}

/** From 8 or 16 bits to float32: one rounding, of the product. */
export function dequantizeKernel(step: DequantizeStep, vector: boolean): ChosenKernel {
  return {
    name: vector ? 'dequantize simd128' : 'dequantize scalar',
    scratchBytes: 0,
    emit: (context) => {
      const f = new FunctionBuilder([], [])
      const at = f.local('i32')
      const [source, target] = [context.addressOf(step.inputs[0]!), context.addressOf(step.output)]
      const shift = elementBytes(step.inputs[0]!.dtype) - 1
      stretches(sizeOf(step.output.shape), vector, (lanes, from, to) => {
        f.count(at, from, to, lanes.count, () => {
          f.get(at).i32(2).op('i32.shl').get(at).i32(shift).op('i32.shl')
          if (lanes.count === 4) emitFour(f, step, source)
          else emitOne(f, step, source)
          lanes.constant(f, step.inputs[0]!.scale)
          lanes.op(f, 'mul')
          f.at(lanes.store, target)
        })
      })
      return context.module.add(f)
    },
  }
}
