import type { Device } from '../core/device.ts'
import { type ErrorCode, isMilliwattError, MilliwattError, messageOf } from '../core/errors.ts'
import type { Segment } from '../graph/segment.ts'
import type { Tensors } from './engine-slot.ts'
import { arrayTypes } from './input.ts'

/** Makes a worker get its own instance of a model ready; `shared` spares it the preparing. */
export interface PrepareRequest {
  readonly kind: 'prepare'
  readonly backend: string
  readonly device: Device
  readonly segment: Segment
  readonly shared?: unknown
}

/** What a pool asks a worker; every request gets one answer, in order. */
export type PoolRequest = PrepareRequest | { readonly kind: 'run'; readonly inputs: Tensors }

/** What a worker answers. */
export type PoolAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly outputs: Tensors }
  | { readonly kind: 'failed'; readonly error: SentError }

/** An error on its way between threads, which keep no classes. */
export interface SentError {
  readonly code: ErrorCode
  readonly where: string
  readonly detail: string | undefined
}

/** An error as it is sent; one from inside an engine becomes BACKEND_FAILED. */
export function toSent(error: unknown, backend: string): SentError {
  if (isMilliwattError(error)) return { code: error.code, where: error.where, detail: error.detail }
  return { code: 'BACKEND_FAILED', where: backend, detail: `${messageOf(error)}.` }
}

/** An error that was sent, as a MilliwattError again. */
export function fromSent({ code, where, detail }: SentError): MilliwattError {
  return new MilliwattError(code, where, detail)
}

/** The buffers of tensors that own them alone, which can be moved to another thread instead of copied. */
export function ownBuffers(tensors: Tensors): readonly ArrayBuffer[] {
  return Object.values(tensors).flatMap(({ data }) =>
    data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength ? [data.buffer] : [],
  )
}

/** Copies of tensors whose buffers can be moved, so that the caller's stay. */
export function ownCopies(tensors: Tensors): Tensors {
  const copy = ({ dtype, shape, data }: Tensors[string]) => {
    const own = new arrayTypes[dtype]!(data.length)
    ;(own as { set(values: unknown): void }).set(data)
    return { dtype, shape, data: own }
  }
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, copy(tensor)]))
}
