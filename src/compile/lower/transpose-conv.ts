import { emptyValues } from '../../graph/reference/values.ts'
import { type Geometry, type Step, sizeOf, type Value } from '../program.ts'
import { attribute, type LowerContext, refuse } from './context.ts'
import { convStep, placesOf } from './conv.ts'
import { constantWeights, rearranged } from './conv-weights.ts'
import { rowsGeometry } from './geometry.ts'
import { moveLoops } from './loops/move.ts'

/** Products with zeros that vectors make up for, for every product that counts. */
const mostZeros = 9

/**
 * transpose_conv: the input with its pixels a stride apart, zeros between them, under the filter turned by half a turn.
 */
export function lowerTransposeConv(context: LowerContext): readonly Step[] {
  const weights = constantWeights(context, { weights: 1, bias: 3, axis: 0 })
  const { input, output, geometry: g } = placesOf(context, 2, weights)
  const [batches, height, width, depth] = input.shape as [number, number, number, number]
  const [, filterHeight, filterWidth] = weights.shape as [number, number, number, number]
  const [vertical, horizontal] = [attribute(context, 'strideH', 1), attribute(context, 'strideW', 1)]
  const padTop = filterHeight - 1 - attribute(context, 'padTop', 0)
  const padLeft = filterWidth - 1 - attribute(context, 'padLeft', 0)
  if (padTop < 0 || padLeft < 0 || g.dilationHeight * g.dilationWidth !== 1)
    throw refuse(context, 'its padding is larger than its filter')
  if (vertical * horizontal > mostZeros) throw refuse(context, 'its stride is large')
  const shape = [batches, (height - 1) * vertical + 1, (width - 1) * horizontal + 1, depth]
  const spread: Value = { ...input, name: `${output.name} < ${input.name} spread`, shape }
  const [, spreadHeight, spreadWidth] = shape as [number, number, number, number]
  const runs = Array.from({ length: batches * height * width }, (_, pixel) => {
    const [row, column] = [Math.floor(pixel / width), pixel % width]
    const [batch, y] = [Math.floor(row / height), row % height]
    const to = ((batch * spreadHeight + y * vertical) * spreadWidth + column * horizontal) * depth
    return { input: 0, from: pixel * depth, to, length: depth }
  })
  const apart = vertical * horizontal > 1
  const [, outputHeight, outputWidth, outputChannels] = output.shape as [number, number, number, number]
  const geometry: Geometry = {
    ...rowsGeometry(1, depth, outputChannels),
    batches,
    inputHeight: spreadHeight,
    inputWidth: spreadWidth,
    outputHeight,
    outputWidth,
    filterHeight,
    filterWidth,
    padTop,
    padLeft,
  }
  const from = apart ? spread : input
  const taps = filterHeight * filterWidth
  const turned = rearranged(weights, (index) => {
    const [rest, c] = [Math.floor(index / depth), index % depth]
    return (rest - (rest % taps) + taps - 1 - (rest % taps)) * depth + c
  })
  const macs = batches * height * width * outputChannels * taps * depth
  const conv = { ...convStep(context, { input: from, output, geometry }, turned), macs }
  if (!apart) return [conv]
  const image = emptyValues(spread.dtype, sizeOf(shape), spread.name)
  if (spread.zeroPoint !== 0) image.fill(spread.zeroPoint as never)
  return [moveLoops(context, { inputs: [input], output: spread, image, runs }), conv]
}
