import type { Geometry, Value } from '../program.ts'
import { FunctionBuilder, type Local } from '../wasm/function.ts'
import type { EmitContext } from './context.ts'
import { type Dialect, emitPack, paddingByte } from './dialect.ts'

/** The packed, padded input rows that one output row needs; they move through a ring of slots. */
export interface RowRing {
  readonly geometry: Geometry
  readonly dialect: Dialect
  readonly rowBytes: number
  readonly bytes: number
}

/** Columns of a packed row: what the last output pixel's filter reaches, the whole input row at least. */
function columnsOf(g: Geometry): number {
  const reached = (g.outputWidth - 1) * g.strideWidth + (g.filterWidth - 1) * g.dilationWidth + 1
  return Math.max(reached, g.padLeft + g.inputWidth)
}

/** Sizes a ring. Rows end in slack, which packing and the last step of a dot product may touch. */
export function rowRing(geometry: Geometry, dialect: Dialect): RowRing {
  const elements = columnsOf(geometry) * geometry.inputChannels
  const rowBytes = Math.ceil((elements * dialect.elementBytes + 48) / 16) * 16
  return { geometry, dialect, rowBytes, bytes: rowBytes * geometry.filterHeight }
}

/** Fills `bytes` from the address in `target` on with the padding; writes up to 15 bytes more. */
function emitFill(
  f: FunctionBuilder,
  target: Local,
  offset: number,
  bytes: number,
  value: number,
  counter: Local,
  at: Local,
): void {
  const vectors = Math.ceil(bytes / 16)
  if (vectors <= 4) {
    for (let index = 0; index < vectors; index++)
      f.get(target)
        .i8x16(value)
        .at('v128.store', offset + 16 * index)
    return
  }
  f.get(target).set(at)
  f.count(counter, 0, vectors, 1, () => {
    f.get(at).i8x16(value).at('v128.store', offset)
    f.advance(at, 16)
  })
}

/** Function (image address, row index, slot): packs one input row with its padding, or a row of padding. */
function packRowFunction(context: EmitContext, ring: RowRing, input: Value): number {
  const { geometry: g, dialect } = ring
  const f = new FunctionBuilder(['i32', 'i32', 'i32'], [])
  const [image, row, slot] = [0, 1, 2]
  const [source, target, counter, at] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')]
  const unit = g.inputChannels * dialect.elementBytes
  const columns = columnsOf(g)
  const padding = paddingByte(dialect, input.zeroPoint)
  f.get(row).i32(g.inputHeight).op('i32.lt_u')
  f.if(
    () => {
      if (g.padLeft > 0) emitFill(f, slot, 0, g.padLeft * unit, padding, counter, at)
      f.get(row)
        .i32(g.inputWidth * g.inputChannels * dialect.inputBytes)
        .op('i32.mul')
        .get(image)
        .op('i32.add')
        .set(source)
      f.get(slot)
        .i32(g.padLeft * unit)
        .op('i32.add')
        .set(target)
      emitPack(f, dialect, input.zeroPoint, source, target, g.inputWidth * g.inputChannels, counter)
      const end = g.padLeft + g.inputWidth
      if (columns > end) emitFill(f, slot, end * unit, (columns - end) * unit, padding, counter, at)
    },
    () => {
      emitFill(f, slot, 0, columns * unit, padding, counter, at)
    },
  )
  return context.module.add(f)
}

/**
 * Runs the body for every output row. `rows` are locals with the addresses of the packed input rows under the filter,
 * `output` one with the address of the output row. A row that the next output row shares is packed once.
 */
export function emitRows(
  f: FunctionBuilder,
  context: EmitContext,
  ring: RowRing,
  site: { readonly input: Value; readonly output: Value; readonly scratch: number },
  body: (rows: readonly Local[], output: Local) => void,
): void {
  const { geometry: g, dialect } = ring
  const pack = packRowFunction(context, ring, site.input)
  const rows = Array.from({ length: g.filterHeight }, () => f.local('i32'))
  const [top, counter, output, image, batch, spare] = [0, 1, 2, 3, 4, 5].map(() => f.local('i32')) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const shared = g.dilationHeight === 1 ? Math.max(0, g.filterHeight - g.strideHeight) : 0
  const packRow = (index: number) => {
    f.get(image)
      .get(top)
      .i32(index * g.dilationHeight)
      .op('i32.add')
      .get(rows[index]!)
      .call(pack)
  }
  f.i32(context.addressOf(site.output)).set(output)
  f.i32(context.addressOf(site.input)).set(image)
  rows.forEach((row, index) => {
    f.i32(site.scratch + index * ring.rowBytes).set(row)
  })
  f.count(batch, 0, g.batches, 1, () => {
    f.i32(-g.padTop).set(top)
    for (let index = 0; index < shared; index++) packRow(index)
    f.count(counter, 0, g.outputHeight, 1, () => {
      for (let index = shared; index < g.filterHeight; index++) packRow(index)
      body(rows, output)
      for (let turn = 0; shared > 0 && turn < g.strideHeight; turn++) {
        f.get(rows[0]!).set(spare)
        for (let index = 0; index + 1 < rows.length; index++) f.get(rows[index + 1]!).set(rows[index]!)
        f.get(spare).set(rows.at(-1)!)
      }
      f.advance(top, g.strideHeight).advance(output, g.outputWidth * g.outputChannels * dialect.inputBytes)
    })
    f.advance(image, g.inputHeight * g.inputWidth * g.inputChannels * dialect.inputBytes)
  })
}
