import type { Geometry, Value } from '../program.ts'
import { attribute, type LowerContext, refuse } from './context.ts'

/**
 * A single column is laid on its side: the same bytes, but neighbouring outputs then lie in one row, where kernels take
 * several at once.
 */
function upright(g: Geometry): Geometry {
  if (g.inputWidth !== 1 || g.outputWidth !== 1 || g.filterWidth !== 1 || g.padLeft !== 0) return g
  return {
    ...g,
    inputHeight: 1,
    inputWidth: g.inputHeight,
    outputHeight: 1,
    outputWidth: g.outputHeight,
    filterHeight: 1,
    filterWidth: g.filterHeight,
    strideHeight: 1,
    strideWidth: g.strideHeight,
    dilationHeight: 1,
    dilationWidth: g.dilationHeight,
    padTop: 0,
    padLeft: g.padTop,
  }
}

/** Geometry of a convolution or pool from NHWC shapes and explicit attributes. */
export function geometryOf(
  context: LowerContext,
  input: Value,
  output: Value,
  filter: { readonly height: number; readonly width: number },
): Geometry {
  if (input.shape.length !== 4 || output.shape.length !== 4) throw refuse(context, 'its input and output are not NHWC')
  const [batches, inputHeight, inputWidth, inputChannels] = input.shape as [number, number, number, number]
  const [, outputHeight, outputWidth, outputChannels] = output.shape as [number, number, number, number]
  return upright({
    batches,
    inputHeight,
    inputWidth,
    inputChannels,
    outputHeight,
    outputWidth,
    outputChannels,
    filterHeight: filter.height,
    filterWidth: filter.width,
    strideHeight: attribute(context, 'strideH', 1),
    strideWidth: attribute(context, 'strideW', 1),
    dilationHeight: attribute(context, 'dilationH', 1),
    dilationWidth: attribute(context, 'dilationW', 1),
    padTop: attribute(context, 'padTop', 0),
    padLeft: attribute(context, 'padLeft', 0),
  })
}

/** A matrix product as a convolution of 1×1 over a row of pixels. */
export function rowsGeometry(rows: number, depth: number, channels: number): Geometry {
  return {
    batches: 1,
    inputHeight: 1,
    inputWidth: rows,
    inputChannels: depth,
    outputHeight: 1,
    outputWidth: rows,
    outputChannels: channels,
    filterHeight: 1,
    filterWidth: 1,
    strideHeight: 1,
    strideWidth: 1,
    dilationHeight: 1,
    dilationWidth: 1,
    padTop: 0,
    padLeft: 0,
  }
}
