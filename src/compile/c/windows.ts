import type { Geometry } from '../program.ts'
import { lanes } from './blocks.ts'
import type { CFields } from './c-writer.ts'

/** How a filter walks an image: runs of neighbouring elements, read four bytes at once, a quad. */
export interface Windows {
  /** A filter of one pixel that walks all pixels: they are one line, and nothing is padded. */
  readonly pointwise: boolean
  /** Extents of the padded image. */
  readonly rows: number
  readonly columns: number
  /** Runs of a window, elements of one that count, and quads of one. */
  readonly runs: number
  readonly runElements: number
  readonly quads: number
  /** Fields of `mw_windows`. */
  readonly fields: CFields
}

function isPointwise(g: Geometry): boolean {
  return (
    g.filterHeight * g.filterWidth * g.strideHeight * g.strideWidth === 1 &&
    g.padTop + g.padLeft === 0 &&
    g.outputHeight === g.inputHeight &&
    g.outputWidth === g.inputWidth
  )
}

/** The windows of a convolution over elements of so many bytes. */
export function windowsOf(g: Geometry, elementBytes: 1 | 4): Windows {
  const pointwise = isPointwise(g)
  const rows = (g.outputHeight - 1) * g.strideHeight + (g.filterHeight - 1) * g.dilationHeight + 1
  const columns = (g.outputWidth - 1) * g.strideWidth + (g.filterWidth - 1) * g.dilationWidth + 1
  const dense = g.dilationWidth === 1
  const runElements = (dense ? g.filterWidth : 1) * g.inputChannels
  const wide = dense ? 1 : g.filterWidth
  const quads = Math.ceil((runElements * elementBytes) / 4)
  const pixelBytes = g.inputChannels * elementBytes
  const rowBytes = columns * pixelBytes
  const fields = {
    rows: pointwise ? 1 : g.outputHeight,
    pixels: pointwise ? g.batches * g.inputHeight * g.inputWidth : g.outputWidth,
    row_bytes: g.strideHeight * rowBytes,
    pixel_bytes: g.strideWidth * pixelBytes,
    runs_high: g.filterHeight,
    runs_wide: wide,
    run_row_bytes: g.dilationHeight * rowBytes,
    run_column_bytes: g.dilationWidth * pixelBytes,
    quads,
  }
  return { pointwise, rows, columns, runs: g.filterHeight * wide, runElements, quads, fields }
}

/** Weights OHWI as [block of 16 channels][run][quad][channel][elements of a quad]; what is left over is 0. */
export function packWeights(weights: ArrayLike<number>, channels: number, windows: Windows, perQuad: 1 | 4): number[] {
  const { runs, runElements, quads } = windows
  const packed = Array.from({ length: Math.ceil(channels / lanes) * lanes * runs * quads * perQuad }, () => 0)
  for (let channel = 0; channel < channels; channel++)
    for (let run = 0; run < runs; run++)
      for (let element = 0; element < runElements; element++) {
        const quad = (Math.floor(channel / lanes) * runs + run) * quads + Math.floor(element / perQuad)
        packed[(quad * lanes + (channel % lanes)) * perQuad + (element % perQuad)] =
          weights[(channel * runs + run) * runElements + element]!
      }
  return packed
}
