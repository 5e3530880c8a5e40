import { chainGraph } from '../../src/cost/bench-graph.ts'
import { type Bench, benches } from '../../src/cost/bench-layers.ts'
import { graphBorder, type SegmentBorder } from '../../src/cost/border.ts'
import type { BenchFigure, PlaceProfile } from '../../src/cost/machine-profile.ts'
import { graphWork, type NodeWork } from '../../src/cost/node-work.ts'
import { summarisePlace } from '../../src/cost/summarise-place.ts'

/** A machine of known laws: seconds of a node by a roofline with blocks of 16 channels, and of a border. */
export function trueLatencyS(nodes: readonly NodeWork[], border: SegmentBorder, slowness = 1): number {
  const nodeS = nodes.reduce((sum, { macs, outputChannels, outputBytes, dtype }) => {
    const blocks = (Math.ceil(outputChannels / 16) * 16) / outputChannels
    const perMac = dtype.startsWith('int8') ? 1e-11 : 3e-11
    return sum + 2e-7 + macs * blocks * perMac + outputBytes * 5e-11
  }, 0)
  const bytes = [...border.inputs, ...border.outputs].reduce((sum, tensor) => sum + tensor.bytes, 0)
  return slowness * (3e-6 + bytes * 1e-10 + nodeS)
}

const figureOf = ({ layers, dtype }: Bench): BenchFigure => {
  const graph = chainGraph(layers, dtype)
  return { latencyS: trueLatencyS(graphWork(graph), graphBorder(graph)), deviation: 0.01 }
}

/** The profile of that machine. */
export function knownPlace(power: PlaceProfile['power'] = null): PlaceProfile {
  const figures = Object.fromEntries(benches.map((bench) => [bench.name, figureOf(bench)]))
  const measuredAt = '2026-01-02T03:04:05.000Z'
  const place = { backend: 'known', device: 'cpu', engine: 'known 1', measuredAt, complete: true, figures, power }
  return summarisePlace(place)
}
