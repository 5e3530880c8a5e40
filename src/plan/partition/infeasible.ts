import { listed, withPrefix } from '../words.ts'
import type { Lattice } from './lattice.ts'
import { whyNot } from './numbers.ts'
import { pathCost, sumsToEnd } from './paths.ts'
import type { PartitionAsk, PartitionProblem } from './problem.ts'
import { keeps, type Resource } from './resources.ts'

/** Why there is no assignment: a node that runs nowhere, or limits that none keeps. */
export interface Infeasible {
  readonly kind: 'infeasible'
  /** Index of the node that can run nowhere; null where limits fail. */
  readonly node: number | null
  /** Names of the limits that fail: one alone, or several that hold only one by one. */
  readonly limits: readonly string[]
  readonly reason: string
  /** False where the search was cut off, so that an assignment may exist. */
  readonly proven: boolean
}

/** Tells of a node that runs nowhere: every place with its reason. */
export function infeasibleNode(problem: PartitionProblem, ask: PartitionAsk, node: number, proven = true): Infeasible {
  const reasons = problem.places.map(({ id, maxArenaBytes }, place) => {
    const why = whyNot(problem, ask, node, place)
    if (why !== null) return `${id}: ${why}`
    const memory = maxArenaBytes === undefined ? '' : `do not fit the ${maxArenaBytes} bytes of memory there, or `
    return `${id}: its tensors ${memory}cannot get there`
  })
  const reason = `${problem.nodes[node]!.name} can run nowhere (${reasons.join('; ')})`
  return { kind: 'infeasible', node, limits: [], reason, proven }
}

const amount = (value: number, { unit }: Resource) =>
  unit === 'bytes' ? `${Math.round(value)} bytes` : withPrefix(value, unit)

const tooMuch = (resource: Resource, least: number, none: string) =>
  `the limit on ${resource.name} is ${amount(resource.limit, resource)}, but ${none} takes less than ${amount(least, resource)}`

/** Tells of the first limit that no assignment keeps by itself; null where each can be kept. */
export function infeasibleAlone(lattice: Lattice, resources: readonly Resource[]): Infeasible | null {
  for (const resource of resources) {
    const least = sumsToEnd(lattice, resource.by)[0]![0]!
    if (keeps(least, resource)) continue
    const proven = lattice.leftOutAtLeast === Number.POSITIVE_INFINITY
    const reason = tooMuch(resource, least, `${proven ? 'no' : 'no known'} assignment`)
    return { kind: 'infeasible', node: null, limits: [resource.name], reason, proven }
  }
  return null
}

/** Tells of the first limit that one assignment, the only one of its kind, breaks; null where it keeps all. */
export function brokenBy(
  lattice: Lattice,
  assignment: readonly number[],
  resources: readonly Resource[],
): string | null {
  for (const resource of resources) {
    const used = pathCost(lattice, assignment, resource.by)
    if (!keeps(used, resource)) return tooMuch(resource, used, 'no assignment')
  }
  return null
}

/** Tells of limits that each can be kept, but not together. */
export function infeasibleTogether(resources: readonly Resource[], proven: boolean): Infeasible {
  const limits = resources.map(({ name }) => name)
  const reason = `the limits on ${listed(limits)} can be kept one by one, but ${proven ? 'no' : 'no known'} assignment keeps all of them`
  return { kind: 'infeasible', node: null, limits, reason, proven }
}
