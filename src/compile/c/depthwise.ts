import type { DepthwiseStep, Geometry } from '../program.ts'
import { blockFields, fitsBlocks, inner, lanes, startsOf } from './blocks.ts'
import type { CStep } from './c-step.ts'
import { geometryFields } from './c-writer.ts'
import { plainConv } from './conv.ts'

/** How a filter's taps come in fours and its outputs in sixteens. */
interface Fours {
  /** The filter is one row high: fours of neighbouring columns instead of rows. */
  readonly flat: boolean
  readonly groups: number
  /** Columns of a row of fours. */
  readonly columns: number
  /** Runs of sixteen outputs until parameters repeat. */
  readonly vectors: number
  readonly span: number
  readonly advance: number
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))

/** With stride 1 neighbouring pixels are one stretch of outputs; otherwise each pixel stands alone. */
function foursOf(g: Geometry): Fours {
  const flat = g.filterHeight === 1
  const groups = Math.ceil((flat ? g.filterWidth : g.filterHeight) / 4)
  const reach = flat ? 4 * (groups - 1) : g.filterWidth - 1
  const channels = g.outputChannels
  const columns = (g.outputWidth - 1) * g.strideWidth + reach * g.dilationWidth + 1
  if (g.strideWidth > 1)
    return {
      flat,
      groups,
      columns,
      vectors: Math.ceil(channels / lanes),
      span: channels,
      advance: g.strideWidth * channels,
    }
  const period = channels / divisor(channels, lanes)
  const vectors = 4 % period === 0 ? 4 : period
  return { flat, groups, columns, vectors, span: lanes * vectors, advance: lanes * vectors }
}

/** Weights as [run of 16 outputs][group][column][lane][4 taps]. */
function packWeights(
  { geometry: g, weights }: DepthwiseStep,
  fours: Fours,
  channelOf: (lane: number) => number | null,
) {
  const wide = fours.flat ? 1 : g.filterWidth
  const packed = new Int8Array(fours.vectors * fours.groups * wide * lanes * 4)
  for (let lane = 0; lane < fours.vectors * lanes; lane++) {
    const channel = channelOf(lane)
    if (channel === null) continue
    for (let tap = 0; tap < g.filterHeight * g.filterWidth; tap++) {
      const [row, column] = [Math.floor(tap / g.filterWidth), tap % g.filterWidth]
      const along = fours.flat ? column : row
      const at = (Math.floor(lane / lanes) * fours.groups + (along >> 2)) * wide + (fours.flat ? 0 : column)
      packed[(at * lanes + (lane % lanes)) * 4 + (along & 3)] = weights[tap * g.outputChannels + channel]!
    }
  }
  return packed
}

/** A depthwise convolution over weights that are packed for vectors, one output a channel. */
export function packedDepthwise(step: DepthwiseStep): CStep {
  const { geometry: g, weights, requantize: r } = step
  const channels = g.outputChannels
  if (g.inputChannels !== channels || !fitsBlocks(r)) return plainConv(step)
  const fours = foursOf(g)
  const channelOf = (lane: number) => (g.strideWidth > 1 ? (lane < channels ? lane : null) : lane % channels)
  const rowBytes = 4 * fours.columns * channels + 64
  const padded = fours.flat ? (fours.columns + 3 * g.dilationWidth) * channels : g.inputWidth * channels
  return {
    kernel: 'depthwise_packed_s8',
    scratchBytes: (fours.flat ? 1 : fours.groups) * rowBytes + padded + 64,
    render: (writer) => {
      const input = step.inputs[0]!
      const taps = g.filterHeight * g.filterWidth
      const weightsOf = (channel: number) =>
        Array.from({ length: taps }, (_, tap) => weights[tap * channels + channel]!)
      const starts = startsOf(r, input.zeroPoint, weightsOf)
      return writer.call(
        'depthwise_packed_s8',
        writer.read(input),
        writer.write(step.output),
        writer.struct('geometry', 'mw_geometry', geometryFields(g)),
        writer.struct('fours', 'mw_fours', {
          groups: fours.groups,
          columns: fours.columns,
          vectors: fours.vectors,
          span: fours.span,
          advance: fours.advance,
          row_bytes: rowBytes,
        }),
        writer.struct('packed', 'mw_packed_depthwise', {
          weights: writer.table('weights', 'int8_t', packWeights(step, fours, channelOf)),
          blocks: inner(blockFields(writer, r, fours.vectors, channelOf, starts)),
        }),
        input.zeroPoint,
        writer.scratch('uint8_t'),
      )
    },
  }
}
