import type { BorderWork, SegmentBorder } from './border.ts'
import type { NodeWork } from './node-work.ts'
import { nonNegativeLeastSquares } from './non-negative.ts'

/** What was timed: nodes that ran one after another, with the border of their segment where it was timed too. */
export interface Observation {
  readonly nodes: readonly NodeWork[]
  /** Null where layers were timed by themselves inside a model: neither dispatch nor copies are in it. */
  readonly border: SegmentBorder | null
  readonly latencyS: number
  /** Relative standard deviation of the figure. */
  readonly deviation: number
}

type Terms = readonly (readonly [column: string, amount: number])[]

const padded = (length: number, block: number): number => Math.ceil(length / block) * block

/**
 * What a node's time may be made of, each a non-negative number of seconds by amount: a fixed part, work in whole
 * vector blocks of output channels (16 for 128-bit and 64 for 512-bit integers), what is read, gathered and written.
 * Filters of few input channels work on channels padded to 8. This is the roofline (Williams, Waterman, Patterson 2009) as a sum instead of a maximum, so that it stays linear.
 */
export function nodeTerms(node: NodeWork, before?: NodeWork): Terms {
  return before && before.family !== node.family ? [...ownTerms(node), ...changeTerms(node)] : ownTerms(node)
}

/** Another kind of layer came before: engines turn values round, fetch other code, and find less in their caches. */
const changeTerms = ({ dtype, inputBytes }: NodeWork): Terms => [
  [`change ${dtype}`, 1],
  [`change ${dtype} bytes`, inputBytes],
]

/** Terms of a node; unusual weights cost what usual ones do, and something for unpacking them. */
function ownTerms(node: NodeWork): Terms {
  const { family, dtype, macs, weightBytes } = node
  const usual = dtype.replace(/ by .*/, '')
  if (usual === dtype) return usualTerms(node)
  const of = `${family} ${dtype}`
  return [
    ...usualTerms({ ...node, dtype: usual }),
    [`${of} node`, 1],
    [`${of} macs`, macs],
    [`${of} weights`, weightBytes],
  ]
}

function usualTerms(node: NodeWork): Terms {
  const { family, dtype, macs, pixels, rowLength, inputChannels, outputChannels, taps, weightBytes } = node
  const of = `${family} ${dtype}`
  const channels = Math.max(1, outputChannels)
  const depth = family.startsWith('depthwise') ? 1 : Math.max(1, inputChannels)
  const common: Terms = [
    [`${of} node`, 1],
    [`${of} output`, node.outputBytes],
    [`${of} input`, node.inputBytes],
  ]
  if (macs === 0) return family === 'pool' ? [...common, [`${of} taps`, pixels * taps * channels]] : common
  return [
    ...common,
    [`${of} macs`, macs],
    [`${of} macs by 16`, (macs / channels) * padded(channels, 16)],
    [`${of} macs by 16 in 8`, (macs / channels / depth) * padded(channels, 16) * padded(depth, 8)],
    [`${of} lines`, pixels / rowLength],
    [`${of} channel lines`, (pixels / rowLength) * channels],
    [`${of} channels`, channels],
    [`${of} macs by 64`, (macs / channels) * padded(channels, 64)],
    [`${of} tail`, (macs / channels) * (channels % 16)],
    [`${of} rows`, pixels],
    [`${of} gathered`, pixels * taps * depth],
    [`${of} weights`, weightBytes],
  ]
}

/** Arrays beyond so many bytes have memory of their own in V8. */
const smallBytes = 64

/** What a segment's border is made of: dispatch, a fixed part a tensor, bytes by type and direction. */
export function borderTerms({ inputs, outputs }: SegmentBorder): Terms {
  const copies = (tensors: readonly BorderWork[], way: string): Terms =>
    tensors.flatMap(({ dtype, bytes, spatial }) => [
      ['tensor', 1] as const,
      ...(bytes > smallBytes ? [[`large ${way}`, 1] as const] : []),
      [`copy ${way} ${dtype}`, bytes] as const,
      ...(spatial ? [[`turn ${way} ${dtype}`, bytes] as const] : []),
    ])
  return [['dispatch', 1], ...copies(inputs, 'in'), ...copies(outputs, 'out')]
}

/** What timing a layer by itself adds: the call, and values that are no longer in the nearest cache. */
const aloneTerms = (nodes: readonly NodeWork[]): Terms =>
  nodes.flatMap(({ inputBytes, outputBytes, weightBytes }) => [
    ['alone', 1] as const,
    ['alone bytes', inputBytes + outputBytes] as const,
    ['alone weights', weightBytes] as const,
  ])

