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

/** So few that what they touch stays in the caches, so many that few models are built. */
const tourLayers = 14

function layersOf(dtype: BenchType): readonly TourLayer[] {
  const all = benches.filter((bench) => bench.dtype === dtype).flatMap(({ layers }) => layers)
  const unique = [...new Map(all.map((layer) => [layerName(dtype, layer), layer]))]
  return spreadOut(unique).map(([name, layer]) => ({ name, layer }))
}

/** Every layer of the microbenchmarks once, in their order, in tours. */
export const tours: readonly Tour[] = (() => {
  const made = (['int8', 'float32'] as const).map((dtype) => {
    const layers = layersOf(dtype)
    const count = Math.ceil(layers.length / tourLayers)
    return Array.from({ length: count }, (_, index) => ({
      dtype,
      layers: layers.slice(index * tourLayers, (index + 1) * tourLayers),
    }))
  })
  // Types in turn: whoever stops early has both.
  return made[0]!.flatMap((tour, index) => [tour, made[1]![index]!])
})()
