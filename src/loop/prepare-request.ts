import type { Backend } from '../backends/backend.ts'
import { backends } from '../backends/list.ts'
import type { Device } from '../core/device.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Graph } from '../graph/graph.ts'
import type { Segment } from '../graph/segment.ts'
import type { PrepareRequest } from './pool-messages.ts'

/** A segment without weights and operators: enough where the engine shares what it prepared. */
function bordersOf({ graph, source }: Segment): Segment {
  const names = [...graph.inputs, ...graph.outputs]
  const tensors = new Map(names.map((name) => [name, graph.tensors.get(name)!]))
  const borders: Graph = { ...graph, nodes: [], tensors }
  return { graph: borders, source: { format: source.format, bytes: new Uint8Array(0) } }
}

/**
 * What a worker needs to make its own instance of a segment, which is in the form that the backend takes.
 * @param shared what the engine shares between its instances, if it does
 * @throws MilliwattError BACKEND_LACKS for a backend that only this thread knows
 */
export function prepareRequest(backend: Backend, device: Device, segment: Segment, shared: unknown): PrepareRequest {
  const request = { kind: 'prepare', backend: backend.name, device } as const
  if (shared !== undefined) return { ...request, segment: bordersOf(segment), shared }
  if (backends.includes(backend)) return { ...request, segment }
  throw new MilliwattError('BACKEND_LACKS', backend.name, 'A backend of your own stays in its thread: use runAsync.')
}
