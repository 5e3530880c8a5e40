import { type Backend, firstUnsupported } from '../backends/backend.ts'
import { compiled } from '../backends/compiled.ts'
import { backends as listed } from '../backends/list.ts'
import type { Device } from '../core/device.ts'
import { MilliwattError, messageOf } from '../core/errors.ts'
import { toCanonical } from '../formats/convert/to-canonical.ts'
import { toOnnx } from '../formats/convert/to-onnx.ts'
import { writeOnnx } from '../formats/onnx/write.ts'
import type { Segment } from '../graph/segment.ts'

/** The processor that this process runs on, for engines that are used without a probe. */
export const thisCpu: Device = { id: 'cpu', kind: 'cpu', name: 'this processor', facts: {}, sources: [] }

/** Engines that declare outputs bit for bit those of the reference semantics. */
export const exactBackends: readonly Backend[] = [compiled]

/** Every engine, those that are exact first. */
export const allBackends: readonly Backend[] = [...new Set([...exactBackends, ...listed])]

/** The backends of these names, or all. @throws MilliwattError BACKEND_UNKNOWN */
export function backendsNamed(names: readonly string[] | undefined): readonly Backend[] {
  if (!names || names.length === 0) return allBackends
  return names.map((name) => {
    const found = allBackends.find((backend) => backend.name === name)
    if (found) return found
    const known = allBackends.map((backend) => backend.name).join(', ')
    throw new MilliwattError('BACKEND_UNKNOWN', name, `Known: ${known}.`)
  })
}

/** The same model in the other form: canonical for ONNX, ONNX for TFLite. @throws MilliwattError OP_UNSUPPORTED */
function otherForm({ graph, source }: Segment): Segment {
  if (source.format !== 'tflite') return { graph: toCanonical(graph), source }
  const converted = toOnnx(graph)
  return { graph: converted, source: { format: 'onnx', bytes: writeOnnx(converted) } }
}

/** A model in a form that a backend runs, or why there is none. */
export type Form = { readonly ok: true; readonly segment: Segment } | { readonly ok: false; readonly reason: string }

/** The model as it was read if the backend takes all of it, else converted; the reason names the first node that fails. */
export function formFor(backend: Backend, segment: Segment, device: Device = thisCpu): Form {
  if (firstUnsupported(backend, segment, device) === null) return { ok: true, segment }
  try {
    const converted = otherForm(segment)
    const reason = firstUnsupported(backend, converted, device)
    return reason === null ? { ok: true, segment: converted } : { ok: false, reason }
  } catch (error) {
    return { ok: false, reason: messageOf(error) }
  }
}
