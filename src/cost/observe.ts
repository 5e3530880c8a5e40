import { chainGraph, parallelGraph } from './bench-graph.ts'
import { benches } from './bench-layers.ts'
import { tours } from './bench-tours.ts'
import { graphBorder } from './border.ts'
import type { BenchFigure, PlaceProfile } from './machine-profile.ts'
import { graphWork } from './node-work.ts'
import { openPlaceModel, type PlaceModel } from './place-model.ts'
import type { Observation } from './trend.ts'

type Shape = Pick<Observation, 'nodes' | 'border'>

/** What the microbenchmarks compute, by the name of their figures. Made once. */
let known: ReadonlyMap<string, Shape> | null = null

function shapes(): ReadonlyMap<string, Shape> {
  if (known) return known
  const chains = benches.map(({ name, layers, dtype }): [string, Shape] => {
    const graph = chainGraph(layers, dtype, 'zeros')
    return [name, { nodes: graphWork(graph), border: graphBorder(graph) }]
  })
  const single = tours.flatMap(({ layers, dtype }) => {
    const works = graphWork(
      parallelGraph(
        layers.map(({ layer }) => layer),
        dtype,
        'zeros',
      ),
    )
    return layers.map(({ name }, index): [string, Shape] => [name, { nodes: [works[index]!], border: null }])
  })
  known = new Map([...chains, ...single])
  return known
}

/** What the figures of microbenchmarks say; names that are not known are left out. */
export function observationsOf(figures: Readonly<Record<string, BenchFigure>>): readonly Observation[] {
  return Object.entries(figures).flatMap(([name, { latencyS, deviation }]) => {
    const shape = shapes().get(name)
    return shape ? [{ ...shape, latencyS, deviation }] : []
  })
}

const models = new WeakMap<PlaceProfile, PlaceModel>()

/** The model of a place, with its microbenchmarks and real runs; made ready once a profile. */
export function placeModel(profile: PlaceProfile): PlaceModel {
  const known = models.get(profile)
  if (known) return known
  const model = openPlaceModel(profile.fit, observationsOf(profile.figures), profile.runs)
  models.set(profile, model)
  return model
}
