import type { SegmentBorder } from './border.ts'
import {
  type Field,
  type FieldLaw,
  type FieldPoint,
  type FieldSum,
  fitField,
  likeliestLaw,
  mergePoints,
  ownVariance,
} from './field.ts'
import type { NodeWork } from './node-work.ts'
import {
  besideTerms,
  fitTrend,
  nearestKind,
  nodeTerms,
  type Observation,
  type Trend,
  takesTime,
  trendOf,
} from './trend.ts'

/** Seconds with the interval that holds 90 % of such figures. */
export interface LatencyGuess {
  readonly latencyS: number
  readonly low90S: number
  readonly high90S: number
}

/** What was fitted to a place's microbenchmarks: plain values, to be kept. */
export interface PlaceFit {
  /** Seconds by term. */
  readonly terms: Readonly<Record<string, number>>
  readonly law: FieldLaw
  /** Relative deviation of one node from the model that no further measurement removes. */
  readonly noise: number
}

/** A fitted place, ready to be asked: a trend by terms, and a field of what the trend leaves over. */
export interface PlaceModel {
  readonly trend: Trend
  readonly field: Field
  readonly noise: number
}

/** No node takes less; keeps logarithms finite. */
const leastS = 1e-12
/** Two-sided 90 % of a normal distribution. */
const z90 = 1.6449

const log2 = (value: number): number => Math.log2(Math.max(1, value))
const spare = (length: number, block: number): number =>
  Math.log2((Math.ceil(length / block) * block) / Math.max(1, length))

/** Where a node lies: doublings of its lengths, and how far channels are from whole vector blocks. */
function pointOf(node: NodeWork, share: number): FieldPoint {
  const { family, dtype, pixels, inputChannels, outputChannels, taps, tapsWide, stride, rowLength } = node
  return {
    group: `${family} ${dtype}`,
    share,
    at: [
      log2(pixels),
      log2(rowLength) / 2,
      log2(inputChannels),
      log2(outputChannels),
      log2(taps),
      log2(tapsWide) / 2,
      log2(stride),
      2 * spare(outputChannels, 16),
      spare(outputChannels, 64),
      2 * spare(inputChannels, 4),
    ],
  }
}

function partsOf(trend: Trend, nodes: readonly NodeWork[], border: SegmentBorder | null) {
  const nodesS = nodes.map((node, index) => Math.max(leastS, trendOf(trend, nodeTerms(node, nodes[index - 1]))))
  const borderS = Math.max(leastS, trendOf(trend, besideTerms(nodes, border)))
  return { nodesS, borderS, totalS: nodesS.reduce((sum, each) => sum + each, borderS) }
}

/** What real runs and predictions share beside what microbenchmarks tell: a machine that is busier than it was, say. */
const realPoint: FieldPoint = { group: 'real', at: [], share: 0.5 }

function pointsOf(trend: Trend, given: readonly NodeWork[], border: SegmentBorder | null) {
  const nodes = given.map((node) => nearestKind(trend, node))
  const { nodesS, borderS, totalS } = partsOf(trend, nodes, border)
  const points = nodes.map((node, index) => pointOf(node, nodesS[index]! / totalS))
  if (border) {
    const bytes = [...border.inputs, ...border.outputs].reduce((sum, tensor) => sum + tensor.bytes, 0)
    points.push({ group: 'border', share: borderS / totalS, at: [log2(bytes) / 2] })
  }
  return { points: mergePoints(points), totalS }
}

/** No figure is nearer than this to any model, relative. */
const leastDeviation = 0.02

const restOf = (points: readonly FieldPoint[], noise: number): number =>
  Math.hypot(leastDeviation, Math.sqrt(ownVariance(points, noise)))

/** What is left of an observation when the trend is taken off, in natural logarithms. */
function leftOver(trend: Trend, { nodes, border, latencyS, deviation }: Observation, noise: number): FieldSum {
  const { points, totalS } = pointsOf(trend, nodes, border)
  return { points, value: Math.log(latencyS / totalS), deviation: Math.hypot(deviation, restOf(points, noise)) }
}

const laws: readonly FieldLaw[] = [0.1, 0.2].flatMap((local) =>
  [4, 8].map((length) => ({ common: 0.03, group: local / 2, local, length })),
)
const noises: readonly number[] = [0.03, 0.06, 0.09]

/** So many observations tell the laws apart; more only take longer. */
const lawObservations = 160

/** Fits a place to its microbenchmarks. The law of the field is the likeliest of a small grid. */
export function fitPlace(benches: readonly Observation[]): PlaceFit {
  const trend = fitTrend(benches)
  const timed = benches.filter(takesTime)
  const every = Math.max(1, Math.ceil(timed.length / lawObservations))
  const some = timed.filter((_, index) => index % every === 0)
  const left = some.map((observation) => leftOver(trend, observation, 0))
  return { terms: Object.fromEntries(trend), ...likeliestLaw(left, laws, noises) }
}

/** Makes a fit ready to be asked, with the microbenchmarks that it was fitted to and the real runs since then. */
export function openPlaceModel(
  { terms, law, noise }: PlaceFit,
  benches: readonly Observation[],
  runs: readonly Observation[] = [],
): PlaceModel {
  const trend: Trend = new Map(Object.entries(terms))
  const timed = benches.filter(takesTime).map((observation) => leftOver(trend, observation, noise))
  const real = runs.map((observation) => {
    const left = leftOver(trend, observation, noise)
    return { ...left, points: [...left.points, realPoint] }
  })
  return { trend, field: fitField([...timed, ...real], law), noise }
}

function guess(totalS: number, value: number, deviation: number): LatencyGuess {
  const latencyS = totalS * Math.exp(value)
  const factor = Math.exp(z90 * deviation)
  return { latencyS, low90S: latencyS / factor, high90S: latencyS * factor }
}

/** Predicts the time of nodes that run one after another, with the border of their segment or without. */
export function predictWork(
  { trend, field, noise }: PlaceModel,
  nodes: readonly NodeWork[],
  border: SegmentBorder | null,
): LatencyGuess {
  const { points, totalS } = pointsOf(trend, nodes, border)
  const { value, deviation } = field.sum([...points, realPoint])
  return guess(totalS, value, Math.hypot(deviation, restOf(points, noise)))
}

/** Predicts one node of a run of nodes, from what came before it. */
export function predictNode({ trend, field, noise }: PlaceModel, given: NodeWork, before?: NodeWork): LatencyGuess {
  const node = nearestKind(trend, given)
  const totalS = Math.max(leastS, trendOf(trend, nodeTerms(node, before && nearestKind(trend, before))))
  const { value, deviation } = field.sum([pointOf(node, 1), realPoint])
  return guess(totalS, value, Math.hypot(deviation, noise))
}
