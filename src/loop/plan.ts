import type { DeclaredCost } from '../backends/backend.ts'
import type { Catalogue } from '../catalogue/load.ts'
import type { MachineProfile } from '../cost/machine-profile.ts'
import { modelledEnergy } from '../cost/modelled.ts'
import { type EnergyFigure, type LatencyFigure, type Profile, refit } from '../cost/profile.ts'
import type { Candidate } from '../plan/candidate.ts'
import { type Choice, choose } from '../plan/choose.ts'
import { type Goal, goalInWords } from '../plan/goal.ts'
import type { Unmet } from '../plan/nearest.ts'
import type { PlanReport, PlanRow } from '../report/report.ts'
import {
  type Attempted,
  type CandidateContext,
  isRunnable,
  type Prepared,
  placementNotes,
  prepareCandidates,
  type Runnable,
  uncheckedNotes,
  wholeCandidates,
} from './candidates.ts'
import { sampleInput } from './input.ts'
import type { PowerSession } from './power.ts'
import { measureLatencies } from './profile.ts'
import { readProfile, writeProfile } from './profile-store.ts'
import { stopIfAborted } from './progress.ts'
import { refitMachine } from './refit-machine.ts'
import { seesDevice } from './run-cost.ts'
import { type Spread, spread, spreadAsk, spreadCandidate } from './spread.ts'

/** What planning works with. */
export interface PlanContext extends CandidateContext {
  readonly session: PowerSession | null
  /** Digital channel of the meter on which a board's marker pin lies. */
  readonly markerChannel?: number | undefined
  /** What microbenchmarks said of this machine's places; layers are spread over those that it knows. */
  readonly machine: MachineProfile
}

/** The plan and the executable of the chosen candidate, ready to run. */
export interface Planned {
  readonly choice: Choice
  /** By key: what every candidate is. */
  readonly attempted: ReadonlyMap<string, Attempted>
  /** By name of the variant: its layers over all places. */
  readonly spreads: ReadonlyMap<string, Spread>
  readonly report: PlanReport
  readonly chosen: Runnable | null
  readonly profile: Profile
}

/** Seconds of running that the energy of one candidate is measured over. */
const energyWindowS = 0.25

/** Declared costs are told anew each time: they are no measurements of this machine, and their targets may change. */
const isDeclared = ({ executable }: Runnable): boolean => executable.declaredCost !== undefined

async function latenciesOf(
  context: PlanContext,
  runnable: readonly Runnable[],
  profile: Profile,
): Promise<{ readonly latencies: ReadonlyMap<string, LatencyFigure>; readonly source: string }> {
  const measure = (some: readonly Runnable[]) =>
    measureLatencies(context.host, some, context.onProgress, context.signal)
  const real = runnable.filter((one) => !isDeclared(one))
  const kept = real.map(({ key }) => profile.entries[key])
  if (context.remeasure || kept.some((entry) => entry === undefined))
    return { latencies: await measure(runnable), source: 'measured now on this machine' }
  const oldest = kept.map((entry) => entry?.measuredAt ?? '').sort()[0]
  const declared = runnable.filter(isDeclared)
  const told = declared.length > 0 ? await measure(declared) : []
  return {
    latencies: new Map([...real.map(({ key }, index) => [key, kept[index]!.latency] as const), ...told]),
    source: `cached, measured on this machine ${oldest} (--remeasure measures again)`,
  }
}

async function measureEnergy(
  session: PowerSession,
  candidate: Runnable,
  latencyS: number,
  channel: number | undefined,
): Promise<EnergyFigure | null> {
  if (!seesDevice(session, candidate.executable)) return null
  const input = sampleInput(candidate.executable.inputs)
  const repeats = Math.max(3, Math.ceil(energyWindowS / latencyS))
  const label = `plan: ${candidate.variant.name} on ${candidate.backend.name}`
  const { remote } = candidate.executable
  await remote?.load(input)
  const body = async () => {
    if (remote) await remote.run(repeats, 'window')
    else for (let run = 0; run < repeats; run++) await candidate.executable.run(input)
  }
  const wire = remote ? { onMarker: remote.onMarker, channel } : {}
  const { window } = await session.window(label, repeats, body, wire)
  if (window.energy?.verdict !== 'complete') return null
  return { energyJ: window.energy.energyJ / repeats, provenance: session.meter.info.provenance }
}

