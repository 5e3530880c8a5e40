import type { Sourced } from '../targets/target.ts'
import type { BenchFigure, PlacePower, PlaceProfile } from './machine-profile.ts'
import type { OpFamily } from './node-work.ts'
import { observationsOf } from './observe.ts'
import { fitPlace } from './place-model.ts'
import { type Observation, takesTime } from './trend.ts'

/** What is known of a place while it is profiled. */
export interface PlaceFigures {
  readonly backend: string
  readonly device: string
  readonly engine: string
  readonly measuredAt: string
  readonly complete: boolean
  readonly figures: Readonly<Record<string, BenchFigure>>
  readonly power: PlacePower | null
}

const bestRate = (
  observations: readonly Observation[],
  amount: (observation: Observation) => number,
): number | undefined => {
  const rates = observations.filter(takesTime).map((observation) => amount(observation) / observation.latencyS)
  const best = Math.max(0, ...rates)
  return best > 0 ? best : undefined
}

const macsOf = (dtype: string) => (observation: Observation) =>
  observation.nodes.every((node) => node.dtype === dtype)
    ? observation.nodes.reduce((sum, { macs }) => sum + macs, 0)
    : 0

const bytesOf = ({ nodes }: Observation): number =>
  nodes.every(({ macs }) => macs === 0)
    ? nodes.reduce((sum, { inputBytes, outputBytes }) => sum + inputBytes + outputBytes, 0)
    : 0

/** A place's profile from its figures: dispatch and peak rates in the fields of a datasheet. */
export function summarisePlace(place: PlaceFigures): PlaceProfile {
  const observations = observationsOf(place.figures)
  const fit = fitPlace(observations)
  const source = `microbenchmarks on this machine, ${place.measuredAt.slice(0, 10)}`
  const rate = (name: string, value: number | undefined): Record<string, Sourced<number>> =>
    value === undefined ? {} : { [name]: { value, source } }
  const dispatch = (fit.terms.dispatch ?? 0) + 2 * (fit.terms.tensor ?? 0)
  return {
    ...place,
    dispatchS: { value: dispatch, source },
    rates: {
      ...rate('int8MacsPerS', bestRate(observations, macsOf('int8'))),
      ...rate('float32MacsPerS', bestRate(observations, macsOf('float32'))),
      ...rate('bytesPerS', bestRate(observations, bytesOf)),
    },
    fit,
    runs: [],
  }
}

/** The best rate that microbenchmarks of one family and type reached, in multiply-accumulates a second. */
export interface FamilyRate {
  readonly family: OpFamily
  readonly dtype: string
  readonly macsPerS: number
}

/** Rates by family and type, from the microbenchmarks that hold one family alone; those without arithmetic are left out. */
export function familyRates(figures: Readonly<Record<string, BenchFigure>>): readonly FamilyRate[] {
  const best = new Map<string, FamilyRate>()
  for (const observation of observationsOf(figures)) {
    const { family, dtype } = observation.nodes[0]!
    const alike = observation.nodes.every((node) => node.family === family && node.dtype === dtype)
    const macsPerS = bestRate([observation], ({ nodes }) => nodes.reduce((sum, { macs }) => sum + macs, 0))
    const key = `${family} ${dtype}`
    if (alike && macsPerS !== undefined && macsPerS > (best.get(key)?.macsPerS ?? 0))
      best.set(key, { family, dtype, macsPerS })
  }
  return [...best.values()]
}
