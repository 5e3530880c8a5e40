import type * as Ort from 'onnxruntime-common'
import type { Device, Finding } from '../core/device.ts'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { elementCount, type Node } from '../graph/graph.ts'
import { emptyValues } from '../graph/reference/values.ts'
import type { Segment } from '../graph/segment.ts'
import {
  type Availability,
  type Backend,
  type Executable,
  type Support,
  segmentSpecs,
  type TensorData,
  type TensorValue,
} from './backend.ts'
import { profilePlace, readPlacement } from './onnxruntime-placement.ts'
import { type OrtProvider, providerOf } from './onnxruntime-providers.ts'
import { checkPlacement, type Placement, type PlacementOptions } from './placement.ts'

/** The part of an onnxruntime package that is used here; all flavours share it. */
export type OrtModule = Pick<typeof Ort, 'InferenceSession' | 'Tensor' | 'env'>

/** What differs between the flavours of onnxruntime. */
export interface OrtFlavour {
  readonly name: string
  readonly summary: string
  /** Loads the package; null when it is not installed. */
  load(host: Host): Promise<OrtModule | null>
  /** What to tell a user who lacks the package. */
  readonly reason: string
  readonly next: string
  /** Execution provider on the processor. */
  readonly processor: string
  /** What else it reaches, as `Backend.devices` gives it. */
  devices?(host: Host): Promise<readonly Finding[]>
}

/** Operator sets that onnxruntime carries besides the standard one. */
const ortDomains = new Set(['', 'ai.onnx.ml', 'com.microsoft', 'com.microsoft.nchwc', 'ai.onnx.training'])

/** Whether onnxruntime may have an operator; only a session tells for sure. */
export function ortSupport(node: Node): Support {
  if (ortDomains.has(node.domain)) return { ok: true }
  return { ok: false, reason: `operator set "${node.domain}" is not in onnxruntime` }
}

function supportsNode(flavour: OrtFlavour, node: Node, device: Device): Support {
  if (device.kind !== 'cpu' && !providerOf(flavour.name, device))
    return { ok: false, reason: `${flavour.name} has no execution provider for a ${device.kind}` }
  return ortSupport(node)
}

type OrtType = Ort.Tensor.Type

function toValue(tensor: Ort.Tensor): TensorValue {
  return { dtype: tensor.type as TensorValue['dtype'], shape: tensor.dims, data: tensor.data as TensorData }
}

function executableOf(ort: OrtModule, session: Ort.InferenceSession, segment: Segment): Executable {
  const feeds: Record<string, Ort.Tensor> = {}
  return {
    ...segmentSpecs(segment),
    run: async (inputs) => {
      for (const name in inputs) {
        const value = inputs[name]!
        feeds[name] = new ort.Tensor(
          value.dtype as OrtType,
          value.data as Ort.Tensor.DataType,
          value.shape,
        ) as Ort.Tensor
      }
      const results = await session.run(feeds)
      const outputs: Record<string, TensorValue> = {}
      for (const name in results) outputs[name] = toValue(results[name]!)
      return outputs
    },
    [Symbol.asyncDispose]: () => session.release(),
  }
}

type SessionOptions = Ort.InferenceSession.SessionOptions

const sharedOptions: SessionOptions = { graphOptimizationLevel: 'all', intraOpNumThreads: 1, logSeverityLevel: 3 }

/** Options of a session on an accelerator. @throws MilliwattError BACKEND_LACKS where nodes cannot be kept off it */
function acceleratedOptions(
  flavour: OrtFlavour,
  provider: OrtProvider,
  { keepOnCpu = [], fallback }: PlacementOptions,
): SessionOptions {
  const { name, options, keepOnCpu: option } = provider
  if (keepOnCpu.length > 0 && option === undefined)
    throw new MilliwattError(
      'BACKEND_LACKS',
      `${flavour.name}, ${name}`,
      'It chooses its nodes itself: split the model.',
    )
  const kept = option !== undefined && keepOnCpu.length > 0 ? { [option]: keepOnCpu } : {}
  // onnxruntime's own switch counts the nodes that were to stay on the processor too.
  const refused = fallback === 'refuse' && keepOnCpu.length === 0
  return {
    ...sharedOptions,
    executionProviders: [{ name, ...options, ...kept }] as NonNullable<SessionOptions['executionProviders']>,
    ...(refused ? { extra: { session: { disable_cpu_ep_fallback: '1' } } } : {}),
  }
}

