import type { Device, DeviceKind, Finding } from '../core/device.ts'
import type { Host } from '../core/host.ts'
import type { SegmentMove } from '../core/segment-move.ts'
import type { NodeWork } from '../cost/node-work.ts'
import { type ModelForm, segmentIn } from '../formats/forms.ts'
import type { DataType, Dimension, Node } from '../graph/graph.ts'
import type { QuantizationParameters } from '../graph/quantization.ts'
import type { Semantics } from '../graph/reference/kernel.ts'
import type { Values } from '../graph/reference/values.ts'
import type { Segment } from '../graph/segment.ts'
import type { Targets } from '../targets/target.ts'
import type { Placement, PlacementOptions } from './placement.ts'

/** The array types that carry a tensor's elements. */
export type TensorData = Values

/** A tensor's value: elements in row-major order. */
export interface TensorValue {
  readonly dtype: DataType
  readonly shape: readonly number[]
  readonly data: TensorData
  /** How its integers stand for reals; null or absent for plain numbers. */
  readonly quantization?: QuantizationParameters | null
}

/** What an input or output looks like; unknown dimensions keep their names. */
export interface TensorSpec {
  readonly name: string
  readonly dtype: DataType
  readonly shape: readonly Dimension[] | null
  /** How its integers stand for reals; null or absent for plain numbers. */
  readonly quantization?: QuantizationParameters | null
}

/** Whether a backend can be used here, and with which version of its engine. */
export type Availability =
  | { readonly ok: true; readonly engine: string }
  | { readonly ok: false; readonly reason: string; readonly next: string }

/** Whether a node can run; the reason names what is missing. */
export type Support = { readonly ok: true } | { readonly ok: false; readonly reason: string }

/**
 * Runs in the caller's thread without allocating: write the elements of `inputs`, call `run`, read those of `outputs`
 * (all in graph order, the engine's own memory). Inputs must be written before every run. `Executable.run` of such an
 * engine never yields between its reads and writes.
 */
export interface SynchronousRun {
  readonly inputs: readonly TensorData[]
  readonly outputs: readonly TensorData[]
  run(): void
}

/** What one layer costs: seconds (median over the repeats), multiply-accumulates, bytes. */
export interface LayerCost {
  readonly name: string
  readonly op: string
  readonly kernel: string
  readonly latencyS: number
  /** Of the sum over all layers, 0..1. */
  readonly share: number
  readonly macs: number
  /** Weights and tables. */
  readonly constantBytes: number
  /** Output activations. */
  readonly outputBytes: number
  readonly scratchBytes: number
}

/** A model's time by layer. Layers and whole runs are timed in turn, in the same rounds. */
export interface LayerProfile {
  readonly engine: string
  readonly repeats: number
  /** What the figures are of the repeats. */
  readonly statistic: 'median' | 'mean'
  /** Whole runs, without a clock inside. */
  readonly wholeS: number
  /** Sum of the layers' medians, the clock's own time taken off. */
  readonly layersS: number
  /** What reading the clock around one layer takes; taken off every layer. */
  readonly clockS: number
  /** By how much reading the clock around every layer slows a run down: 0.01 is 1 %. */
  readonly overhead: number
  /** layersS / wholeS − 1: what the layers do not explain, or explain twice. */
  readonly residual: number
  readonly layers: readonly LayerCost[]
}

/** How to profile. */
export interface ProfileOptions {
  readonly repeats: number
  /** Monotonic seconds, fine enough for microseconds. */
  preciseS(): number
}

/** What one run costs by a declared model of a device, not by a clock: a simulation, not silicon. */
export interface DeclaredCost {
  readonly latencyS: number
  /** Null where the model declares no power. */
  readonly energyJ: number | null
  readonly provenance: 'emulated'
}

/**
 * A device with a clock and a memory of its own, at the end of a link: what the link takes is not the model's time. The
 * device's marker pin is high while it runs in a window.
 */
