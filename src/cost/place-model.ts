import type { SegmentBorder } from './border.ts'
import { type Field, type FieldLaw, type FieldPoint, type FieldSum, fitField } from './field.ts'
import type { NodeWork } from './node-work.ts'
import { borderTerms, fitTrend, nearestKind, nodeTerms, type Observation, type Trend, trendOf } from './trend.ts'

/** Seconds with the interval that holds 90 % of such figures. */
export interface LatencyGuess {
  readonly latencyS: number
  readonly low90S: number
  readonly high90S: number
}

/** What a place was seen to take, as a model: a trend by terms, and a field of what the trend leaves over. */
export interface PlaceModel {
  readonly trend: Trend
  readonly field: Field
  readonly law: FieldLaw
  /** Relative deviation of one figure from the model that no further measurement removes. */
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
  const borderS = border ? Math.max(leastS, trendOf(trend, borderTerms(border))) : 0
  return { nodesS, borderS, totalS: nodesS.reduce((sum, each) => sum + each, borderS) }
}

function pointsOf(trend: Trend, nodes: readonly NodeWork[], border: SegmentBorder | null) {
  const { nodesS, borderS, totalS } = partsOf(trend, nodes, border)
  const points = nodes.map((node, index) => pointOf(node, nodesS[index]! / totalS))
  if (border) {
    const bytes = [...border.inputs, ...border.outputs].reduce((sum, tensor) => sum + tensor.bytes, 0)
    points.push({ group: 'border', share: borderS / totalS, at: [log2(bytes) / 2] })
  }
  return { points, totalS }
}

/** What is left of an observation when the trend is taken off, in natural logarithms. */
function leftOver(trend: Trend, { nodes, border, latencyS, deviation }: Observation, noise: number): FieldSum {
  const { points, totalS } = pointsOf(trend, nodes, border)
  return { points, value: Math.log(latencyS / totalS), deviation: Math.hypot(deviation, noise) }
}

const laws: readonly FieldLaw[] = [0.05, 0.1, 0.2, 0.35].flatMap((local) =>
  [1.5, 3, 6].map((length) => ({ common: 0.03, group: local / 2, local, length })),
)
const noises = [0.02, 0.05]

/**
 * Fits a place's model: the trend to microbenchmarks alone, the field to real runs as well. The law of the field is the
 * likeliest of a small grid.
 */
export function fitPlaceModel(benches: readonly Observation[], runs: readonly Observation[]): PlaceModel {
  const trend = fitTrend(benches)
  const observations = [...benches, ...runs]
  let best: PlaceModel | null = null
  for (const noise of noises)
    for (const law of laws) {
      const field = fitField(
        observations.map((observation) => leftOver(trend, observation, noise)),
        law,
      )
      if (!best || field.logLikelihood > best.field.logLikelihood) best = { trend, field, law, noise }
    }
  return best!
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
  const { points, totalS } = pointsOf(
    trend,
    nodes.map((node) => nearestKind(trend, node)),
    border,
  )
  const { value, deviation } = field.sum(points)
  return guess(totalS, value, Math.hypot(deviation, noise))
}
