import type { Requantization } from '../program.ts'
import { roundingMagic, type Tier } from '../requantize-proof.ts'
import type { FunctionBuilder, Local } from '../wasm/function.ts'
import { type BlockParameters, tierFlags } from './block-parameters.ts'
import type { EmitContext } from './context.ts'
import { exactStore } from './exact-store.ts'
import { wideStore } from './wide-store.ts'

/** A tile of accumulators [pixel][vector of four channels] on its way to int8 outputs. */
export interface StoreTile {
  readonly accumulators: readonly (readonly Local[])[]
  /** Local that points to the block's parameters. */
  readonly parameters: Local
  /** Local that points to the first output of the tile. */
  readonly output: Local
  /** Bytes between the outputs of neighbouring pixels. */
  readonly outputBytes: number
  /** Channels that exist; those behind them are padding. */
  readonly channels: number
  /** Address of 16 bytes a vector, for spilled accumulators. */
  readonly spill: number
  readonly locals: StoreLocals
}

/** Bit pattern of the magic number: subtracting it from a sum's bits leaves the rounded integer. */
const magicBits = new Int32Array(new Float32Array([roundingMagic]).buffer)[0]!

/** Locals of the store: constants that are loaded once a call (in registers, V8 would build them anew every time). */
export interface StoreLocals {
  readonly magic: Local
  readonly magicBits: Local
  readonly y: Local
  readonly bytes: Local
  readonly scales: readonly Local[]
  readonly offsets: readonly Local[]
}

/** Declares the locals and loads the constants; once at the start of a function. */
export function storeLocals(f: FunctionBuilder, context: EmitContext, r: Requantization, vectors: number): StoreLocals {
  const constants = new Int32Array([magicBits, magicBits - r.zeroPoint])
  const address = context.constant(constants)
  const vector = () => f.local('v128')
  const pair = () => Array.from({ length: Math.min(vectors, 2) }, vector)
  const locals = { magic: vector(), magicBits: vector(), y: vector(), bytes: vector() }
  f.i32(0).at('v128.load32_splat', address).set(locals.magic)
  f.i32(0)
    .at('v128.load32_splat', address + 4)
    .set(locals.magicBits)
  return { ...locals, scales: pair(), offsets: pair() }
}

/** Four accumulators to four int32 results, zero point added: float32. */
function emitFloat32(
  f: FunctionBuilder,
  { locals: v }: StoreTile,
  block: BlockParameters,
  r: Requantization,
  acc: Local,
  vector: number,
): void {
  f.get(acc)
    .op('f32x4.convert_i32x4_s')
    .get(v.scales[vector % 2]!)
    .op('f32x4.mul')
  if (block.offsets !== null) {
    const offset = v.offsets[vector % 2]!
    if (block.signed) f.tee(v.y).get(v.y).i32x4(-0x80000000).op('v128.and').get(offset).op('v128.xor')
    else f.get(offset)
    f.op('f32x4.add')
  }
  if (block.clampFirst)
    f.f32x4(r.min - r.zeroPoint)
      .op('f32x4.max')
      .f32x4(r.max - r.zeroPoint)
      .op('f32x4.min')
  f.get(v.magic).op('f32x4.add').get(v.magicBits).op('i32x4.sub')
}

/** Stores the first `count` bytes of a vector at `output` + offset. */
function emitStoreBytes(
  f: FunctionBuilder,
  output: Local,
  value: Local,
  from: number,
  count: number,
  offset: number,
): void {
  if (from === 0 && count === 16) {
    f.get(output).get(value).at('v128.store', offset)
    return
  }
  let done = 0
  for (const [bytes, store] of [
    [8, 'v128.store64_lane'],
    [4, 'v128.store32_lane'],
    [2, 'v128.store16_lane'],
    [1, 'v128.store8_lane'],
  ] as const)
    while (count - done >= bytes) {
      f.get(output)
        .get(value)
        .storeLane(store, (from + done) / bytes, offset + done)
      done += bytes
    }
}

