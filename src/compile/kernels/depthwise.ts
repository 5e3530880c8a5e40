import type { DepthwiseStep } from '../program.ts'
import { FunctionBuilder, type Local } from '../wasm/function.ts'
import { pixelLoop, tilePixels } from './block-loop.ts'
import { packParameters } from './block-parameters.ts'
import { i16Dialect } from './dialect.ts'
import type { ChosenKernel } from './kernel.ts'
import { emitRows, rowRing } from './row-ring.ts'
import { emitStoreTile, storeLocals } from './store-tile.ts'

/** Interleaves the low (or high) halves of two vectors of int16. */
const interleaveLow = [0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23]
const interleaveHigh = interleaveLow.map((index) => index + 8)

/** Weights of 8 channels a block as pairs of taps: [block][pair][channel][tap of the pair], int16, 0 where none is. */
function packPairs({ geometry: g, weights }: DepthwiseStep): Int16Array {
  const taps = g.filterHeight * g.filterWidth
  const pairs = Math.ceil(taps / 2)
  const blocks = Math.ceil(g.outputChannels / 8)
  const packed = new Int16Array(blocks * pairs * 16)
  let at = 0
  for (let block = 0; block < blocks; block++)
    for (let pair = 0; pair < pairs; pair++)
      for (let lane = 0; lane < 8; lane++)
        for (let half = 0; half < 2; half++, at++) {
          const channel = 8 * block + lane
          const tap = 2 * pair + half
          if (channel < g.outputChannels && tap < taps) packed[at] = weights[tap * g.outputChannels + channel]!
        }
  return packed
}

/** Pixels of a tile at most: two accumulators each, two weights and three operands fit 15 registers. */
const maxPixels = 5

/** Depthwise convolution, multiplier 1: 8 channels side by side, two taps in one dot product. */
export function depthwiseKernel(step: DepthwiseStep): ChosenKernel {
  const { geometry: g } = step
  const ring = rowRing(g, i16Dialect)
  const pixels = tilePixels(g.outputWidth, maxPixels)
  const spill = pixels * 32
  const channels = g.outputChannels
  const taps = Array.from({ length: g.filterHeight * g.filterWidth }, (_, tap) => ({
    row: Math.floor(tap / g.filterWidth),
    column: (tap % g.filterWidth) * g.dilationWidth,
  }))
  return {
    name: `depthwise i16 ${pixels}x8`,
    scratchBytes: spill + ring.bytes,
    emit: (context, scratch) => {
      const f = new FunctionBuilder([], [])
      const parameters = packParameters(context, step.requantize, 8)
      const parametersAt = context.constant(parameters.bytes)
      const weightsAt = context.constant(packPairs(step))
      const pairs = Math.ceil(taps.length / 2)
      const locals = storeLocals(f, context, step.requantize, 2)
      const [pixel, pointer, weights, output, channel, offset] = [0, 1, 2, 3, 4, 5].map(() => f.local('i32')) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ]
      const starts = ring.geometry.filterHeight
      const sources = Array.from({ length: starts }, () => f.local('i32'))
      const vector = () => f.local('v128')
      const accumulators = Array.from({ length: pixels }, () => [vector(), vector()] as const)
      const [first, second, low, high] = [vector(), vector(), vector(), vector()]
      const pixelBytes = g.strideWidth * channels * 2
      const load = (tap: number, at: number, into: Local) => {
        const { row, column } = taps[tap]!
        f.get(sources[row]!)
          .at('v128.load', at * pixelBytes + column * channels * 2)
          .set(into)
      }
      const emitPair = (pair: number) => {
        f.get(weights)
          .at('v128.load', pair * 32)
          .set(low)
          .get(weights)
          .at('v128.load', pair * 32 + 16)
          .set(high)
        const single = 2 * pair + 1 >= taps.length
        accumulators.forEach(([accLow, accHigh], at) => {
          load(2 * pair, at, first)
          if (!single) load(2 * pair + 1, at, second)
          const other = single ? first : second
          f.get(first).get(other).shuffle(interleaveLow).get(low).op('i32x4.dot_i16x8_s')
          f.get(accLow).op('i32x4.add').set(accLow)
          f.get(first).get(other).shuffle(interleaveHigh).get(high).op('i32x4.dot_i16x8_s')
          f.get(accHigh).op('i32x4.add').set(accHigh)
        })
      }
      const emitBlock = (valid: number) => {
        for (const [half, at] of [
          [0, 0],
          [1, 16],
        ] as const)
          for (const pair of accumulators) f.get(pointer).at('v128.load', at).set(pair[half]!)
        for (let pair = 0; pair < pairs; pair++) {
          emitPair(pair)
          // A store that nobody reads keeps V8 before 13 from moving all loads ahead of all arithmetic.
          if (pair % 2 === 0 && pair + 1 < pairs)
            for (const acc of accumulators.flat()) f.i32(scratch).get(acc).at('v128.store')
        }
        const tile = {
          accumulators,
          parameters: pointer,
          output,
          outputBytes: channels,
          channels: valid,
          spill: scratch,
          locals,
        }
        emitStoreTile(f, context, tile, parameters, step.requantize)
      }
      const site = { input: step.inputs[0]!, output: step.output, scratch: scratch + spill }
      emitRows(f, context, ring, site, (rows, outputRow) => {
        f.i32(parametersAt).set(pointer).i32(weightsAt).set(weights).i32(0).set(channel)
        const emitColumns = (valid: number) =>
          pixelLoop(f, g.outputWidth, pixels, pixel, () => {
            f.get(pixel).i32(pixelBytes).op('i32.mul').get(channel).i32(1).op('i32.shl').op('i32.add').set(offset)
            rows.forEach((row, index) => {
              f.get(row).get(offset).op('i32.add').set(sources[index]!)
            })
            f.get(pixel).i32(channels).op('i32.mul').get(channel).op('i32.add').get(outputRow).op('i32.add').set(output)
            emitBlock(valid)
          })
        const full = Math.floor(channels / 8)
        if (full > 0)
          f.count(channel, 0, full * 8, 8, () => {
            emitColumns(8)
            f.advance(pointer, parameters.blockBytes).advance(weights, pairs * 32)
          })
        if (channels % 8 !== 0) {
          f.i32(full * 8).set(channel)
          emitColumns(channels % 8)
        }
      })
      return context.module.add(f)
    },
  }
}
