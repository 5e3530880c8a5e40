import type { Geometry } from '../program.ts'
import { add, binary, int, mul, sub } from './expressions.ts'
import type { Expression } from './loops.ts'
import type { LoopWriter } from './writer.ts'

/** An output position: its row and column, its batch, and the index of its first channel. */
export interface Position {
  readonly batch: Expression
  readonly row: Expression
  readonly column: Expression
  readonly first: Expression
}

/** Loops over batches and output positions, row-major. */
export function eachPosition(w: LoopWriter, g: Geometry, body: (position: Position) => void): void {
  w.loop(g.batches, (batch) => {
    w.loop(g.outputHeight, (row) => {
      w.loop(g.outputWidth, (column) => {
        const pixel = add(mul(add(mul(batch, g.outputHeight), row), g.outputWidth), column)
        body({ batch, row, column, first: w.let(mul(pixel, g.outputChannels)) })
      })
    })
  })
}

/** Index of the first channel of an input pixel. */
function inputPixel(g: Geometry, batch: Expression, row: Expression, column: Expression): Expression {
  return mul(add(mul(add(mul(batch, g.inputHeight), row), g.inputWidth), column), g.inputChannels)
}

/**
 * Loops over the taps of a filter that lie on the input, not on the padding: gives the tap's number and the index of
 * the input pixel's first channel.
 */
export function eachTap(
  w: LoopWriter,
  g: Geometry,
  { batch, row, column }: Position,
  body: (tap: Expression, pixel: Expression) => void,
): void {
  w.loop(g.filterHeight, (y) => {
    const inputRow = w.let(add(sub(mul(row, g.strideHeight), g.padTop), mul(y, g.dilationHeight)))
    w.if(binary('lt_u', inputRow, g.inputHeight), () => {
      w.loop(g.filterWidth, (x) => {
        const inputColumn = w.let(add(sub(mul(column, g.strideWidth), g.padLeft), mul(x, g.dilationWidth)))
        w.if(binary('lt_u', inputColumn, g.inputWidth), () => {
          body(w.let(add(mul(y, g.filterWidth), x)), w.let(inputPixel(g, batch, inputRow, inputColumn)))
        })
      })
    })
  })
}

/**
 * The same seen from the output of a transposed convolution: taps that some input pixel spreads to this place, in the
 * order of those pixels. The geometry's filter slides over the output, one position for each input pixel.
 */
export function eachSource(
  w: LoopWriter,
  g: Geometry,
  { batch, row, column }: Position,
  body: (tap: Expression, pixel: Expression) => void,
): void {
  const along = (
    place: Expression,
    {
      filter,
      pad,
      stride,
      dilation,
      length,
    }: Readonly<Record<'filter' | 'pad' | 'stride' | 'dilation' | 'length', number>>,
    found: (tap: Expression, at: Expression) => void,
  ) => {
    w.loop(filter, (index) => {
      const tap = w.let(sub(int(filter - 1), index))
      const from = w.let(sub(add(place, pad), mul(tap, dilation)))
      const at = w.let(stride === 1 ? from : binary('div', from, stride))
      const exact = binary('eq', mul(at, stride), from)
      w.if(binary('and', exact, binary('lt_u', at, length)), () => found(tap, at))
    })
  }
  const vertical = {
    filter: g.filterHeight,
    pad: g.padTop,
    stride: g.strideHeight,
    dilation: g.dilationHeight,
    length: g.inputHeight,
  }
  const horizontal = {
    filter: g.filterWidth,
    pad: g.padLeft,
    stride: g.strideWidth,
    dilation: g.dilationWidth,
    length: g.inputWidth,
  }
  along(row, vertical, (y, inputRow) => {
    along(column, horizontal, (x, inputColumn) => {
      body(w.let(add(mul(y, g.filterWidth), x)), w.let(inputPixel(g, batch, inputRow, inputColumn)))
    })
  })
}