function emitFast(f: FunctionBuilder, tile: StoreTile, block: BlockParameters, r: Requantization): void {
  const vectors = tile.accumulators[0]!.length
  const { bytes, scales, offsets } = tile.locals
  let loaded = -1
  /** Scales and offsets of a pair of vectors; with one pair, they are loaded once for all pixels. */
  const load = (pair: number) => {
    if (loaded === pair) return
    loaded = pair
    scales.forEach((local, index) => {
      const at = 16 * (2 * pair + index)
      f.get(tile.parameters)
        .at('v128.load', block.scales + at)
        .set(local)
      if (block.offsets !== null)
        f.get(tile.parameters)
          .at('v128.load', block.offsets + at)
          .set(offsets[index]!)
    })
  }
  const half = (pixel: number, pair: number) => {
    load(pair)
    for (const vector of [2 * pair, 2 * pair + 1]) {
      emitFloat32(f, tile, block, r, tile.accumulators[pixel]![vector]!, vector)
    }
    f.op('i16x8.narrow_i32x4_s')
  }
  const clamp = () => {
    f.op('i8x16.narrow_i16x8_s')
    if (r.min > -128) f.i8x16(r.min).op('i8x16.max_s')
    if (r.max < 127) f.i8x16(r.max).op('i8x16.min_s')
    f.set(bytes)
  }
  const halves = tile.accumulators.flatMap((_, pixel) =>
    Array.from({ length: vectors / 2 }, (_, pair) => ({ pixel, pair, count: Math.min(8, tile.channels - 8 * pair) })),
  )
  const used = halves.filter((item) => item.count > 0)
  for (let index = 0; index < used.length; index += 2) {
    const first = used[index]!
    const second = used[index + 1]
    half(first.pixel, first.pair)
    if (second) half(second.pixel, second.pair)
    else half(first.pixel, first.pair)
    clamp()
    const at = ({ pixel, pair }: { pixel: number; pair: number }) => pixel * tile.outputBytes + 8 * pair
    if (second && first.count === 8 && second.count === 8 && at(second) === at(first) + 8)
      emitStoreBytes(f, tile.output, bytes, 0, 16, at(first))
    else {
      emitStoreBytes(f, tile.output, bytes, 0, first.count, at(first))
      if (second) emitStoreBytes(f, tile.output, bytes, 8, second.count, at(second))
    }
  }
}

/** Spills the accumulators and lets a helper do the rest: for tiers that few blocks need. */
function emitSlow(
  f: FunctionBuilder,
  tile: StoreTile,
  block: BlockParameters,
  r: Requantization,
  helper: number,
  wide: boolean,
): void {
  const vectors = tile.accumulators[0]!.length
  tile.accumulators.forEach((row, pixel) => {
    row.forEach((acc, vector) => {
      f.i32(tile.spill)
        .get(acc)
        .at('v128.store', 16 * (pixel * vectors + vector))
    })
  })
  const between = 4 * vectors * (wide ? 8 : 4)
  f.i32(tile.spill)
    .get(tile.parameters)
    .at('i32.load', block.tier! + 4)
    .i32(between)
    .get(tile.output)
  f.i32(tile.accumulators.length)
    .i32(16 * vectors)
    .i32(tile.outputBytes)
    .i32(tile.channels)
  f.i32(r.zeroPoint).i32(r.min).i32(r.max).call(helper)
}

/** Requantises a tile and stores it, each block by the tier that was proved for it. */
export function emitStoreTile(
  f: FunctionBuilder,
  context: EmitContext,
  tile: StoreTile,
  block: BlockParameters,
  r: Requantization,
): void {
  const writers: Readonly<Record<Tier, () => void>> = {
    f32: () => emitFast(f, tile, block, r),
    f64: () => emitSlow(f, tile, block, r, wideStore(context), true),
    fixed: () => emitSlow(f, tile, block, r, exactStore(context), false),
  }
  const tiers = [...block.tiers].sort((a, b) => tierFlags[b] - tierFlags[a])
  const write = (index: number): void => {
    const tier = tiers[index]!
    if (index === tiers.length - 1) {
      writers[tier]()
      return
    }
    f.get(tile.parameters).at('i32.load', block.tier!).i32(tierFlags[tier]).op('i32.eq')
    f.if(writers[tier], () => write(index + 1))
  }
  write(0)
}
