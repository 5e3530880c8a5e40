import type { FloatDepthwiseStep } from '../float-steps.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import { pixelLoop, tilePixels } from './block-loop.ts'
import { f32Dialect } from './dialect.ts'
import type { ChosenKernel } from './kernel.ts'
import { emitCut, fourLanes } from './lanes.ts'
import { emitRows, rowRing } from './row-ring.ts'

/** Pixels of a tile at most: one accumulator each, so that sums of neighbouring pixels overlap in time. */
const maxPixels = 6

/** Whether the kernel fits: one output a channel, channels in fours. */
export function isFloatDepthwiseVector({ geometry: g }: FloatDepthwiseStep): boolean {
  return g.inputChannels === g.outputChannels && g.inputChannels % 4 === 0
}

/** Biases and weights as they are read: [block of 4 channels][bias, then taps][channel]. */
function packTaps({ geometry: g, weights, bias }: FloatDepthwiseStep): Float32Array {
  const channels = g.outputChannels
  const taps = g.filterHeight * g.filterWidth
  return Float32Array.from({ length: channels * (taps + 1) }, (_, at) => {
    const channel = 4 * Math.floor(at / (4 * (taps + 1))) + (at % 4)
    const tap = (Math.floor(at / 4) % (taps + 1)) - 1
    return tap < 0 ? bias[channel]! : weights[tap * channels + channel]!
  })
}

/** Depthwise convolution of floats: four channels of several pixels at once, taps one after the other. */
export function floatDepthwiseKernel(step: FloatDepthwiseStep): ChosenKernel {
  const { geometry: g } = step
  const ring = rowRing(g, f32Dialect)
  const pixels = tilePixels(g.outputWidth, maxPixels)
  const channels = g.outputChannels
  const pixelBytes = 4 * g.strideWidth * channels
  const blockBytes = 16 * (g.filterHeight * g.filterWidth + 1)
  return {
    name: `depthwise f32 ${pixels}x4`,
    scratchBytes: ring.bytes + 16,
    emit: (context, scratch) => {
      const f = new FunctionBuilder([], [])
      const weightsAt = context.constant(packTaps(step))
      const [pixel, weights, output, channel, offset, source] = Array.from({ length: 6 }, () => f.local('i32')) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ]
      const accumulators = Array.from({ length: pixels }, () => f.local('v128'))
      const weight = f.local('v128')
      const emitTap = (tap: number, column: number) => {
        f.get(weights)
          .at('v128.load', 16 * (tap + 1))
          .set(weight)
        accumulators.forEach((acc, at) => {
          f.get(source).at('v128.load', at * pixelBytes + column * g.dilationWidth * 4 * channels)
          f.get(weight).op('f32x4.mul').get(acc).op('f32x4.add').set(acc)
        })
        // Stores that nobody reads keep V8 before 13 from moving all loads ahead of all arithmetic.
        accumulators.forEach((acc, at) => {
          if (at % 2 === tap % 2)
            f.i32(scratch + ring.bytes)
              .get(acc)
              .at('v128.store')
        })
      }
      const emitTile = (rows: readonly number[]) => {
        f.get(weights).at('v128.load').set(weight)
        for (const acc of accumulators) f.get(weight).set(acc)
        for (let row = 0; row < g.filterHeight; row++) {
          f.get(rows[row]!).get(offset).op('i32.add').set(source)
          for (let column = 0; column < g.filterWidth; column++) emitTap(row * g.filterWidth + column, column)
        }
        accumulators.forEach((acc, at) => {
          f.get(output).get(acc)
          emitCut(f, fourLanes, step.min, step.max)
          f.at('v128.store', 4 * at * channels)
        })
      }
      emitRows(f, context, ring, { input: step.inputs[0]!, output: step.output, scratch }, (rows, outputRow) => {
        f.i32(weightsAt).set(weights)
        f.count(channel, 0, 4 * channels, 16, () => {
          pixelLoop(f, g.outputWidth, pixels, pixel, () => {
            f.get(pixel).i32(pixelBytes).op('i32.mul').get(channel).op('i32.add').set(offset)
            f.get(pixel)
              .i32(4 * channels)
              .op('i32.mul')
              .get(channel)
              .op('i32.add')
            f.get(outputRow).op('i32.add').set(output)
            emitTile(rows)
          })
          f.advance(weights, blockBytes)
        })
      })
      return context.module.add(f)
    },
  }
}