export interface RemoteRun {
  /** Sends inputs by name; they stay until others come. */
  load(inputs: Readonly<Record<string, TensorValue>>): Promise<void>
  /**
   * Runs what was loaded; seconds of one inference by the device's clock, a mean.
   * @throws MilliwattError BACKEND_FAILED where another model was loaded on the device in between
   */
  run(iterations: number, marking: 'none' | 'window'): Promise<number>
  /** Outputs of the latest inference. */
  read(): Promise<Readonly<Record<string, TensorValue>>>
  /** Hears the marker pin, where it is emulated; the function given back ends that. */
  readonly onMarker?: (listener: (high: boolean) => void) => () => void
  /** Its clock is an emulator's: no silicon takes these times. */
  readonly isEmulated: boolean
  /** Times every layer on what was loaded, by the device's clock; means over the iterations, which run layer by layer. */
  profile(iterations: number): Promise<LayerProfile>
}

/** A segment made ready on a device. */
export interface Executable extends AsyncDisposable {
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
  /** Runs once. Inputs by name, of the declared types and shapes; the outputs belong to the caller. */
  run(inputs: Readonly<Record<string, TensorValue>>): Promise<Readonly<Record<string, TensorValue>>>
  /** The model keeps state from one run to the next. */
  readonly stateful?: boolean
  /** Where its nodes run, read back from the engine; only on accelerators. */
  readonly placement?: Placement
  /** Only of engines that can run synchronously. Not to be kept beyond a `reset`. */
  readonly synchronous?: SynchronousRun | undefined
  /** Begins the state of a streaming model afresh; where it is absent the model is prepared again. */
  reset?(): void
  /** Times every layer, on an instance of its own: the state of this one stays. @throws MilliwattError BACKEND_LACKS */
  profile?(inputs: Readonly<Record<string, TensorValue>>, options: ProfileOptions): LayerProfile
  /** Memory for tensors while it runs, where the engine plans it ahead. */
  readonly arenaBytes?: number
  /** Only of simulated devices: what a run costs there, to be told in place of the wall time that it takes here. */
  readonly declaredCost?: DeclaredCost | undefined
  /** Only of boards: runs are timed by it. */
  readonly remote?: RemoteRun
  /** Only of partitions: the segments that moved to another place because theirs failed, oldest first. */
  readonly moves?: readonly SegmentMove[]
  /** What can be sent to a worker (structured clone) so that `Backend.open` need not prepare the segment again. */
  readonly shared?: unknown
}

/** An engine that runs models. What differs between engines is declared here; nothing branches on a name. */
export interface Backend {
  readonly name: string
  readonly summary: string
  /** The form in which `supports` and `prepare` want a model; `any` for one that looks only at its borders. */
  readonly form: ModelForm | 'any'
  available(host: Host): Promise<Availability>
  /** Used only when it is named: merely to see what is there takes it seconds. */
  readonly onDemand?: true
  /** Every model is code of its own, which the host's engine compiles while it runs: its first runs are slow. */
  readonly warmsUpByModel?: true
  /** What takes its time in `prepare` goes on in a process of its own: another core can do it while something is timed. */
  readonly preparesAside?: true
  /** Kinds of devices that it can be paired with at all; those of this machine by default. */
  readonly reaches?: readonly DeviceKind[]
  /**
   * Accelerators that this engine reaches and no bus shows, each found only after a small model ran on it in a process
   * of its own. Their ids begin with the backend's name. Never throws.
   */
  devices?(host: Host, targets: Targets): Promise<readonly Finding[]>
  /** Whether a node can run on a device; with the segment that it is part of, types and shapes are looked at too. */
  supports(node: Node, device: Device, segment?: Segment): Support
  /** How it rounds integers, for the check against the reference interpreter; null when it does not compute the model. */
  semantics(segment: Segment): Semantics | null
  /**
   * What it computes of every node, for predictions, where this is not what the graph says; the segment is in its form.
   * @throws MilliwattError OP_UNSUPPORTED, MODEL_ILLEGAL
   */
  work?(segment: Segment): readonly NodeWork[]
  /** Outputs are those of the reference interpreter in these semantics bit for bit, on every machine. */
  readonly exact?: true
  /** @throws MilliwattError BACKEND_UNAVAILABLE, BACKEND_FAILED, FALLBACK_REFUSED */
  prepare(segment: Segment, device: Device, host: Host, options?: PlacementOptions): Promise<Executable>
  /** Another instance of an executable from what it shares, with a state of its own. @throws MilliwattError BACKEND_FAILED */
  open?(shared: unknown, segment: Segment): Executable
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
