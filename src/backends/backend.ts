import type { Device } from '../core/device.ts'
import type { Host } from '../core/host.ts'
import { type ModelForm, segmentIn } from '../formats/forms.ts'
import type { DataType, Dimension, Node } from '../graph/graph.ts'
import type { Semantics } from '../graph/reference/kernel.ts'
import type { Values } from '../graph/reference/values.ts'
import type { Segment } from '../graph/segment.ts'

/** The array types that carry a tensor's elements. */
export type TensorData = Values

/** A tensor's value: elements in row-major order. */
export interface TensorValue {
  readonly dtype: DataType
  readonly shape: readonly number[]
  readonly data: TensorData
}

/** What an input or output looks like; unknown dimensions keep their names. */
export interface TensorSpec {
  readonly name: string
  readonly dtype: DataType
  readonly shape: readonly Dimension[] | null
}

/** Whether a backend can be used here, and with which version of its engine. */
export type Availability =
  | { readonly ok: true; readonly engine: string }
  | { readonly ok: false; readonly reason: string; readonly next: string }

/** Whether a node can run; the reason names what is missing. */
export type Support = { readonly ok: true } | { readonly ok: false; readonly reason: string }

/** A segment made ready on a device. */
export interface Executable extends AsyncDisposable {
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
  /** Runs once. Inputs by name, of the declared types and shapes; the outputs belong to the caller. */
  run(inputs: Readonly<Record<string, TensorValue>>): Promise<Readonly<Record<string, TensorValue>>>
}

/** An engine that runs models. What differs between engines is declared here; nothing branches on a name. */
export interface Backend {
  readonly name: string
  readonly summary: string
  /** The form in which `supports` and `prepare` want a model; `any` for one that looks only at its borders. */
  readonly form: ModelForm | 'any'
  available(host: Host): Promise<Availability>
  /** Whether a node can run on a device; with the segment that it is part of, types and shapes are looked at too. */
  supports(node: Node, device: Device, segment?: Segment): Support
  /** How it rounds integers, for the check against the reference interpreter; null when it does not compute the model. */
  semantics(segment: Segment): Semantics | null
  /** Outputs are those of the reference interpreter in these semantics bit for bit, on every machine. */
  readonly exact?: true
  /** @throws MilliwattError BACKEND_UNAVAILABLE, BACKEND_FAILED */
  prepare(segment: Segment, device: Device, host: Host): Promise<Executable>
}

/** A segment in the form that a backend takes. @throws MilliwattError OP_UNSUPPORTED, MODEL_ILLEGAL */
export function segmentFor(segment: Segment, backend: Backend): Segment {
  return backend.form === 'any' ? segment : segmentIn(segment, backend.form)
}

/** The first node that a backend cannot run on a device, with the reason; null when it runs them all. */
export function firstUnsupported(backend: Backend, segment: Segment, device: Device): string | null {
  for (const node of segment.graph.nodes) {
    const support = backend.supports(node, device, segment)
    if (!support.ok) return `${node.op}${node.name ? ` "${node.name}"` : ''}: ${support.reason}`
  }
  return null
}

/** Specs of a segment's inputs and outputs, from its graph. */
export function segmentSpecs(segment: Segment): {
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
} {
  const spec = (name: string): TensorSpec => {
    const tensor = segment.graph.tensors.get(name)
    return { name, dtype: tensor?.dtype ?? 'float32', shape: tensor?.shape ?? null }
  }
  return { inputs: segment.graph.inputs.map(spec), outputs: segment.graph.outputs.map(spec) }
}
