import type { Device, Finding } from '../core/device.ts'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { ModelForm } from '../formats/forms.ts'
import { type DataType, elementCount, type Node } from '../graph/graph.ts'
import { emptyValues } from '../graph/reference/values.ts'
import type { Segment } from '../graph/segment.ts'
import type { Targets } from '../targets/target.ts'
import {
  type Availability,
  type Backend,
  type Executable,
  type Support,
  segmentSpecs,
  type TensorData,
  type TensorSpec,
  type TensorValue,
} from './backend.ts'
import type { Placement, PlacementOptions } from './placement.ts'

/** A tensor of a model inside an engine. */
export interface EngineTensor {
  /** Type and number of its elements as the engine tells them, as `contents` writes them. */
  readonly holds: string
  /** Copies elements in; they are of the type and number that it holds. */
  write(data: TensorData): void
  /** Copies elements out into an array of the type and length that it holds. @throws MilliwattError BACKEND_FAILED */
  read(into: TensorData): void
}

/** A model inside an engine: tensors by place, since engines may name them otherwise. */
export interface EngineModel {
  readonly inputs: readonly EngineTensor[]
  readonly outputs: readonly EngineTensor[]
  /** Where its nodes run, where an accelerator takes part. */
  readonly placement?: Placement
  /** @throws MilliwattError BACKEND_FAILED when the inference fails */
  infer(): void | Promise<void>
  /** Gives the memory back. */
  free(): void
}

/** What differs between engines that run TensorFlow Lite's operators. */
export interface TfliteEngine {
  readonly name: string
  readonly summary: string
  /** The form in which `open` wants a model. */
  readonly form: ModelForm
  /** Custom operators that it has, by name. */
  readonly customOperators: ReadonlySet<string>
  available(host: Host): Promise<Availability>
  /** Accelerators that it reaches, as `Backend.devices` gives them. */
  devices?(host: Host, targets: Targets): Promise<readonly Finding[]>
  /** Whether it runs on a device that is no processor; none by default. */
  reaches?(device: Device): boolean
  /** Reads a model; null when the engine is not installed. What it throws is told as BACKEND_FAILED. */
  open(host: Host, segment: Segment, device: Device, options?: PlacementOptions): Promise<EngineModel | null>
}

/** Numbers of TensorFlow Lite's tensor types in its C API. */
const typesByNumber: Readonly<Record<number, DataType>> = {
  1: 'float32',
  2: 'int32',
  3: 'uint8',
  4: 'int64',
  6: 'bool',
  7: 'int16',
  9: 'int8',
  11: 'float64',
  13: 'uint64',
  16: 'uint32',
  17: 'uint16',
}

const arrayName = (dtype: DataType) => emptyValues(dtype, 0, '').constructor.name

/** How an engine's tensor is described, by the number of its type and the bytes that it takes. */
export function contents(type: number, bytes: number): string {
  const dtype = typesByNumber[type]
  if (!dtype) return `elements of type ${type}`
  return `${arrayName(dtype)} of ${bytes / emptyValues(dtype, 0, '').BYTES_PER_ELEMENT}`
}

function checkTensors(engine: string, tensors: readonly EngineTensor[], specs: readonly TensorSpec[]): void {
  if (tensors.length !== specs.length)
    throw new MilliwattError('BACKEND_FAILED', engine, `It sees ${tensors.length} tensors, not ${specs.length}.`)
  specs.forEach(({ name, dtype, shape }, index) => {
    const [wanted, got] = [`${arrayName(dtype)} of ${elementCount(shape)}`, tensors[index]!.holds]
    if (wanted !== got) throw new MilliwattError('BACKEND_FAILED', engine, `"${name}" is ${got}, not ${wanted}.`)
  })
}

function write(tensor: EngineTensor, { name, dtype, shape }: TensorSpec, value: TensorValue | undefined): void {
  const length = elementCount(shape)
  if (value?.dtype !== dtype || value.data.length !== length || value.data.constructor.name !== arrayName(dtype)) {
    const got = value ? `${value.dtype} of ${value.data.length}` : 'nothing'
    throw new MilliwattError('INPUT_SHAPE', name, `It wants ${dtype} of ${length}, got ${got}.`)
  }
  tensor.write(value.data)
}

function read(tensor: EngineTensor, { name, dtype, shape }: TensorSpec): TensorValue {
  const data = emptyValues(dtype, elementCount(shape)!, name)
  tensor.read(data)
  return { dtype, shape: shape as readonly number[], data }
}

function executableOf(engine: string, model: EngineModel, segment: Segment): Executable {
  const { inputs, outputs } = segmentSpecs(segment)
  checkTensors(engine, model.inputs, inputs)
  checkTensors(engine, model.outputs, outputs)
  let open = true
  return {
    inputs,
    outputs,
    ...(model.placement ? { placement: model.placement } : {}),
    run: async (values) => {
      if (!open) throw new MilliwattError('BACKEND_FAILED', engine, 'The model was disposed of.')
      for (const [index, spec] of inputs.entries()) write(model.inputs[index]!, spec, values[spec.name])
      const pending = model.infer()
      if (pending) await pending
      const results: Record<string, TensorValue> = {}
      for (const [index, spec] of outputs.entries()) results[spec.name] = read(model.outputs[index]!, spec)
      return results
    },
    [Symbol.asyncDispose]: async () => {
      if (open) model.free()
      open = false
    },
  }
}

/** What `prepare` of a backend is given. */
type Wanted = Parameters<Backend['prepare']>

async function openIn(engine: TfliteEngine, [segment, device, host, options]: Wanted): Promise<EngineModel> {
  const availability = await engine.available(host)
  const missing = availability.ok ? '' : `${availability.reason} ${availability.next}`
  try {
    const model = await engine.open(host, segment, device, options)
    if (model) return model
  } catch (error) {
    if (error instanceof MilliwattError) throw error
    throw new MilliwattError('BACKEND_FAILED', engine.name, messageOf(error), error)
  }
  throw new MilliwattError('BACKEND_UNAVAILABLE', engine.name, missing)
}

async function prepare(engine: TfliteEngine, wanted: Wanted): Promise<Executable> {
  const model = await openIn(engine, wanted)
  try {
    return executableOf(engine.name, model, wanted[0])
  } catch (error) {
    model.free()
    throw error
  }
}

function supportsNode(engine: TfliteEngine, node: Node, device: Device): Support {
  const { name } = engine
  if (device.kind !== 'cpu' && !engine.reaches?.(device))
    return { ok: false, reason: `${name} runs on a cpu, not on a ${device.kind}` }
  if (node.domain !== 'tflite') return { ok: false, reason: `${name} has no operators of "${node.domain}"` }
  if (node.attributes.custom !== 1 || engine.customOperators.has(node.op)) return { ok: true }
  return { ok: false, reason: `this custom operator is not in ${name}` }
}

/** Makes a backend of an engine that runs TensorFlow Lite's operators, on a processor with float scales. */
export function tfliteBackend(engine: TfliteEngine): Backend {
  return {
    name: engine.name,
    summary: engine.summary,
    form: engine.form,
    available: (host) => engine.available(host),
    ...(engine.devices ? { devices: engine.devices } : {}),
    supports: (node, device) => supportsNode(engine, node, device),
    semantics: () => 'fp32',
    prepare: (...wanted) => prepare(engine, wanted),
  }
}