/** What was timed beside the nodes themselves. */
export const besideTerms = (nodes: readonly NodeWork[], border: SegmentBorder | null): Terms =>
  border ? borderTerms(border) : aloneTerms(nodes)

/** Seconds by term. */
export type Trend = ReadonlyMap<string, number>

/**
 * Terms of an observation. Where layers were timed by themselves each of them followed one of another kind: what a change
 * costs is in their figures already, and `withChanges` is false.
 */
const termsOf = ({ nodes, border }: Observation, withChanges: boolean): Terms => [
  ...nodes.flatMap((node, index) => nodeTerms(node, withChanges ? nodes[index - 1] : undefined)),
  ...besideTerms(nodes, border),
]

/** No figure is weighed as nearer than this, relative. */
const leastDeviation = 0.02

/** Nobody tells less from nothing, in seconds: layers whose output is their input take no time at all. */
const nothingS = 2e-9
/** How well nothing is known, in seconds. */
const nothingDeviationS = 2e-8

/** Whether a figure is more than nothing. */
export const takesTime = ({ latencyS }: Observation): boolean => latencyS > nothingS

/** After so many rounds errors are weighed as ratios, near enough. */
const ratioRounds = 4
/** Rounds of descent in all of them but the last. */
const roughRounds = 200
/** Errors beyond this, as logarithms of ratios, count by their amount in place of their square (Huber 1964). */
const oddRatio = 0.25

/**
 * Fits the terms to what was timed, every observation by the logarithm of its ratio to what is predicted: as squares of
 * relative errors, weighed anew by the geometric mean of both (iteratively reweighted least squares). By relative errors
 * alone a single kind of layer that is much faster than its like would hold all of them down.
 */
export function fitTrend(observations: readonly Observation[]): Trend {
  const columns = new Map<string, number>()
  const withChanges = observations.every(({ border }) => border !== null)
  const all = observations.map((observation) => termsOf(observation, withChanges))
  for (const terms of all) for (const [name] of terms) if (!columns.has(name)) columns.set(name, columns.size)
  const amounts = all.map((terms) => {
    const row = new Array<number>(columns.size).fill(0)
    for (const [name, amount] of terms) row[columns.get(name)!] = row[columns.get(name)!]! + amount
    return row
  })
  let solution: readonly number[] = []
  for (let round = 0; round < ratioRounds; round++) {
    const weights = observations.map((observation, index) => {
      if (!takesTime(observation)) return 1 / nothingDeviationS
      const { latencyS, deviation } = observation
      const predictedS = round === 0 ? latencyS : Math.max(latencyS / 10, dot(amounts[index]!, solution))
      const off = Math.abs(Math.log(predictedS / latencyS))
      const trust = Math.sqrt(Math.min(1, oddRatio / Math.max(off, oddRatio)))
      return trust / (Math.sqrt(latencyS * predictedS) * Math.max(deviation, leastDeviation))
    })
    solution = nonNegativeLeastSquares(
      amounts.map((row, index) => row.map((amount) => amount * weights[index]!)),
      observations.map((each, index) => (takesTime(each) ? each.latencyS * weights[index]! : 0)),
      solution,
      round < ratioRounds - 1 ? roughRounds : undefined,
    )
  }
  return new Map([...columns].map(([name, index]) => [name, solution[index]!]))
}

const dot = (left: readonly number[], right: readonly number[]): number =>
  left.reduce((sum, value, index) => sum + value * right[index]!, 0)

const knows = (trend: Trend, { family, dtype }: NodeWork): boolean => trend.has(`${family} ${dtype} node`)

/**
 * A node as the nearest kind that was timed: with usual weights where those with unusual ones were not, in the other
 * type, as a copy.
 */
export function nearestKind(trend: Trend, node: NodeWork): NodeWork {
  const types = [node.dtype, node.dtype.replace(/ by .*/, ''), 'float32', 'int8']
  const kinds = types.map((dtype) => ({ ...node, dtype }))
  const copies = types.map((dtype) => ({ ...node, dtype, family: 'add' as const }))
  return [...kinds, ...copies].find((kind) => knows(trend, kind)) ?? node
}

/** Seconds of some terms by a trend; terms that it does not know cost nothing. */
export function trendOf(trend: Trend, terms: Terms): number {
  return terms.reduce((sum, [name, amount]) => sum + amount * (trend.get(name) ?? 0), 0)
}
