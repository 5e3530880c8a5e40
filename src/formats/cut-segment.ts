import { cutGraph } from '../graph/cut.ts'
import type { Graph } from '../graph/graph.ts'
import { originOf, type Segment } from '../graph/segment.ts'
import { segmentIn } from './forms.ts'
import { writeModel } from './list.ts'

/** A part of a model at one place. */
export interface PlacedSegment {
  readonly place: string
  /** Indices of its nodes in the graph that was cut. */
  readonly nodes: readonly number[]
  readonly segment: Segment
}

/** A file that is written when somebody reads its bytes, and once. */
function writtenSource(format: string, graph: Graph): Segment['source'] {
  let written: Uint8Array | undefined
  return {
    format,
    get bytes() {
      written ??= writeModel(format, graph)
      return written
    },
  }
}

/**
 * The form in which a model is cut best: canonical, where every quantised tensor is a border in integers and one node is
 * one operation; a model that has no canonical form stays as it is (an ONNX file is then cut between its quantisers).
 */
export function cuttable(segment: Segment): Segment {
  try {
    return segmentIn(segment, 'canonical')
  } catch {
    return segment
  }
}

/**
 * Cuts a segment where its graph stands (see `cutGraph`): parts of a canonical graph are TFLite files, parts of an ONNX
 * graph ONNX files with the operator versions of the whole; both are written when a backend wants their bytes. Rounding
 * stays that of the format that the model came from.
 * @param assignment the place of every node of `segment.graph`
 * @throws MilliwattError CUT_ILLEGAL
 */
export function cutSegment(segment: Segment, assignment: readonly string[]): readonly PlacedSegment[] {
  const canonical = segment.graph.nodes.every(({ domain }) => domain === 'tflite')
  const format = canonical ? 'tflite' : segment.source.format
  return cutGraph(segment.graph, assignment).map(({ place, nodes, graph }) => ({
    place,
    nodes,
    segment: { graph, source: writtenSource(format, graph), origin: originOf(segment) },
  }))
}
