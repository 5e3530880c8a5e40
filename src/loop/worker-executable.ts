import { type Executable, segmentFor } from '../backends/backend.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { Segment } from '../graph/segment.ts'
import type { Place } from './place.ts'
import { ownBuffers, ownCopies } from './pool-messages.ts'
import { PoolThread } from './pool-thread.ts'
import { prepareRequest } from './prepare-request.ts'

/**
 * A segment on an engine in a thread of its own, so that it works while others do. A run that takes longer than the
 * deadline ends the thread, whatever it does: also an engine that holds its thread can be given up.
 * @throws MilliwattError BACKEND_LACKS where the host has no threads or the backend stays in its own, BACKEND_FAILED
 */
export async function workerExecutable(
  host: Host,
  model: Segment,
  { backend, device }: Place,
  deadlineS: number,
): Promise<Executable> {
  const segment = segmentFor(model, backend)
  await using here = await backend.prepare(segment, device, host)
  const request = prepareRequest(backend, device, segment, here.shared)
  const worker = host.startWorker?.()
  if (!worker) throw new MilliwattError('BACKEND_LACKS', 'workers', 'This host has no threads.')
  const thread = new PoolThread(host, worker, request)
  try {
    await thread.ready
  } catch (error) {
    await thread.end()
    throw error
  }
  const { inputs, outputs, stateful = false } = here
  return {
    inputs,
    outputs,
    stateful,
    run: (given) => {
      const copies = ownCopies(given)
      return thread.run(copies, ownBuffers(copies), deadlineS)
    },
    [Symbol.asyncDispose]: () => thread.end(),
  }
}
