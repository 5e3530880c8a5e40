import type * as Ort from 'onnxruntime-common'
import type { Device } from '../core/device.ts'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { Node } from '../graph/graph.ts'
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
  /** Execution provider by kind of device; a kind that is missing cannot be used. */
  readonly providers: Readonly<Partial<Record<Device['kind'], string>>>
}

/** Operator sets that onnxruntime carries besides the standard one. */
const ortDomains = new Set(['', 'ai.onnx.ml', 'com.microsoft', 'com.microsoft.nchwc', 'ai.onnx.training'])

function supportsNode(flavour: OrtFlavour, node: Node, device: Device): Support {
  if (!flavour.providers[device.kind])
    return { ok: false, reason: `${flavour.name} has no execution provider for a ${device.kind}` }
  if (!ortDomains.has(node.domain)) return { ok: false, reason: `operator set "${node.domain}" is not in onnxruntime` }
  return { ok: true }
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

async function prepareSession(flavour: OrtFlavour, segment: Segment, device: Device, host: Host): Promise<Executable> {
  const ort = await flavour.load(host)
  const provider = flavour.providers[device.kind]
  if (!ort || !provider)
    throw new MilliwattError('BACKEND_UNAVAILABLE', flavour.name, `${flavour.reason} ${flavour.next}`)
  try {
    const session = await ort.InferenceSession.create(segment.source.bytes, {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: 1,
      logSeverityLevel: 3,
    })
    return executableOf(ort, session, segment)
  } catch (error) {
    throw new MilliwattError('BACKEND_FAILED', flavour.name, messageOf(error), error)
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
    supports: (node, device) => supportsNode(flavour, node, device),
    semantics: () => 'fp32',
    prepare: (segment, device, host) => prepareSession(flavour, segment, device, host),
  }
}
