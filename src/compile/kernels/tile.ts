import type { FunctionBuilder, Local } from '../wasm/function.ts'
import { type Dialect, emitDot } from './dialect.ts'
import type { Run } from './packed-weights.ts'

/** Locals of a tile: accumulators [pixel][vector], pointers and operands. */
export interface TileLocals {
  readonly accumulators: readonly (readonly Local[])[]
  readonly weights: Local
  readonly source: Local
  readonly end: Local
  readonly operands: readonly Local[]
  readonly activations: Local
  /** Weights lie in memory as int16. */
  readonly wide: boolean
}

/** Bytes of the weights of four channels in one step. */
function weightBytes(tile: TileLocals, dialect: Dialect): number {
  if (dialect.name === 'f32') return 16
  return 4 * dialect.stepElements * (tile.wide ? 2 : 1)
}

/** Declares the locals of a tile of `pixels` × 4 · `vectors` channels. */
export function tileLocals(f: FunctionBuilder, pixels: number, vectors: number, wide: boolean): TileLocals {
  return {
    wide,
    accumulators: Array.from({ length: pixels }, () => Array.from({ length: vectors }, () => f.local('v128'))),
    weights: f.local('i32'),
    source: f.local('i32'),
    end: f.local('i32'),
    operands: Array.from({ length: vectors }, () => f.local('v128')),
    activations: f.local('v128'),
  }
}

function emitStep(
  f: FunctionBuilder,
  tile: TileLocals,
  dialect: Dialect,
  pixelBytes: number,
  step: number,
  weightAt: number,
) {
  const vectorBytes = weightBytes(tile, dialect)
  tile.operands.forEach((operand, vector) => {
    const load = vectorBytes === 16 ? 'v128.load' : 'v128.load8x8_s'
    f.get(tile.weights)
      .at(load, weightAt + vector * vectorBytes)
      .set(operand)
  })
  tile.accumulators.forEach((row, pixel) => {
    f.get(tile.source)
      .at('v128.load32_splat', pixel * pixelBytes + step * 4)
      .set(tile.activations)
    row.forEach((acc, vector) => {
      emitDot(f, dialect, acc, tile.operands[vector]!, tile.activations)
    })
  })
}

/**
 * The matrix product of a tile: accumulators start at the bias and take every run. `start` pushes the address of a
 * run's first activation; pixels lie `pixelBytes` apart. `weights` moves on behind what was read.
 */
export function emitTile(
  f: FunctionBuilder,
  tile: TileLocals,
  dialect: Dialect,
  runs: readonly Run[],
  pixelBytes: number,
  parameters: Local,
  start: (run: Run) => void,
): void {
  const vectors = tile.operands.length
  const stepBytes = vectors * weightBytes(tile, dialect)
  tile.operands.forEach((operand, vector) => {
    f.get(parameters)
      .at('v128.load', 16 * vector)
      .set(operand)
    for (const row of tile.accumulators) f.get(operand).set(row[vector]!)
  })
  let straightBytes = 0
  for (const run of runs) {
    start(run)
    f.set(tile.source)
    const emitSteps = (weightsFrom: number) => {
      for (let step = 0; step < run.unroll; step++)
        emitStep(f, tile, dialect, pixelBytes, step, weightsFrom + step * stepBytes)
    }
    if (run.unroll === run.steps) {
      emitSteps(straightBytes)
      straightBytes += run.steps * stepBytes
      continue
    }
    f.advance(tile.weights, straightBytes)
    straightBytes = 0
    f.get(tile.source)
      .i32(run.steps * 4)
      .op('i32.add')
      .set(tile.end)
    f.loop(() => {
      emitSteps(0)
      f.advance(tile.weights, run.unroll * stepBytes)
      f.get(tile.source)
        .i32(run.unroll * 4)
        .op('i32.add')
        .tee(tile.source)
        .get(tile.end)
        .op('i32.lt_u')
        .brIf(0)
    })
  }
  f.advance(tile.weights, straightBytes)
}
