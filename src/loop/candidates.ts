import type { Backend, Executable } from '../backends/backend.ts'
import { describePlacement } from '../backends/placement.ts'
import type { SimulatedNpus } from '../backends/simulated-npu.ts'
import type { Catalogue, Variant } from '../catalogue/load.ts'
import type { Device, DeviceKind } from '../core/device.ts'
import type { Host } from '../core/host.ts'
import { type Profile, profileKey } from '../cost/profile.ts'
import { checkGolden, goldenVersion, whyUnchecked } from './golden.ts'
import type { Probe } from './probe.ts'
import { type OnProgress, stopIfAborted } from './progress.ts'
import { tryBackend } from './try-backend.ts'

/** What candidates are prepared with. */
export interface CandidateContext {
  readonly host: Host
  readonly probe: Probe
  readonly backends: readonly Backend[]
  /** Accelerators that are not here but asked about; none by default. */
  readonly simulated?: SimulatedNpus | null
  /** Check and measure again even what is in the cache. */
  readonly remeasure: boolean
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/** A variant on a backend on a device, prepared and checked if that was possible. */
export interface Prepared {
  readonly key: string
  readonly variant: Variant
  readonly backend: Backend
  readonly device: Device
  readonly executable: Executable | null
  readonly unusable: string | null
  /** Why its outputs were not compared with the reference interpreter's. */
  readonly unchecked?: string
}

/** A candidate that can run. */
export type Runnable = Prepared & { readonly executable: Executable }

/** Tells whether a candidate can run. */
export const isRunnable = (prepared: Prepared): prepared is Runnable => prepared.executable !== null

/** Declared costs are told anew each time: they are no measurements of this machine, and their targets may change. */
export const isDeclared = ({ executable }: Runnable): boolean => executable.declaredCost !== undefined

async function prepareOne(
  context: CandidateContext,
  variant: Variant,
  backend: Backend,
  device: Device,
): Promise<Prepared> {
  const { engine, executable, reason } = await tryBackend(context.host, backend, variant, device)
  const version = engine === '' ? '' : `${engine}, ${goldenVersion}`
  const key = profileKey(variant.sha256, backend.name, version, device.id)
  return { key, variant, backend, device, executable, unusable: reason }
}

/** Candidates in the profile passed the check when they were measured; the others run against the interpreter. */
async function checkOne(context: CandidateContext, prepared: Prepared, known: Profile): Promise<Prepared> {
  const { executable, variant, backend, key } = prepared
  const semantics = backend.semantics(variant.segment)
  if (!executable || semantics === null) return prepared
  const unchecked = whyUnchecked(variant)
  if (unchecked) return { ...prepared, unchecked }
  if (!context.remeasure && known.entries[key]) return prepared
  const verdict = await checkGolden(variant, semantics, executable)
  if (verdict.kind === 'unchecked') return { ...prepared, unchecked: verdict.reason }
  if (verdict.kind === 'passed') return prepared
  await executable[Symbol.asyncDispose]()
  return { ...prepared, executable: null, unusable: `golden check: ${verdict.reason}` }
}

/** Something to try: a variant on a backend on a device. */
export interface Attempted {
  readonly variant: Variant
  readonly backend: Backend
  readonly device: Device
}

const usualKinds: readonly DeviceKind[] = ['cpu', 'gpu', 'npu']
const reaches = (backend: Backend, kind: DeviceKind) => (backend.reaches ?? usualKinds).includes(kind)

/** Every variant on every backend and device, and on every simulated accelerator. */
export function wholeCandidates(context: CandidateContext, { variants }: Catalogue): readonly Attempted[] {
  const { backends, probe, simulated } = context
  const places = [
    ...backends.flatMap((backend) =>
      probe.devices.filter(({ kind }) => reaches(backend, kind)).map((device) => ({ backend, device })),
    ),
    ...(simulated?.devices ?? []).map((device) => ({ backend: simulated!.backend, device })),
  ]
  return variants.flatMap((variant) => places.map((place) => ({ variant, ...place })))
}

/** Prepares candidates; one whose outputs are not those of the reference interpreter becomes unusable. */
export async function prepareCandidates(
  context: CandidateContext,
  attempted: readonly Attempted[],
  known: Profile,
): Promise<readonly Prepared[]> {
  const prepared: Prepared[] = []
  for (const { variant, backend, device } of attempted) {
    stopIfAborted(context.signal)
    prepared.push(await checkOne(context, await prepareOne(context, variant, backend, device), known))
  }
  return prepared
}

/** A sentence for each variant that was not checked. */
export function uncheckedNotes(prepared: readonly Prepared[]): readonly string[] {
  const notes = prepared.flatMap(({ variant, unchecked }) =>
    unchecked ? [`no golden check of ${variant.name}: ${unchecked}`] : [],
  )
  return [...new Set(notes)]
}

/** A sentence for each candidate on an accelerator: what it took, and what the processor runs. */
export function placementNotes(prepared: readonly Prepared[]): readonly string[] {
  return prepared.flatMap(({ variant, backend, executable }) =>
    executable?.placement ? [`${variant.name} on ${backend.name}: ${describePlacement(executable.placement)}`] : [],
  )
}
