import { nodeFacts } from '../graph/facts.ts'
import type { PlaceExplanation } from '../plan/partition/explain.ts'
import type { Partition, SinglePlace } from '../plan/partition/partition.ts'
import type { PartitionAsk, StepCost, Unsupported } from '../plan/partition/problem.ts'
import { isUnsupported } from '../plan/partition/problem.ts'
import type { LayerElsewhere, PlacedLayer, PlacementPlace, PlacementReport } from '../report/placement.ts'
import type { Placement } from './placement.ts'

/** What a placement is reported with. */
export interface PlacementContext {
  readonly model: string
  readonly variant: string
  readonly ask: PartitionAsk
  readonly notes: readonly string[]
}

const able = (entry: StepCost | Unsupported): StepCost | null => (isUnsupported(entry) ? null : entry)

function elsewhereOf({ problem }: Placement, { place, cost, extra, reason }: PlaceExplanation): LayerElsewhere {
  const latencyS = cost?.latencyS ?? null
  return { place: problem.places[place]!.id, latencyS, energyJ: cost?.energy?.energyJ ?? null, extra, reason }
}

/** For every node of the graph the nodes whose outputs it reads; −1 for inputs of the model. */
function sourcesOf({ segment }: Placement): readonly (readonly number[])[] {
  const { graph } = segment
  const makers = new Map(graph.nodes.flatMap(({ outputs }, index) => outputs.map((name) => [name, index] as const)))
  for (const name of graph.inputs) makers.set(name, -1)
  return graph.nodes.map(({ inputs }) => [...new Set(inputs.flatMap((name) => makers.get(name) ?? []))])
}

function layersOf(placement: Placement, found: Partition): readonly PlacedLayer[] {
  const { segment, groups, costs, problem } = placement
  const facts = nodeFacts(segment.graph)
  const sources = sourcesOf(placement)
  const segments = found.assignment.map((_, node) =>
    found.segments.findIndex(({ from, to }) => from <= node && node < to),
  )
  return groups
    .flatMap((members, group) => {
      const place = found.assignment[group]!
      const explanation = found.explanations[group]!
      const transfers = found.transfers.filter(({ node, when }) => node === group && when === 'before')
      return members.map((index, position): readonly [number, PlacedLayer] => {
        const { node, macs, weightBytes } = facts[index]!
        const here = able(costs[place - 1]!.nodes[index]!)
        const guess = costs[place - 1]!.guesses[index]
        return [
          index,
          {
            name: node.name || node.outputs[0] || node.op,
            op: node.op,
            macs,
            weightBytes,
            outputBytes: problem.nodes[group]!.outputs.reduce((sum, tensor) => sum + problem.tensors[tensor]!.bytes, 0),
            takesFrom: sources[index]!,
            place: problem.places[place]!.id,
            segment: segments[group]!,
            latencyS: here?.latencyS ?? 0,
            latency90S: guess ? [guess.low90S, guess.high90S] : null,
            energyJ: here?.energy?.energyJ ?? null,
            provenance: here?.energy?.provenance ?? null,
            transferS: position === 0 ? transfers.reduce((sum, { cost }) => sum + cost.latencyS, 0) : 0,
            why: explanation.why,
            elsewhere: explanation.at
              .filter((each) => each.place !== place && each.place !== problem.home)
              .map((each) => elsewhereOf(placement, each)),
          },
        ]
      })
    })
    .sort(([a], [b]) => a - b)
    .map(([, layer]) => layer)
}

function wholeOf({ costs, reason }: SinglePlace): PlacementPlace['whole'] {
  if (!costs) return { reason: reason ?? 'it cannot run here' }
  return { latencyS: costs.total.latencyS, energyJ: costs.total.energy?.energyJ ?? null }
}

function algorithmOf(
  { problem, segment }: Placement,
  { optimality, total, assignment }: Partition,
  ask: PartitionAsk,
): string {
  const asked = `${problem.nodes.length} nodes × ${problem.places.length - 1} places`
  const how = `dynamic program over the order of execution, ${asked}, ${segment.graph.tensors.size} tensors`
  const same = new Set(assignment).size === 1 ? ' One place for all layers is the best of all arrangements.' : ''
  if (optimality.kind === 'exact')
    return `Least ${ask.minimize} of all arrangements under these figures, proven: ${how}.${same}`
  const least = ask.minimize === 'latency' ? total.latencyS : (total.energy?.energyJ ?? 0)
  const over = least > 0 ? ((least - optimality.atLeast) / least) * 100 : 0
  return `At most ${over.toFixed(1)} % above the best arrangement (${optimality.because}): ${how}.${same}`
}

/** The best arrangement in the words of the report. */
export function placementReport(placement: Placement, found: Partition, context: PlacementContext): PlacementReport {
  const { costs, problem } = placement
  const { model, variant, ask, notes } = context
  const layers = layersOf(placement, found)
  const places = costs.map(
    ({ place, basis, dispatch }, index): PlacementPlace => ({
      id: problem.places[index + 1]!.id,
      backend: place.backend.name,
      device: place.device.id,
      dispatchS: dispatch.latencyS,
      basis,
      whole: wholeOf(found.singles[index + 1]!),
    }),
  )
  return {
    model,
    variant,
    objective: ask.minimize,
    places,
    layers,
    segments: found.segments.map(({ place, from, to, cost }) => ({
      place: problem.places[place]!.id,
      first: placement.groups[from]![0]!,
      last: placement.groups[to - 1]!.at(-1)!,
      dispatchS: problem.places[place]!.dispatch.latencyS,
      latencyS: cost.latencyS,
    })),
    totals: {
      latencyS: found.total.latencyS,
      layersS: found.nodes.latencyS,
      dispatchS: found.dispatch.latencyS,
      transferS: found.transfer.latencyS,
      energyJ: found.total.energy?.energyJ ?? null,
      provenance: found.total.energy?.provenance ?? null,
    },
    algorithm: algorithmOf(placement, found, ask),
    notes,
  }
}