const declaredEnergy = ({ energyJ, provenance }: DeclaredCost): EnergyFigure | null =>
  energyJ === null ? null : { energyJ, provenance }

/** Energy by the meter when there is one, else from published figures; one source for all candidates. */
async function energiesOf(
  context: PlanContext,
  runnable: readonly Runnable[],
  latencies: ReadonlyMap<string, LatencyFigure>,
): Promise<ReadonlyMap<string, EnergyFigure>> {
  const energies = new Map<string, EnergyFigure>()
  for (const [index, candidate] of runnable.entries()) {
    stopIfAborted(context.signal)
    const latencyS = latencies.get(candidate.key)!.medianS
    const { power } = context.probe
    const declared = candidate.executable.declaredCost
    const energy = declared
      ? declaredEnergy(declared)
      : context.session
        ? await measureEnergy(context.session, candidate, latencyS, context.markerChannel)
        : power && modelledEnergy(latencyS, power)
    if (energy) energies.set(candidate.key, energy)
    if (context.session) context.onProgress?.({ stage: 'energy', done: index + 1, total: runnable.length })
  }
  return energies
}

function toCandidate(
  prepared: Prepared,
  idleW: number | null,
  latencies: ReadonlyMap<string, LatencyFigure>,
  energies: ReadonlyMap<string, EnergyFigure>,
): Candidate {
  const { key, variant, backend, device, executable, unusable } = prepared
  return {
    key,
    variant: variant.name,
    places: [{ backend: backend.name, device: device.id }],
    accuracy: variant.accuracy?.value ?? null,
    modelBytes: variant.bytes,
    arenaBytes: executable?.arenaBytes ?? null,
    macs: variant.facts.macs,
    latency: latencies.get(key) ?? null,
    energy: energies.get(key) ?? null,
    idle: idleW === null ? null : { powerW: idleW, provenance: 'modelled' },
    ...(unusable === null ? {} : { unusable }),
  }
}

/** The different names among those of a candidate's places. */
const together = (names: readonly string[]) => [...new Set(names)].join(' + ')

function unmetInWords({ reason, nearest }: Unmet): string {
  return nearest ? `${reason}; the nearest goal that can be met: ${nearest.inWords}` : reason
}

function toReport(choice: Choice, goal: Goal, profileSource: string, notes: readonly string[]): PlanReport {
  const rows = choice.judged.map((judged): PlanRow => {
    const { variant, places, verdict, reason, pareto, accuracy, modelBytes, macs, latency, energy } = judged
    const latencyS = latency?.medianS ?? null
    const latencyP95S = latency?.p95S ?? null
    const { energyJ, provenance } = energy ?? { energyJ: null, provenance: null }
    return {
      variant,
      backend: together(places.map(({ backend }) => backend)),
      device: together(places.map(({ device }) => device)),
      verdict,
      reason,
      pareto,
      accuracy,
      modelBytes,
      macs,
      latencyS,
      latencyP95S,
      energyJ,
      provenance,
    }
  })
  const chosen = rows.find((row) => row.verdict === 'chosen') ?? null
  return {
    goal: goalInWords(goal),
    chosen,
    candidates: rows,
    unmet: choice.unmet && unmetInWords(choice.unmet),
    profileSource: [profileSource, ...notes].join('; '),
  }
}

