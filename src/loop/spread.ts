import type { Backend } from '../backends/backend.ts'
import type { SimulatedNpus } from '../backends/simulated-npu.ts'
import type { Variant } from '../catalogue/load.ts'
import type { Device } from '../core/device.ts'
import { type MachineProfile, placeId as profileId } from '../cost/machine-profile.ts'
import type { PublishedPower } from '../cost/modelled.ts'
import type { Goal } from '../plan/goal.ts'
import type { Infeasible } from '../plan/partition/infeasible.ts'
import type { Partition } from '../plan/partition/partition.ts'
import { mostPlaces, type PartitionAsk } from '../plan/partition/problem.ts'
import { partitionBackend } from './partition-backend.ts'
import { type Place, placeId } from './place.ts'
import { declaredCosts, type PlaceCosts, predictedCosts, singleNodes } from './place-costs.ts'
import { nodePlaces, type Placement, partsOf, placedSegment, placementOf, solvePlacement } from './placement.ts'

/** What there is to spread a model over. */
export interface SpreadContext {
  readonly backends: readonly Backend[]
  readonly devices: readonly Device[]
  readonly machine: MachineProfile
  readonly published: PublishedPower | null
  /** Accelerators that are only simulated, and which of their devices to consider. */
  readonly simulated: SimulatedNpus | null
}

/** A model's layers over the places that are there. */
export interface Spread {
  readonly placement: Placement
  readonly found: Partition | Infeasible
  /** What was minimised: energy only where every place has a figure. */
  readonly ask: PartitionAsk
  /** Places that were left out, with the reason. */
  readonly notes: readonly string[]
}

/** Whether layers could go to several places at all: predicting them takes time. */
function hasPlaces({ backends, devices, machine, simulated }: SpreadContext): boolean {
  const profiled = backends.flatMap((backend) =>
    devices.filter((device) => machine.places[profileId(backend.name, device.id)] !== undefined),
  )
  return profiled.length + (simulated?.devices.length ?? 0) > 1
}

function costsOf(context: SpreadContext, variant: Variant): { readonly costs: PlaceCosts[]; readonly notes: string[] } {
  const segment = placedSegment(variant.segment)
  const singles = singleNodes(segment)
  const costs: PlaceCosts[] = []
  const notes: string[] = []
  const { backends, devices, machine, published, simulated } = context
  for (const device of simulated?.devices ?? []) {
    const place: Place = { backend: simulated!.backend, device }
    const model = simulated!.models.get(device.id)!
    costs.push(declaredCosts(segment, singles, place, model))
    if (model.dispatchS === 0)
      notes.push(`${device.id} declares no time to start a segment: what runs there takes longer`)
  }
  for (const backend of backends)
    for (const device of devices) {
      const one = predictedCosts(segment, singles, { backend, device }, machine, published)
      if (one) costs.push(one)
    }
  return { costs, notes }
}

/** What a goal asks of the arrangement of layers; its limits on one inference are kept where they are known. */
export function spreadAsk({ minimize, maxLatencyS }: Goal): PartitionAsk {
  const byEnergy = minimize === 'energy'
  return byEnergy && maxLatencyS !== undefined
    ? { minimize: 'energy', maxLatencyS }
    : { minimize: byEnergy ? 'energy' : 'latency' }
}

/** Least seconds of a node list at a place: to tell which places matter when there are too many. */
const boundOf = ({ nodes }: PlaceCosts): number =>
  nodes.reduce((sum, entry) => sum + ('unsupported' in entry ? 1 : entry.latencyS), 0)

/**
 * Spreads a variant's layers over all places that this machine's profile knows and the simulated accelerators; null with
 * fewer than two places. More than seven are cut to those that are fastest over all layers, which the notes tell.
 */
export function spread(context: SpreadContext, variant: Variant, ask: PartitionAsk): Spread | null {
  if (!hasPlaces(context)) return null
  const { costs, notes } = costsOf(context, variant)
  if (costs.length < 2) return null
  const ids = costs.map(({ place }) => placeId(place))
  const coarse = ids.filter((id) => context.machine.places[id]?.complete === false)
  if (coarse.length > 0)
    notes.push(`predicted from a few figures so far ("milliwatt profile" goes on): ${coarse.join(', ')}`)
  const most = mostPlaces - 1
  const kept = costs.length > most ? [...costs].sort((a, b) => boundOf(a) - boundOf(b)).slice(0, most) : costs
  const left = costs.filter((one) => !kept.includes(one)).map(({ place }) => placeId(place))
  if (left.length > 0) notes.push(`left out, since a search is over ${most} places: ${left.join(', ')}`)
  const placement = placementOf(placedSegment(variant.segment), kept)
  const byEnergy = ask.minimize === 'energy' && kept.every(({ dispatch }) => dispatch.energy !== null)
  if (ask.minimize === 'energy' && !byEnergy)
    notes.push('layers are placed by latency: not every place has an energy figure')
  const asked: PartitionAsk = byEnergy ? ask : { minimize: 'latency' }
  return { placement, found: solvePlacement(placement, asked), ask: asked, notes }
}

/** A device that stands for several at once. */
function together(devices: readonly Device[]): Device {
  const ids = [...new Set(devices.map(({ id }) => id))]
  const main = devices.find(({ id }) => id !== 'cpu') ?? devices[0]!
  return { ...main, id: ids.join('+'), name: [...new Set(devices.map(({ name }) => name))].join(' and ') }
}

/**
 * An arrangement over several segments as a backend and a device, so that it is prepared, checked, measured and chosen as
 * any other candidate; null where all layers are at one place.
 */
export function spreadCandidate({
  placement,
  found,
}: Spread): { readonly backend: Backend; readonly device: Device } | null {
  if (found.kind !== 'partition' || found.segments.length < 2) return null
  const parts = partsOf(placement, found.assignment)
  if (parts.length < 2) return null
  const names = [...new Set(parts.map(({ place }) => place.backend.name))]
  const signature = nodePlaces(placement, found.assignment)
    .map((place) => profileId(placement.costs[place]!.place.backend.name, placement.costs[place]!.place.device.id))
    .join(' ')
  const backend: Backend = {
    ...partitionBackend(`${parts.length} segments: ${names.join(', ')}`, () => parts),
    available: async () => ({ ok: true, engine: `segments ${signature}` }),
  }
  return { backend, device: together(parts.map(({ place }) => place.device)) }
}
