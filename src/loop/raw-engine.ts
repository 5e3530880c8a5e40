import { type Backend, type Executable, segmentSpecs } from '../backends/backend.ts'
import { selectBackends } from '../backends/list.ts'
import { loadCatalogue, type Variant } from '../catalogue/load.ts'
import type { Device } from '../core/device.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { Segment } from '../graph/segment.ts'
import { type BorderTensor, borderTensors } from './border.ts'
import { openCompiledModule } from './compiled-module.ts'
import { checkGolden, whyUnchecked } from './golden.ts'
import { knownShape } from './input.ts'
import { findCompiledModule, withDimensions } from './model-source.ts'
import { probeOn } from './on-device.ts'
import { probe } from './probe.ts'
import { measureLatencies, type Timed } from './profile.ts'
import { tryBackend } from './try-backend.ts'

/** Which variant of a model to take, and how. */
export interface VariantOptions {
  readonly variant?: string
  /** Lengths of dimensions that the file only names: `{ batch: 1 }`. */
  readonly dimensions?: Readonly<Record<string, number>>
}

/** Which engine to take. */
export interface EngineOptions extends VariantOptions {
  /** Names of the only backends that may be taken. */
  readonly backends?: readonly string[]
  /** The device to run on, as `RuntimeOptions.on` names it; the processor by default. */
  readonly on?: string
  /** Why an engine that is ready is not wanted; null when it is. */
  unsuited?(executable: Executable): string | null
}

/** A model on the engine that was taken. */
export interface Engine {
  readonly backend: string
  readonly executable: Executable
  /** Its inputs and outputs in graph order, with what their integers mean. */
  readonly inputs: readonly BorderTensor[]
  readonly outputs: readonly BorderTensor[]
}

function engineWith(backend: string, executable: Executable, segment: Segment): Engine {
  const [inputs, outputs] = [executable.inputs, executable.outputs].map((specs) => borderTensors(segment, specs))
  return { backend, executable, inputs: inputs!, outputs: outputs! }
}

/**
 * One variant of a model: the only one, or the one of this name.
 * @throws MilliwattError MODEL_*, CARD_INVALID, VARIANT_MISMATCH, VARIANT_UNKNOWN, USAGE if the family has several
 */
export async function loadVariant(host: Host, model: string, options: VariantOptions = {}): Promise<Variant> {
  const { variant: name, dimensions } = options
  const { variants } = await loadCatalogue(host, model)
  const names = variants.map((variant) => variant.name).join(', ')
  const [only] = name === undefined ? variants : variants.filter((variant) => variant.name === name)
  if (!only) throw new MilliwattError('VARIANT_UNKNOWN', name ?? model, `There are: ${names}.`)
  if (name === undefined && variants.length > 1)
    throw new MilliwattError('USAGE', model, `It has several variants; take one with --variant: ${names}.`)
  return withDimensions(only, dimensions)
}

/** The processor that this process runs on, for engines that are used without a probe. */
export const thisCpu: Device = { id: 'cpu', kind: 'cpu', name: 'this processor', facts: {}, sources: [] }

/** The fastest of several, measured now and made ready again, so that a model with state begins afresh. */
async function fastest(host: Host, variant: Variant, device: Device, ready: readonly Timed[]): Promise<Engine> {
  const [first] = ready
  if (ready.length === 1) return engineWith(first!.key, first!.executable, variant.segment)
  const latencies = await measureLatencies(host, ready)
  const medianS = ({ key }: Timed) => latencies.get(key)!.medianS
  const { backend } = ready.reduce((best, one) => (medianS(one) < medianS(best) ? one : best))
  for (const { executable } of ready) await executable[Symbol.asyncDispose]()
  const again = await tryBackend(host, backend, variant, device)
  if (!again.executable) throw new MilliwattError('BACKEND_FAILED', backend.name, again.reason)
  return engineWith(backend.name, again.executable, variant.segment)
}

/** What is wrong with an engine's outputs beside the reference interpreter's; null when nothing is, or none can tell. */
async function goldenFault(variant: Variant, { backend, executable }: Timed): Promise<string | null> {
  const semantics = backend.semantics(variant.segment)
  if (semantics === null || whyUnchecked(variant) !== null) return null
  const verdict = await checkGolden(variant, semantics, executable)
  return verdict.kind === 'failed' ? `golden check: ${verdict.reason}` : null
}

/** A backend with the model ready and checked, or the reason why not. One that the user named is not checked. */
async function readyOn(
  host: Host,
  backend: Backend,
  variant: Variant,
  device: Device,
  named: boolean,
): Promise<Timed | string> {
  const attempt = await tryBackend(host, backend, variant, device)
  if (!attempt.executable) return attempt.reason
  const timed = { key: backend.name, backend, executable: attempt.executable }
  const fault = backend.exact || named ? null : await goldenFault(variant, timed)
  if (fault === null) return timed
  await timed.executable[Symbol.asyncDispose]()
  return fault
}

async function engineOf(
  host: Host,
  variant: Variant,
  { backends: names = [], on, unsuited }: EngineOptions,
): Promise<Engine> {
  const named = selectBackends(names)
  const place = on === undefined ? null : await probeOn(host, await probe(host, []), [on], named)
  const allowed = place?.backends ?? named
  const device = place?.probe.devices[0] ?? thisCpu
  for (const spec of segmentSpecs(variant.segment).inputs) knownShape(spec)
  const reasons: string[] = []
  let unwanted = 0
  for (const group of [allowed.filter(({ exact }) => exact), allowed.filter(({ exact }) => !exact)]) {
    const ready: Timed[] = []
    for (const backend of group) {
      const one = await readyOn(host, backend, variant, device, names.length > 0)
      const reason = typeof one === 'string' ? one : (unsuited?.(one.executable) ?? null)
      if (reason !== null) reasons.push(`${backend.name}: ${reason}`)
      if (typeof one === 'string') continue
      if (reason === null) {
        ready.push(one)
        continue
      }
      unwanted++
      await one.executable[Symbol.asyncDispose]()
    }
    if (ready.length > 0) return fastest(host, variant, device, ready)
  }
  throw new MilliwattError(unwanted > 0 ? 'BACKEND_LACKS' : 'BACKEND_FAILED', variant.name, reasons.join('; '))
}

/**
 * Opens a model for exact runs: on a backend that declares to be bit-exact, and only where none of them runs the model
 * on the fastest of the others whose outputs pass the golden check, measured now. A module of `milliwatt compile` runs
 * as it is.
 * @throws MilliwattError MODEL_*, VARIANT_*, INPUT_SHAPE, BACKEND_UNKNOWN, with the reason of every backend
 *   BACKEND_LACKS where some are ready and none of them is suited, BACKEND_FAILED where none is ready
 */
export async function openEngine(host: Host, model: string, options: EngineOptions = {}): Promise<Engine> {
  const wasm = await findCompiledModule(host, model)
  if (!wasm) return engineOf(host, await loadVariant(host, model, options), options)
  const other = options.backends?.length ? selectBackends(options.backends).find(({ exact }) => !exact) : undefined
  if (other) throw new MilliwattError('USAGE', other.name, 'A compiled module runs without a backend.')
  const { backend, segment } = openCompiledModule(wasm, model)
  return engineWith(backend.name, await backend.prepare(segment, thisCpu, host), segment)
}
