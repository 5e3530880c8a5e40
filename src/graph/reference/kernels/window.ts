import { MilliwattError } from '../../../core/errors.ts'
import { attribute, type Call, type Operand } from '../kernel.ts'

/** How a two-dimensional window slides over an NHWC tensor; lengths in elements. */
export interface Window {
  readonly batches: number
  readonly inputH: number
  readonly inputW: number
  readonly inputC: number
  readonly outputH: number
  readonly outputW: number
  readonly outputC: number
  readonly filterH: number
  readonly filterW: number
  readonly strideH: number
  readonly strideW: number
  readonly dilationH: number
  readonly dilationW: number
  readonly padTop: number
  readonly padLeft: number
}

/** Reads the window of a node with explicit pads. @throws MilliwattError MODEL_ILLEGAL for other ranks */
export function windowOf(call: Call, x: Operand, out: Operand, filterH: number, filterW: number): Window {
  const [batches, inputH, inputW, inputC] = x.shape
  const [, outputH, outputW, outputC] = out.shape
  if (x.shape.length !== 4 || out.shape.length !== 4)
    throw new MilliwattError('MODEL_ILLEGAL', call.node.name, `${call.node.op} wants tensors of rank 4.`)
  const optional = (name: string) => (call.node.attributes[name] === undefined ? 1 : attribute(call, name))
  return {
    batches: batches!,
    inputH: inputH!,
    inputW: inputW!,
    inputC: inputC!,
    outputH: outputH!,
    outputW: outputW!,
    outputC: outputC!,
    filterH,
    filterW,
    strideH: attribute(call, 'strideH'),
    strideW: attribute(call, 'strideW'),
    dilationH: optional('dilationH'),
    dilationW: optional('dilationW'),
    padTop: attribute(call, 'padTop'),
    padLeft: attribute(call, 'padLeft'),
  }
}

/** Calls back for every output position (not channel), in order: batch, row, column, index of its first channel. */
export function eachPosition(
  window: Window,
  visit: (batch: number, row: number, column: number, index: number) => void,
): void {
  const { batches, outputH, outputW, outputC } = window
  for (let batch = 0; batch < batches; batch++)
    for (let row = 0; row < outputH; row++)
      for (let column = 0; column < outputW; column++)
        visit(batch, row, column, ((batch * outputH + row) * outputW + column) * outputC)
}

/** A place of the input under the window: index of its first channel, and which tap of the filter sees it. */
export interface Tap {
  readonly index: number
  readonly tap: number
}

/** Places of the input that the window sees at an output position; places in the padding are left out. */
export function tapsAt(window: Window, batch: number, row: number, column: number): readonly Tap[] {
  const taps: Tap[] = []
  for (let y = 0; y < window.filterH; y++) {
    const inputRow = row * window.strideH - window.padTop + y * window.dilationH
    if (inputRow < 0 || inputRow >= window.inputH) continue
    for (let x = 0; x < window.filterW; x++) {
      const inputColumn = column * window.strideW - window.padLeft + x * window.dilationW
      if (inputColumn < 0 || inputColumn >= window.inputW) continue
      const index = ((batch * window.inputH + inputRow) * window.inputW + inputColumn) * window.inputC
      taps.push({ index, tap: y * window.filterW + x })
    }
  }
  return taps
}
