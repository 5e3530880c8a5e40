import type { QuantizeStep } from '../float-steps.ts'
import { elementBytes, sizeOf } from '../program.ts'
import { FunctionBuilder, type Local } from '../wasm/function.ts'
import type { ChosenKernel } from './kernel.ts'
import { emitCut, type Lanes, stretches } from './lanes.ts'

/**
 * Steps of the output's scale, not yet an integer type: `fp32` multiplies by fl32(1 / scale) and rounds halves to even
 * (XNNPACK), `tflm` divides and rounds halves away from zero, as trunc(x) + trunc(2 · (x − trunc(x))), which is exact.
 */
function emitSteps(f: FunctionBuilder, step: QuantizeStep, lanes: Lanes, x: Local): void {
  const { scale, zeroPoint } = step.output
  lanes.constant(f, step.semantics === 'fp32' ? Math.fround(1 / scale) : scale)
  lanes.op(f, step.semantics === 'fp32' ? 'mul' : 'div')
  emitCut(f, lanes, step.min - zeroPoint, step.max - zeroPoint)
  if (step.semantics === 'fp32') {
    lanes.op(f, 'nearest')
    return
  }
  f.tee(x)
  lanes.op(f, 'trunc')
  f.get(x).get(x)
  lanes.op(f, 'trunc')
  lanes.op(f, 'sub')
  lanes.constant(f, 2)
  lanes.op(f, 'mul')
  lanes.op(f, 'trunc')
  lanes.op(f, 'add')
}

/** Stack: address, four integers as float32 → stores them. Not-a-number becomes the zero point. */
function emitStoreFour(f: FunctionBuilder, { output }: QuantizeStep, x: Local): void {
  f.op('i32x4.trunc_sat_f32x4_s').i32x4(output.zeroPoint).op('i32x4.add').set(x)
  f.get(x).get(x).op('i16x8.narrow_i32x4_s')
  if (output.dtype === 'int16') {
    f.storeLane('v128.store64_lane', 0)
    return
  }
  f.set(x)
    .get(x)
    .get(x)
    .op(output.dtype === 'int8' ? 'i8x16.narrow_i16x8_s' : 'i8x16.narrow_i16x8_u')
  f.storeLane('v128.store32_lane', 0)
}

/** The same for one. */
function emitStoreOne(f: FunctionBuilder, { output }: QuantizeStep, x: Local): void {
  f.set(x).get(x).f32(0).get(x).get(x).op('f32.eq').op('select')
  f.op('i32.trunc_f32_s').i32(output.zeroPoint).op('i32.add')
  f.at(output.dtype === 'int16' ? 'i32.store16' : 'i32.store8')
}

/** From float32 to 8 or 16 bits. */
export function quantizeKernel(step: QuantizeStep, vector: boolean): ChosenKernel {
  return {
    name: vector ? 'quantize simd128' : 'quantize scalar',
    scratchBytes: 0,
    emit: (context) => {
      const f = new FunctionBuilder([], [])
      const at = f.local('i32')
      const [source, target] = [context.addressOf(step.inputs[0]!), context.addressOf(step.output)]
      const shift = elementBytes(step.output.dtype) - 1
      stretches(sizeOf(step.output.shape), vector, (lanes, from, to) => {
        const x = f.local(lanes.type)
        f.count(at, from, to, lanes.count, () => {
          f.get(at).i32(shift).op('i32.shl').i32(target).op('i32.add')
          f.get(at).i32(2).op('i32.shl').at(lanes.load, source)
          emitSteps(f, step, lanes, x)
          if (lanes.count === 4) emitStoreFour(f, step, x)
          else emitStoreOne(f, step, x)
        })
      })
      return context.module.add(f)
    },
  }
}
