import type { FloatConvStep } from '../float-steps.ts'
import type { ConvStep, DepthwiseStep } from '../program.ts'
import { blockFields, fitsBlocks, inner, lanes, startsOf } from './blocks.ts'
import { type CStep, kernelStep } from './c-step.ts'
import { cFloat } from './c-text.ts'
import { type CWriter, geometryFields } from './c-writer.ts'
import { plainRequantization } from './requantization.ts'
import { packWeights, type Windows, windowsOf } from './windows.ts'

/** A convolution by its weights as they are, channel by channel. */
export function plainConv(step: ConvStep | DepthwiseStep): CStep {
  const input = step.inputs[0]!
  return kernelStep(step.kind === 'conv' ? 'conv_s8' : 'depthwise_conv_s8', (writer) => [
    writer.read(input),
    writer.write(step.output),
    writer.struct('geometry', 'mw_geometry', geometryFields(step.geometry)),
    writer.table('weights', 'int8_t', step.weights),
    input.zeroPoint,
    plainRequantization(writer, step.requantize),
  ])
}

function packedFields(writer: CWriter, step: ConvStep, windows: Windows): string {
  const { geometry: g, weights, requantize: r } = step
  const size = weights.length / g.outputChannels
  const blocks = Math.ceil(g.outputChannels / lanes)
  const starts = startsOf(r, step.inputs[0]!.zeroPoint, (c) => weights.subarray(c * size, (c + 1) * size))
  return writer.struct('packed', 'mw_packed_conv', {
    weights: writer.table('weights', 'int8_t', packWeights(weights, g.outputChannels, windows, 4)),
    channels: g.outputChannels,
    blocks: inner(blockFields(writer, r, blocks, (lane) => (lane < g.outputChannels ? lane : null), starts)),
  })
}

/** What the calls of packed convolutions begin with. */
function places(writer: CWriter, step: ConvStep | FloatConvStep, windows: Windows): readonly string[] {
  const geometry = () => writer.struct('geometry', 'mw_geometry', geometryFields(step.geometry))
  return [
    writer.read(step.inputs[0]!),
    writer.write(step.output),
    ...(windows.pointwise ? [] : [geometry()]),
    writer.struct('windows', 'mw_windows', windows.fields),
  ]
}

/** A convolution over weights that are packed for vectors. */
export function packedConv(step: ConvStep): CStep {
  const { geometry: g } = step
  if (!fitsBlocks(step.requantize)) return plainConv(step)
  const windows = windowsOf(g, 1)
  const { pointwise, rows, columns } = windows
  const kernel = pointwise ? 'pointwise_packed_s8' : 'conv_packed_s8'
  const pixels = pointwise ? g.batches * g.inputHeight * g.inputWidth : rows * columns
  return {
    kernel,
    // The last quad of a run may reach beyond it.
    scratchBytes: pixels * g.inputChannels + 4,
    render: (writer) =>
      writer.call(
        kernel,
        ...places(writer, step, windows),
        packedFields(writer, step, windows),
        ...(pointwise ? [] : [rows, columns, step.inputs[0]!.zeroPoint]),
        writer.scratch('uint8_t'),
      ),
  }
}

function floatFields(writer: CWriter, step: FloatConvStep, windows: Windows): string {
  const { geometry: g, weights, bias } = step
  const channels = Math.ceil(g.outputChannels / lanes) * lanes
  return writer.struct('packed', 'mw_packed_conv', {
    weights: writer.table('weights', 'float', packWeights(weights, g.outputChannels, windows, 1)),
    channels: g.outputChannels,
    bias: writer.table(
      'bias',
      'float',
      Array.from({ length: channels }, (_, channel) => bias[channel] ?? 0),
    ),
    min: cFloat(step.min),
    max: cFloat(step.max),
  })
}

/** A convolution of floats over weights that are packed for vectors. */
export function packedFloatConv(step: FloatConvStep): CStep {
  const windows = windowsOf(step.geometry, 4)
  const { pointwise, rows, columns } = windows
  const kernel = pointwise ? 'pointwise_packed_f32' : 'conv_packed_f32'
  return {
    kernel,
    scratchBytes: pointwise ? 0 : 4 * rows * columns * step.geometry.inputChannels,
    render: (writer) =>
      writer.call(
        kernel,
        ...places(writer, step, windows),
        floatFields(writer, step, windows),
        ...(pointwise ? [] : [rows, columns, writer.scratch('uint8_t')]),
      ),
  }
}
