import { isUnsupported, type PartitionAsk, type PartitionProblem, type StepCost } from './problem.ts'

/** The costs of a problem as plain numbers, for the search. What cannot be used costs `Infinity` seconds. */
export interface Numbers {
  readonly places: number
  /** By node × places + place. Energies are 0 where nobody asks for them and they are not known. */
  readonly nodeS: Float64Array
  readonly nodeJ: Float64Array
  readonly dispatchS: Float64Array
  readonly dispatchJ: Float64Array
  /** By tensor × places² + from × places + to. */
  readonly transferS: Float64Array
  readonly transferJ: Float64Array
  /** Transfers compare by this one of the two. */
  readonly byEnergy: boolean
}

/** Tells whether energy matters to what is asked. */
const needsEnergy = ({ minimize, maxEnergyJ }: PartitionAsk): boolean =>
  minimize === 'energy' || maxEnergyJ !== undefined

/** Why a cost cannot be used for what is asked, although it is known; null when it can. */
function energyComplaint({ energy }: StepCost, ask: PartitionAsk): string | null {
  if (!needsEnergy(ask)) return null
  if (!energy) return 'its energy is not known'
  const accepted = ask.acceptProvenance
  if (!accepted || accepted.includes(energy.provenance)) return null
  return `its energy is ${energy.provenance}, but the goal needs a figure that is ${accepted.join(' or ')}`
}

/** Why a node cannot run at a place under what is asked; null when it can. */
export function whyNot(problem: PartitionProblem, ask: PartitionAsk, node: number, place: number): string | null {
  const entry = problem.nodes[node]!.at[place]!
  if (isUnsupported(entry)) return entry.unsupported
  const { id, dispatch, maxWeightBytes } = problem.places[place]!
  const { weightBytes } = problem.nodes[node]!
  if (maxWeightBytes !== undefined && weightBytes > maxWeightBytes)
    return `its ${weightBytes} bytes of weights exceed the ${maxWeightBytes} of ${id}`
  const complaint = energyComplaint(dispatch, ask)
  return energyComplaint(entry, ask) ?? (complaint === null ? null : `dispatch on ${id}: ${complaint}`)
}

/** Takes the costs out of a problem. */
export function numbersOf(problem: PartitionProblem, ask: PartitionAsk): Numbers {
  const { nodes, tensors } = problem
  const places = problem.places.length
  const numbers: Numbers = {
    places,
    nodeS: new Float64Array(nodes.length * places).fill(Number.POSITIVE_INFINITY),
    nodeJ: new Float64Array(nodes.length * places),
    dispatchS: Float64Array.from(problem.places, ({ dispatch }) => dispatch.latencyS),
    dispatchJ: Float64Array.from(problem.places, ({ dispatch }) => dispatch.energy?.energyJ ?? 0),
    transferS: new Float64Array(tensors.length * places * places),
    transferJ: new Float64Array(tensors.length * places * places),
    byEnergy: ask.minimize === 'energy',
  }
  for (const [node, { at }] of nodes.entries())
    for (const [place, entry] of at.entries()) {
      if (isUnsupported(entry) || whyNot(problem, ask, node, place) !== null) continue
      numbers.nodeS[node * places + place] = entry.latencyS
      numbers.nodeJ[node * places + place] = entry.energy?.energyJ ?? 0
    }
  fillTransfers(problem, ask, numbers)
  return numbers
}

function fillTransfers({ tensors, transfer }: PartitionProblem, ask: PartitionAsk, numbers: Numbers): void {
  const { places, transferS, transferJ } = numbers
  for (const [index, { fixed }] of tensors.entries())
    for (let from = 0; from < places; from++)
      for (let to = 0; to < places; to++) {
        if (from === to) continue
        const at = (index * places + from) * places + to
        const cost = fixed ? null : transfer(from, to, index)
        const usable = cost !== null && energyComplaint(cost, ask) === null
        transferS[at] = usable ? cost.latencyS : Number.POSITIVE_INFINITY
        transferJ[at] = usable ? (cost.energy?.energyJ ?? 0) : Number.POSITIVE_INFINITY
      }
}

/** By set of holders (bit mask): the one from which a tensor reaches a place at the least cost, the first of equals; -1 for none. */
export function cheapestSources(numbers: Numbers, tensor: number, to: number): Int8Array {
  const { places, transferS, transferJ, byEnergy } = numbers
  const [first, second] = byEnergy ? [transferJ, transferS] : [transferS, transferJ]
  const at = (from: number) => (tensor * places + from) * places + to
  const sources = new Int8Array(2 ** places).fill(-1)
  for (let from = 0; from < places; from++)
    // The sets whose highest place this is, after those without it.
    for (let others = 0; others < 1 << from; others++) {
      const best = sources[others]!
      const [a, b] = [at(from), at(best)]
      const better = best < 0 || first[a]! < first[b]! || (first[a] === first[b] && second[a]! < second[b]!)
      sources[others | (1 << from)] = better ? from : best
    }
  return sources
}
