import type { BenchLayer, BenchType } from './bench-layer.ts'
import { benches, layerName, spreadOut } from './bench-layers.ts'

/** A layer that is timed inside a tour, by the name that its figure is kept under. */
export interface TourLayer {
  readonly name: string
  readonly layer: BenchLayer
}

/** Layers of one type that are timed side by side in one model, each by itself. */
export interface Tour {
  readonly dtype: BenchType
  readonly layers: readonly TourLayer[]
}

/** So many that few models are built. */
const tourLayers = 14
/** So little that all of it stays near the processor, as the layers of one small model do. */
const tourBytes = 800_000

/** What a layer reads and writes, about. */
function bytesOf(dtype: BenchType, { op, height, width, channels, outputs, filterH, filterW, stride }: BenchLayer) {
  const filter = filterH * filterW * channels * (op === 'depthwise_conv_2d' ? 1 : outputs)
  const weights = op.endsWith('conv_2d') || op === 'fully_connected' ? filter : 0
  const values = height * width * (channels + outputs / stride ** 2)
  return (weights + values) * (dtype === 'int8' ? 1 : 4)
}

/** Layers in their order, as many together as fit. */
function inTours(dtype: BenchType, layers: readonly TourLayer[]): readonly Tour[] {
  const made: TourLayer[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const item of layers) {
    const more = bytesOf(dtype, item.layer)
    if (bytes + more > tourBytes || made.at(-1)!.length === tourLayers) {
      made.push([])
      bytes = 0
    }
    made.at(-1)!.push(item)
    bytes += more
  }
  return made.map((together) => ({ dtype, layers: together }))
}

/** Kinds of layers with few members come sooner than their number would have it: each wants to be known in some places. */
function balanced(layers: readonly TourLayer[]): readonly TourLayer[] {
  const kinds = new Map<string, TourLayer[]>()
  for (const item of layers) {
    const { op, filterH, filterW } = item.layer
    const kind = `${op} ${filterH === filterW && filterH < 4 ? filterH : filterW === 1 ? 'line' : 'odd'}`
    kinds.set(kind, [...(kinds.get(kind) ?? []), item])
  }
  const places = [...kinds.values()].flatMap((alike) =>
    alike.map((item, index) => ({ item, at: (index + 0.5) / Math.sqrt(alike.length) })),
  )
  return places.sort((a, b) => a.at - b.at).map(({ item }) => item)
}

function layersOf(dtype: BenchType): readonly TourLayer[] {
  const all = benches.filter((bench) => bench.dtype === dtype).flatMap(({ layers }) => layers)
  const unique = [...new Map(all.map((layer) => [layerName(dtype, layer), layer]))]
  return balanced(spreadOut(unique).map(([name, layer]) => ({ name, layer })))
}

/** In turn from both, then what is left of the longer. */
function inTurn<T>(left: readonly T[], right: readonly T[]): readonly T[] {
  const count = Math.max(left.length, right.length)
  return Array.from({ length: count }, (_, index) => [left[index], right[index]].flatMap((item) => item ?? [])).flat()
}

/** Tours of layers with filters and of all others in turn: whoever stops early has some of each. */
function toursOf(dtype: BenchType): readonly Tour[] {
  const layers = layersOf(dtype)
  const slides = ({ layer }: TourLayer) => layer.op.endsWith('conv_2d')
  const without = layers.filter((item) => !slides(item))
  return inTurn(inTours(dtype, layers.filter(slides)), inTours(dtype, without))
}

/** Every layer of the microbenchmarks once, in tours; types in turn. */
export const tours: readonly Tour[] = inTurn(toursOf('int8'), toursOf('float32'))
