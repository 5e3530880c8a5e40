import type { FloatConvStep } from '../float-steps.ts'
import type { FunctionBuilder, Local } from '../wasm/function.ts'
import { tilePixels } from './block-loop.ts'
import type { EmitContext } from './context.ts'
import type { Dialect } from './dialect.ts'
import { emitCut, fourLanes } from './lanes.ts'
import { packWeights, type Run, runsOf } from './packed-weights.ts'
import { emitTile, tileLocals } from './tile.ts'

/** A layer of floats made ready for tiles. */
export interface FloatLayer {
  readonly step: FloatConvStep
  readonly dialect: Dialect
  readonly pixels: number
  /** Channels of a block: a multiple of 8. */
  readonly block: number
  readonly runs: readonly Run[]
}

/**
 * Pixels that a tile takes at most: eight accumulators, two weights, one activation and a product fit 15 registers;
 * fused products need no register of their own.
 */
const maxPixels = ({ fused }: Dialect) => (fused ? 5 : 4)

/** Chooses tile and block. Few pixels leave room for more channels. */
export function floatLayer(step: FloatConvStep, dialect: Dialect, pixelsInRow: number): FloatLayer {
  const pixels = tilePixels(pixelsInRow, maxPixels(dialect))
  const channels = step.geometry.outputChannels
  const block = pixels === 1 && channels % 32 === 0 ? 32 : pixels <= 2 && channels % 16 === 0 ? 16 : 8
  return { step, dialect, pixels, block, runs: runsOf(step, dialect) }
}

/** Where a tile's outputs go, and where its activations come from. */
export interface FloatSite {
  /** Local with the address of the tile's first output. */
  readonly output: Local
  /** Bytes between the activations of neighbouring pixels. */
  readonly pixelBytes: number
  /** Pushes the address of a run's first activation. */
  start(run: Run): void
}

/** Stores up to four channels of one pixel. */
function emitStore(f: FunctionBuilder, step: FloatConvStep, output: Local, acc: Local, offset: number, count: number) {
  f.get(acc)
  emitCut(f, fourLanes, step.min, step.max)
  f.set(acc)
  if (count >= 4) f.get(output).get(acc).at('v128.store', offset)
  else
    for (let lane = 0; lane < count; lane++)
      f.get(output)
        .get(acc)
        .storeLane('v128.store32_lane', lane, offset + 4 * lane)
}

/** Returns a writer of the loop over all channel blocks of one pixel tile; constants are placed once. */
export function floatBlockLoop(f: FunctionBuilder, context: EmitContext, layer: FloatLayer): (site: FloatSite) => void {
  const { step, dialect, block } = layer
  const channels = step.geometry.outputChannels
  const bias = new Float32Array(Math.ceil(channels / block) * block)
  bias.set(step.bias)
  const biasAt = context.constant(bias)
  const weightsAt = context.constant(packWeights(step, layer.runs, dialect, block))
  const tile = tileLocals(f, layer.pixels, block / 4, false)
  const [pointer, output, counter] = [f.local('i32'), f.local('i32'), f.local('i32')]
  const full = Math.floor(channels / block)
  return (site) => {
    const emitBlock = (valid: number) => {
      emitTile(f, tile, dialect, layer.runs, site.pixelBytes, pointer, site.start)
      tile.accumulators.forEach((row, pixel) => {
        row.forEach((acc, vector) => {
          emitStore(f, step, output, acc, pixel * channels * 4 + vector * 16, valid - 4 * vector)
        })
      })
    }
    f.i32(biasAt).set(pointer).i32(weightsAt).set(tile.weights).get(site.output).set(output)
    if (full > 0)
      f.count(counter, 0, full, 1, () => {
        emitBlock(block)
        f.advance(pointer, 4 * block).advance(output, 4 * block)
      })
    if (channels % block !== 0) emitBlock(channels % block)
  }
}
