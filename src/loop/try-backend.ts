import { type Backend, type Executable, firstUnsupported, segmentFor } from '../backends/backend.ts'
import type { Device } from '../core/device.ts'
import { isMilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { Segment } from '../graph/segment.ts'

/** What went wrong, without the advice that belongs to an error on its own. */
export function reasonOf(error: unknown): string {
  return isMilliwattError(error) && error.detail ? `${error.where}: ${error.detail}` : messageOf(error)
}

/** A backend that has the model ready, or why it has not; `engine` is empty where the backend is not available. */
export type Attempt = { readonly backend: Backend; readonly engine: string } & (
  | { readonly executable: Executable; readonly reason: null }
  | { readonly executable: null; readonly reason: string }
)

/** Tries to get a model ready on a backend and device; what fails is a value with the reason. */
export async function tryBackend(
  host: Host,
  backend: Backend,
  { segment: model }: { readonly segment: Segment },
  device: Device,
): Promise<Attempt> {
  const availability = await backend.available(host)
  const failed = (reason: string, engine = ''): Attempt => ({ backend, engine, executable: null, reason })
  if (!availability.ok) return failed(`${availability.reason} ${availability.next}`)
  const { engine } = availability
  try {
    const segment = segmentFor(model, backend)
    const reason = firstUnsupported(backend, segment, device)
    if (reason !== null) return failed(reason, engine)
    return { backend, engine, executable: await backend.prepare(segment, device, host), reason: null }
  } catch (error) {
    return failed(reasonOf(error), engine)
  }
}
