import type {
  DequantizeStep,
  FloatBinaryStep,
  FloatConvStep,
  FloatDepthwiseStep,
  FloatPoolStep,
  FloatSoftmaxStep,
  FloatUnaryStep,
  QuantizeStep,
} from '../float-steps.ts'
import { sizeOf } from '../program.ts'
import { type CStep, kernelStep } from './c-step.ts'
import { cFloat } from './c-text.ts'
import { geometryFields } from './c-writer.ts'

const suffixes: Readonly<Record<string, string>> = { int8: 's8', uint8: 'u8', int16: 's16' }

const range = ({ min, max }: { readonly min: number; readonly max: number }) => [cFloat(min), cFloat(max)] as const

/** From float32 to 8 or 16 bits. */
export function quantize(step: QuantizeStep): CStep {
  const { scale, zeroPoint, dtype } = step.output
  const even = step.semantics === 'fp32'
  return kernelStep(`quantize_${suffixes[dtype]}`, (writer) => [
    writer.read(step.inputs[0]!),
    writer.write(step.output),
    sizeOf(step.output.shape),
    cFloat(even ? Math.fround(1 / scale) : scale),
    even ? 1 : 0,
    zeroPoint,
    step.min,
    step.max,
  ])
}

/** From 8 or 16 bits to float32. */
export function dequantize(step: DequantizeStep): CStep {
  const input = step.inputs[0]!
  return kernelStep(`dequantize_${suffixes[input.dtype]}`, (writer) => [
    writer.read(input),
    writer.write(step.output),
    sizeOf(step.output.shape),
    cFloat(input.scale),
    input.zeroPoint,
  ])
}

/** Convolutions of floats by their weights as they are. */
export function floatConv(step: FloatConvStep | FloatDepthwiseStep): CStep {
  return kernelStep(step.kind === 'float-conv' ? 'conv_f32' : 'depthwise_conv_f32', (writer) => [
    writer.read(step.inputs[0]!),
    writer.write(step.output),
    writer.struct('geometry', 'mw_geometry', geometryFields(step.geometry)),
    writer.table('weights', 'float', step.weights),
    writer.table('bias', 'float', step.bias),
    ...range(step),
  ])
}

/** Average or maximum of floats over windows. */
export function floatPool(step: FloatPoolStep): CStep {
  return kernelStep('pool_f32', (writer) => [
    writer.read(step.inputs[0]!),
    writer.write(step.output),
    writer.struct('geometry', 'mw_geometry', geometryFields(step.geometry)),
    step.mode === 'average' ? 1 : 0,
    ...range(step),
  ])
}

/** A function of every float. */
export function floatUnary(step: FloatUnaryStep): CStep {
  return kernelStep('unary_f32', (writer) => [
    writer.read(step.inputs[0]!),
    writer.write(step.output),
    sizeOf(step.output.shape),
    `MW_${step.fn.toUpperCase().replace('-', '_')}`,
    cFloat(Math.fround(step.parameter)),
    ...range(step),
  ])
}

const pairFunctions: Readonly<Record<FloatBinaryStep['fn'], string>> = {
  add: 'MW_ADD',
  sub: 'MW_SUB',
  mul: 'MW_MUL',
  div: 'MW_DIV',
  max: 'MW_MAXIMUM',
  min: 'MW_MINIMUM',
  prelu: 'MW_PRELU',
}

/** A function of two floats. */
export function floatBinary(step: FloatBinaryStep): CStep {
  return kernelStep('binary_f32', (writer) => {
    const sides = step.operands.flatMap(({ value, constant, period, indices }, index) => [
      constant ? writer.table(`operand_${index}`, 'float', constant) : writer.read(value),
      `(mw_broadcast){${period}, ${indices ? writer.table(`indices_${index}`, 'int32_t', indices) : 'NULL'}}`,
    ])
    return [...sides, writer.write(step.output), sizeOf(step.output.shape), pairFunctions[step.fn], ...range(step)]
  })
}

/** Softmax of floats. */
export function floatSoftmax(step: FloatSoftmaxStep): CStep {
  return kernelStep('softmax_f32', (writer) => [
    writer.read(step.inputs[0]!),
    writer.write(step.output),
    step.rows,
    step.depth,
    cFloat(Math.fround(step.beta)),
  ])
}
