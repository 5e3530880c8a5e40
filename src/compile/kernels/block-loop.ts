import type { ConvStep } from '../program.ts'
import type { FunctionBuilder, Local } from '../wasm/function.ts'
import { type BlockParameters, packParameters } from './block-parameters.ts'
import type { EmitContext } from './context.ts'
import type { Dialect } from './dialect.ts'
import { packWeights, type Run, runsOf } from './packed-weights.ts'
import { emitStoreTile, storeLocals } from './store-tile.ts'
import { emitTile, tileLocals } from './tile.ts'

/** A layer made ready for tiles: how many pixels and channels at once, what is packed where. */
export interface TiledLayer {
  readonly step: ConvStep
  readonly dialect: Dialect
  readonly pixels: number
  /** Channels of a block: a multiple of 8. */
  readonly block: number
  readonly runs: readonly Run[]
}

/** From so many pixels on, weights that lie in memory as int16 are faster; below, they cost more than they save. */
const widePixels = 3

/** Pixels that a tile takes at most: more spill accumulators, fewer load the weights more often. */
const maxPixels = 5

/** The tile width that wastes the least on `count` pixels. */
export function tilePixels(count: number, max: number): number {
  if (count <= max) return count
  let best = max
  for (let pixels = max; pixels >= 3; pixels--) if (tileCost(count, pixels) < tileCost(count, best)) best = pixels
  return best
}

/** Work of covering `count` pixels: a tile loads its weights once, which costs about a pixel. */
function tileCost(count: number, pixels: number): number {
  return Math.ceil(count / pixels) * (pixels + 1)
}

/** Chooses tile and block. Few pixels leave room for more channels. */
export function tiledLayer(step: ConvStep, dialect: Dialect, pixelsInRow: number): TiledLayer {
  const pixels = tilePixels(pixelsInRow, maxPixels)
  const channels = step.geometry.outputChannels
  const wide = pixels === 1 && channels % 32 === 0 ? 32 : pixels <= 2 && channels % 16 === 0 ? 16 : 8
  return { step, dialect, pixels, block: wide, runs: runsOf(step, dialect) }
}

/** Bytes that a tile may spill for the exact form. */
export function spillBytes(layer: TiledLayer): number {
  return layer.pixels * layer.block * 4
}

/** What a pixel tile needs from its surroundings. */
export interface TileSite {
  /** Local with the address of the tile's first output. */
  readonly output: Local
  /** Bytes between packed pixels. */
  readonly pixelBytes: number
  readonly spill: number
  start(run: Run): void
}

/** Biases: for uint8 activations they take back what value + 128 instead of value − zero point adds. */
function biasOf(step: ConvStep, dialect: Dialect): Int32Array {
  const { bias } = step.requantize
  if (dialect.name === 'i16') return bias
  const size = step.weights.length / bias.length
  const excess = 128 + step.inputs[0]!.zeroPoint
  return bias.map((value, channel) => {
    const sum = step.weights.subarray(channel * size, (channel + 1) * size).reduce((total, weight) => total + weight, 0)
    return value - excess * sum
  })
}

/** Returns a writer of the loop over all channel blocks of one pixel tile; constants are placed once. */
export function blockLoop(f: FunctionBuilder, context: EmitContext, layer: TiledLayer): (site: TileSite) => void {
  const { step, dialect, block } = layer
  const channels = step.geometry.outputChannels
  const parameters: BlockParameters = packParameters(context, step.requantize, block, biasOf(step, dialect))
  const parametersAt = context.constant(parameters.bytes)
  const weights = packWeights(step, layer.runs, dialect, block)
  const wide = dialect.name === 'i16' && layer.pixels >= widePixels
  const weightsAt = wide ? context.widened(weights) : context.constant(weights)
  const tile = tileLocals(f, layer.pixels, block / 4, wide)
  const locals = storeLocals(f, context, step.requantize, block / 4)
  const pointer = f.local('i32')
  const output = f.local('i32')
  const counter = f.local('i32')
  const full = Math.floor(channels / block)
  return (site) => {
    const emitBlock = (valid: number) => {
      emitTile(f, tile, dialect, layer.runs, site.pixelBytes, pointer, site.start)
      const stored = {
        accumulators: tile.accumulators,
        parameters: pointer,
        output,
        outputBytes: channels,
        channels: valid,
        spill: site.spill,
        locals,
      }
      emitStoreTile(f, context, stored, parameters, step.requantize)
    }
    f.i32(parametersAt).set(pointer).i32(weightsAt).set(tile.weights).get(site.output).set(output)
    if (full > 0)
      f.count(counter, 0, full, 1, () => {
        emitBlock(block)
        f.advance(pointer, parameters.blockBytes).advance(output, block)
      })
    if (channels % block !== 0) emitBlock(channels % block)
  }
}

/**
 * Runs the body for tiles that start at pixel 0, `pixels`, …; the last one starts early enough to end at `count`, so
 * that some pixels may be computed twice. `count` is at least `pixels`.
 */
export function pixelLoop(f: FunctionBuilder, count: number, pixels: number, pixel: Local, body: () => void): void {
  if (count % pixels === 0) {
    f.count(pixel, 0, count, pixels, body)
    return
  }
  const last = count - pixels
  f.i32(0).set(pixel)
  f.loop(() => {
    body()
    f.get(pixel).i32(last).op('i32.lt_s')
    f.if(() => {
      f.advance(pixel, pixels)
      f.i32(last).get(pixel).get(pixel).i32(last).op('i32.gt_s').op('select').set(pixel)
      f.br(1)
    })
  })
}
