import type { Graph, Tensor } from '../graph/graph.ts'
import { bytesOf } from './node-work.ts'

/** A tensor that goes into or out of a segment. */
export interface BorderWork {
  readonly dtype: string
  readonly bytes: number
  /** Has height, width and more than one channel, so that engines which keep channels first must turn it round. */
  readonly spatial: boolean
}

/** All that goes into and out of a segment. */
export interface SegmentBorder {
  readonly inputs: readonly BorderWork[]
  readonly outputs: readonly BorderWork[]
}

function work(tensor: Tensor): BorderWork {
  const lengths = tensor.shape ?? []
  const spatial = lengths.length === 4 && lengths[3] !== 1 && (lengths[1] !== 1 || lengths[2] !== 1)
  return { dtype: tensor.dtype, bytes: bytesOf(tensor), spatial }
}

/** The border of a graph: its inputs and outputs. */
export function graphBorder(graph: Graph): SegmentBorder {
  const works = (names: readonly string[]) =>
    names.flatMap((name) => {
      const tensor = graph.tensors.get(name)
      return tensor ? [work(tensor)] : []
    })
  return { inputs: works(graph.inputs), outputs: works(graph.outputs) }
}