async function updateProfile(
  context: PlanContext,
  profile: Profile,
  runnable: readonly Runnable[],
  latencies: ReadonlyMap<string, LatencyFigure>,
  energies: ReadonlyMap<string, EnergyFigure>,
): Promise<Profile> {
  const measuredAt = context.host.clock.wallTime().toISOString()
  let updated = profile
  for (const { key } of runnable.filter((one) => !isDeclared(one)))
    updated = refit(updated, key, { latency: latencies.get(key)!, energy: energies.get(key) ?? null, measuredAt })
  await writeProfile(context.host, updated)
  return updated
}

/** Says which times are an emulator's. */
function emulatedNotes(runnable: readonly Runnable[]): readonly string[] {
  const ids = new Set(runnable.filter(({ executable }) => executable.remote?.isEmulated).map(({ device }) => device.id))
  return ids.size === 0 ? [] : [`times of ${[...ids].join(', ')} are the emulator's (emulated): no silicon takes them`]
}

/** Says which times no clock has read. */
function declaredNotes(runnable: readonly Runnable[]): readonly string[] {
  const ids = new Set(runnable.filter(isDeclared).map(({ device }) => device.id))
  return ids.size === 0 ? [] : [`times with ${[...ids].join(', ')} are declared (emulated), not measured`]
}

/** Layers of every variant over the places of the machine's profile and the simulated accelerators. */
function spreadVariants(context: PlanContext, { variants }: Catalogue, goal: Goal): ReadonlyMap<string, Spread> {
  const { backends, probe, machine, simulated = null } = context
  const parts = { backends, devices: probe.devices, machine, published: probe.power, simulated }
  const spreads = variants.flatMap((variant) => {
    const one = spread(parts, variant, spreadAsk(goal))
    return one ? [[variant.name, one] as const] : []
  })
  return new Map(spreads)
}

/** Arrangements over several segments, to be prepared and measured like whole models. */
function spreadAttempts({ variants }: Catalogue, spreads: ReadonlyMap<string, Spread>): readonly Attempted[] {
  return variants.flatMap((variant) => {
    const found = spreads.get(variant.name)
    const candidate = found ? spreadCandidate(found) : null
    return candidate ? [{ variant, ...candidate }] : []
  })
}

/**
 * Plans a model family: prepares every variant on every backend and device, checks its outputs, measures (or recalls) latency,
 * gets energy, and chooses under the goal. Everything not chosen is released.
 */
export async function planCatalogue(context: PlanContext, catalogue: Catalogue, goal: Goal): Promise<Planned> {
  const known = await readProfile(context.host, context.probe.fingerprint)
  const spreads = spreadVariants(context, catalogue, goal)
  const attempted = [...wholeCandidates(context, catalogue), ...spreadAttempts(catalogue, spreads)]
  const prepared = await prepareCandidates(context, attempted, known)
  const runnable = prepared.filter(isRunnable)
  let kept: Runnable | undefined
  try {
    const { latencies, source } = await latenciesOf(context, runnable, known)
    const energies = await energiesOf(context, runnable, latencies)
    const fresh = source.startsWith('measured')
    const profile = fresh ? await updateProfile(context, known, runnable, latencies, energies) : known
    if (fresh)
      await refitMachine(
        context,
        runnable.filter((one) => !isDeclared(one)),
        latencies,
      )
    const candidates = prepared.map((one) => toCandidate(one, context.probe.power?.idleW ?? null, latencies, energies))
    const choice = choose(candidates, goal)
    kept = runnable.find(({ key }) => key === choice.chosen?.key)
    return {
      spreads,
      attempted: new Map(prepared.map((one) => [one.key, one])),
      choice,
      report: toReport(choice, goal, source, [
        ...declaredNotes(runnable),
        ...emulatedNotes(runnable),
        ...uncheckedNotes(prepared),
        ...placementNotes(prepared),
      ]),
      chosen: kept ?? null,
      profile,
    }
  } finally {
    for (const one of runnable) if (one !== kept) await one.executable[Symbol.asyncDispose]()
  }
}