/** Zeros for every input. @throws MilliwattError INPUT_SHAPE for open dimensions */
function emptyInputs(segment: Segment): Readonly<Record<string, TensorValue>> {
  const values = segmentSpecs(segment).inputs.map(({ name, dtype, shape }) => {
    const length = elementCount(shape)
    if (length === null) throw new MilliwattError('INPUT_SHAPE', name, 'Its shape is open.')
    return [name, { dtype, shape: shape as readonly number[], data: emptyValues(dtype, length, name) }] as const
  })
  return Object.fromEntries(values)
}

/** Runs the model once with onnxruntime's profile on, which is the only place where it tells who ran what. */
async function observePlacement(
  ort: OrtModule,
  segment: Segment,
  host: Host,
  options: SessionOptions,
  provider: OrtProvider,
): Promise<Placement> {
  const place = await profilePlace(host)
  const profiled = { ...options, enableProfiling: true, profileFilePrefix: place.prefix }
  const session = await ort.InferenceSession.create(segment.source.bytes, profiled)
  const executable = executableOf(ort, session, segment)
  try {
    await executable.run(emptyInputs(segment))
    session.endProfiling()
  } finally {
    await executable[Symbol.asyncDispose]()
  }
  const text = await place.take()
  if (text === null)
    throw new MilliwattError('BACKEND_FAILED', provider.name, 'It wrote no profile to tell who ran what.')
  return readPlacement(text, segment.graph, provider)
}

/** What onnxruntime says when its own switch keeps nodes from the processor. */
const refusal = /fallback to CPU EP has been explicitly disabled/

type Wanted = Parameters<Backend['prepare']>

async function prepareOn(ort: OrtModule, flavour: OrtFlavour, [segment, device, host, placing = {}]: Wanted) {
  const provider = providerOf(flavour.name, device)
  const options: SessionOptions = provider
    ? acceleratedOptions(flavour, provider, placing)
    : { ...sharedOptions, executionProviders: [flavour.processor] }
  const placement = provider
    ? checkPlacement(flavour.name, await observePlacement(ort, segment, host, options, provider), placing)
    : null
  const session = await ort.InferenceSession.create(segment.source.bytes, options)
  return { ...executableOf(ort, session, segment), ...(placement ? { placement } : {}) }
}

async function prepareSession(flavour: OrtFlavour, wanted: Wanted): Promise<Executable> {
  const [, device, host] = wanted
  const ort = await flavour.load(host)
  if (!ort || (device.kind !== 'cpu' && !providerOf(flavour.name, device)))
    throw new MilliwattError('BACKEND_UNAVAILABLE', flavour.name, `${flavour.reason} ${flavour.next}`)
  try {
    return await prepareOn(ort, flavour, wanted)
  } catch (error) {
    if (error instanceof MilliwattError) throw error
    const code = refusal.test(messageOf(error)) ? 'FALLBACK_REFUSED' : 'BACKEND_FAILED'
    throw new MilliwattError(code, flavour.name, messageOf(error), error)
  }
}

/** Makes a backend of one flavour of onnxruntime. It reads ONNX, single-threaded, all graph optimisations on. */
export function onnxruntimeBackend(flavour: OrtFlavour): Backend {
  return {
    name: flavour.name,
    summary: flavour.summary,
    form: 'onnx',
    available: async (host): Promise<Availability> => {
      const ort = await flavour.load(host)
      if (!ort) return { ok: false, reason: flavour.reason, next: flavour.next }
      return { ok: true, engine: `onnxruntime ${ort.env.versions.common}` }
    },
    ...(flavour.devices ? { devices: flavour.devices } : {}),
    supports: (node, device) => supportsNode(flavour, node, device),
    semantics: () => 'fp32',
    prepare: (...wanted) => prepareSession(flavour, wanted),
  }
}
