import { segmentFor } from '../backends/backend.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { BorderTensor } from './border.ts'
import type { Runnable } from './candidates.ts'
import { ModelPool, type PoolOptions } from './pool.ts'
import { prepareRequest } from './prepare-request.ts'

/** A loaded model as a pool needs it. */
export interface PooledModel {
  readonly host: Host
  readonly chosen: Runnable
  readonly stateful: boolean
  readonly inputs: readonly BorderTensor[]
  readonly outputs: readonly BorderTensor[]
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
  const { backend, device, variant, executable } = model.chosen
  const request = prepareRequest(backend, device, segmentFor(variant.segment, backend), executable.shared)
  const pool = new ModelPool({ ...model, request }, options)
  try {
    await Promise.all(Array.from({ length: workers }, () => pool.addWorker()))
    return pool
  } catch (error) {
    await pool.dispose()
    throw error
  }
}
