import { segmentFor } from '../backends/backend.ts'
import { backends } from '../backends/list.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { Graph } from '../graph/graph.ts'
import type { Segment } from '../graph/segment.ts'
import type { BorderTensor } from './border.ts'
import type { Runnable } from './candidates.ts'
import { ModelPool, type PoolOptions } from './pool.ts'
import type { PrepareRequest } from './pool-messages.ts'

/** A loaded model as a pool needs it. */
export interface PooledModel {
  readonly host: Host
  readonly chosen: Runnable
  readonly stateful: boolean
  readonly inputs: readonly BorderTensor[]
  readonly outputs: readonly BorderTensor[]
}

/** A segment without weights and operators: enough where the engine shares what it prepared. */
function bordersOf({ graph, source }: Segment): Segment {
  const names = [...graph.inputs, ...graph.outputs]
  const tensors = new Map(names.map((name) => [name, graph.tensors.get(name)!]))
  const borders: Graph = { ...graph, nodes: [], tensors }
  return { graph: borders, source: { format: source.format, bytes: new Uint8Array(0) } }
}

/** What a worker needs to make its own instance. */
function requestFor({ backend, variant, device, executable }: Runnable): PrepareRequest {
  const segment = segmentFor(variant.segment, backend)
  const request = { kind: 'prepare', backend: backend.name, device } as const
  if (executable.shared !== undefined) return { ...request, segment: bordersOf(segment), shared: executable.shared }
  if (backends.includes(backend)) return { ...request, segment }
  throw new MilliwattError('BACKEND_LACKS', backend.name, 'A backend of your own stays in its thread: use runAsync.')
}

/**
 * Opens a pool and waits until every worker is ready. What the engine can share, a compiled module for instance, is
 * made only once.
 * @throws MilliwattError BACKEND_LACKS, BACKEND_FAILED, USAGE
 */
export async function openPool(model: PooledModel, options: PoolOptions): Promise<ModelPool> {
  const { workers = 2, separateState = false } = options
  if (!Number.isInteger(workers) || workers < 1)
    throw new MilliwattError('USAGE', 'openPool', `A pool needs one worker or more, not ${workers}.`)
  if (model.stateful && !separateState) {
    const detail = 'The model keeps state from one run to the next, and every worker would keep its own.'
    throw new MilliwattError('USAGE', 'openPool', `${detail} Set separateState if that is what you want.`)
  }
  const pool = new ModelPool({ ...model, request: requestFor(model.chosen) }, options)
  try {
    await Promise.all(Array.from({ length: workers }, () => pool.addWorker()))
    return pool
  } catch (error) {
    await pool.dispose()
    throw error
  }
}
