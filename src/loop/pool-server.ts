import type { Executable } from '../backends/backend.ts'
import { selectBackends } from '../backends/list.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { ownBuffers, type PoolAnswer, type PoolRequest, type PrepareRequest, toSent } from './pool-messages.ts'

async function prepare(host: Host, request: PrepareRequest): Promise<Executable> {
  const { backend: name, device, segment, shared } = request
  const [backend] = selectBackends([name])
  return shared === undefined || !backend!.open
    ? backend!.prepare(segment, device, host)
    : backend!.open(shared, segment)
}

/**
 * The worker's side of a pool: answers every request with one message, in order.
 * @param post sends a message to the pool; the buffers are moved
 */
export function poolServer(
  host: Host,
  post: (answer: PoolAnswer, transfer: readonly ArrayBuffer[]) => void,
): (request: PoolRequest) => Promise<void> {
  let executable: Executable | null = null
  let backend = 'backend'
  return async (request) => {
    try {
      if (request.kind === 'prepare') {
        backend = request.backend
        executable = await prepare(host, request)
        return post({ kind: 'ready' }, [])
      }
      if (!executable) throw new MilliwattError('BACKEND_FAILED', backend, 'The worker has no model.')
      const outputs = await executable.run(request.inputs)
      post({ kind: 'done', outputs }, [...new Set(ownBuffers(outputs))])
    } catch (error) {
      post({ kind: 'failed', error: toSent(error, backend) }, [])
    }
  }
}
