import type { ConvStep, DepthwiseStep, Geometry } from '../program.ts'
import { blockFields, fitsBlocks, inner, lanes, startsOf } from './blocks.ts'
import { type CStep, kernelStep } from './c-step.ts'
import { type CWriter, geometryFields } from './c-writer.ts'
import { plainRequantization } from './requantization.ts'

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

/** Runs of neighbouring bytes that a window is made of. */
interface Runs {
  readonly high: number
  readonly wide: number
  /** Bytes of a run that count; it is read in groups of four. */
  readonly bytes: number
  readonly quads: number
}

function runsOf(g: Geometry): Runs {
  const dense = g.dilationWidth === 1
  const bytes = (dense ? g.filterWidth : 1) * g.inputChannels
  return { high: g.filterHeight, wide: dense ? 1 : g.filterWidth, bytes, quads: Math.ceil(bytes / 4) }
}

/** Weights as [block of 16 channels][run][quad][channel][4 bytes]. */
function packWeights({ geometry: g, weights }: ConvStep, runs: Runs): Int8Array {
  const size = g.filterHeight * g.filterWidth * g.inputChannels
  const count = runs.high * runs.wide
  const packed = new Int8Array(Math.ceil(g.outputChannels / lanes) * lanes * count * runs.quads * 4)
  for (let channel = 0; channel < g.outputChannels; channel++)
    for (let run = 0; run < count; run++)
      for (let byte = 0; byte < runs.bytes; byte++) {
        const quad = (Math.floor(channel / lanes) * count + run) * runs.quads + (byte >> 2)
        packed[(quad * lanes + (channel % lanes)) * 4 + (byte & 3)] = weights[channel * size + run * runs.bytes + byte]!
      }
  return packed
}

/** A filter of one pixel that walks all pixels. */
function isPointwise(g: Geometry): boolean {
  return (
    g.filterHeight * g.filterWidth * g.strideHeight * g.strideWidth === 1 &&
    g.padTop + g.padLeft === 0 &&
    g.outputHeight === g.inputHeight &&
    g.outputWidth === g.inputWidth
  )
}

function packedFields(writer: CWriter, step: ConvStep, runs: Runs) {
  const { geometry: g, weights, requantize: r } = step
  const size = weights.length / g.outputChannels
  const blocks = Math.ceil(g.outputChannels / lanes)
  const starts = startsOf(r, step.inputs[0]!.zeroPoint, (c) => weights.subarray(c * size, (c + 1) * size))
  return writer.struct('packed', 'mw_packed_conv', {
    weights: writer.table('weights', 'int8_t', packWeights(step, runs)),
    channels: g.outputChannels,
    blocks: inner(blockFields(writer, r, blocks, (lane) => (lane < g.outputChannels ? lane : null), starts)),
  })
}

function pointwise(step: ConvStep): CStep {
  const { geometry: g } = step
  const pixels = g.batches * g.inputHeight * g.inputWidth
  const runs = runsOf(g)
  return {
    kernel: 'pointwise_packed_s8',
    scratchBytes: pixels * g.inputChannels + 4,
    render: (writer) =>
      writer.call(
        'pointwise_packed_s8',
        writer.read(step.inputs[0]!),
        writer.write(step.output),
        writer.struct('windows', 'mw_windows', {
          rows: 1,
          pixels,
          row_bytes: 0,
          pixel_bytes: g.inputChannels,
          runs_high: 1,
          runs_wide: 1,
          run_row_bytes: 0,
          run_column_bytes: 0,
          quads: runs.quads,
        }),
        packedFields(writer, step, runs),
        writer.scratch('uint8_t'),
      ),
  }
}

/** A convolution over weights that are packed for vectors. */
export function packedConv(step: ConvStep): CStep {
  const { geometry: g } = step
  if (!fitsBlocks(step.requantize)) return plainConv(step)
  if (isPointwise(g)) return pointwise(step)
  const runs = runsOf(g)
  const rows = (g.outputHeight - 1) * g.strideHeight + (g.filterHeight - 1) * g.dilationHeight + 1
  const columns = (g.outputWidth - 1) * g.strideWidth + (g.filterWidth - 1) * g.dilationWidth + 1
  const rowBytes = columns * g.inputChannels
  return {
    kernel: 'conv_packed_s8',
    scratchBytes: rows * rowBytes + 4,
    render: (writer) =>
      writer.call(
        'conv_packed_s8',
        writer.read(step.inputs[0]!),
        writer.write(step.output),
        writer.struct('geometry', 'mw_geometry', geometryFields(g)),
        writer.struct('windows', 'mw_windows', {
          rows: g.outputHeight,
          pixels: g.outputWidth,
          row_bytes: g.strideHeight * rowBytes,
          pixel_bytes: g.strideWidth * g.inputChannels,
          runs_high: runs.high,
          runs_wide: runs.wide,
          run_row_bytes: g.dilationHeight * rowBytes,
          run_column_bytes: g.dilationWidth * g.inputChannels,
          quads: runs.quads,
        }),
        packedFields(writer, step, runs),
        rows,
        columns,
        step.inputs[0]!.zeroPoint,
        writer.scratch('uint8_t'),
      ),
  }
}
