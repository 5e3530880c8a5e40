import { describe, expect, it } from 'vitest'
import { median } from '../../src/core/stats.ts'
import { chainGraph } from '../../src/cost/bench-graph.ts'
import { type BenchLayer, dense, pointwise, same } from '../../src/cost/bench-layer.ts'
import { graphBorder } from '../../src/cost/border.ts'
import { graphWork } from '../../src/cost/node-work.ts'
import { fitTrend, nodeTerms, type Observation, trendOf } from '../../src/cost/trend.ts'

const workOf = (layers: readonly BenchLayer[]) => graphWork(chainGraph(layers, 'int8', 'zeros'))
const alone = (layer: BenchLayer, latencyS: number): Observation => {
  return { nodes: workOf([layer]), border: null, latencyS, deviation: 0.01 }
}
const secondsOf = (layer: BenchLayer, observations: readonly Observation[]) =>
  trendOf(fitTrend(observations), nodeTerms(workOf([layer])[0]!))

/** Seconds of a layer at 10 G multiply-accumulates a second. */
const lawS = (layer: BenchLayer) => 1e-10 * workOf([layer])[0]!.macs

describe('the fit of a trend', () => {
  const sizes = [16, 32, 48, 64, 80, 96, 112, 128]
  const layers = sizes.flatMap((channels) =>
    [3, 4, 5, 7, 9, 14].map((size) => pointwise([size, size], channels, channels)),
  )

  it('is held down little by layers ten times as fast as their like, and not moved by a wild figure', () => {
    const few = layers.filter((_, index) => index % 12 === 3)
    for (const [factor, bound] of [
      [0.1, 0.3],
      [60, 0.02],
    ] as const) {
      const figures = layers.map((layer) => alone(layer, lawS(layer) * (few.includes(layer) ? factor : 1)))
      const errors = layers
        .filter((layer) => !few.includes(layer))
        .map((layer) => Math.abs(secondsOf(layer, figures) / lawS(layer) - 1))
      expect(median(errors)).toBeLessThan(bound)
    }
  })

  it('knows that a layer which took no time takes none, and what a call costs beside it', () => {
    const [reshape, head] = [same('reshape', [1, 1], 64), dense(64, 64)]
    const graph = chainGraph([reshape, head], 'int8', 'zeros')
    const call = { nodes: graphWork(graph), border: graphBorder(graph), latencyS: 5e-6 + lawS(head), deviation: 0.01 }
    const observations = [alone(reshape, 1e-9), alone(head, lawS(head)), call]
    expect(secondsOf(reshape, observations)).toBeLessThan(5e-8)
    expect(secondsOf(reshape, observations.slice(1))).toBeGreaterThan(1e-6)
  })
})
