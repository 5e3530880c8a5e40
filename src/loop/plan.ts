import type { Catalogue } from '../catalogue/load.ts'
import type { MachineProfile } from '../cost/machine-profile.ts'
import { type Profile, refit } from '../cost/profile.ts'
import type { Candidate } from '../plan/candidate.ts'
import { type Choice, choose } from '../plan/choose.ts'
import { type Goal, goalInWords } from '../plan/goal.ts'
import type { Unmet } from '../plan/nearest.ts'
import type { PlanReport, PlanRow } from '../report/report.ts'
import { CandidateFigures, type FigureContext } from './candidate-figures.ts'
import {
  type Attempted,
  isDeclared,
  isRunnable,
  type Prepared,
  placementNotes,
  prepareCandidates,
  type Runnable,
  uncheckedNotes,
  wholeCandidates,
} from './candidates.ts'
import { readProfile, writeProfile } from './profile-store.ts'
import { refitMachine } from './refit-machine.ts'
import { type Spread, spread, spreadAsk, spreadCandidate } from './spread.ts'

/** What planning works with. */
export interface PlanContext extends FigureContext {
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

function toCandidate(prepared: Prepared, idleW: number | null, figures: CandidateFigures): Candidate {
  const { key, variant, backend, device, executable, unusable } = prepared
  return {
    key,
    variant: variant.name,
    places: [{ backend: backend.name, device: device.id }],
    accuracy: variant.accuracy?.value ?? null,
    modelBytes: variant.bytes,
    arenaBytes: executable?.arenaBytes ?? null,
    macs: variant.facts.macs,
    latency: figures.latencies.get(key) ?? null,
    energy: isRunnable(prepared) ? figures.energyOf(prepared) : null,
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
  measured: readonly Runnable[],
  figures: CandidateFigures,
): Promise<Profile> {
  const measuredAt = context.host.clock.wallTime().toISOString()
  let updated = profile
  for (const one of measured) {
    const latency = figures.latencies.get(one.key)!
    updated = refit(updated, one.key, { latency, energy: figures.energyOf(one), measuredAt })
  }
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
 * Plans a model family: prepares every variant on every backend and device, checks its outputs, measures (or recalls) latency
 * and energy, longest where the choice hangs on them, and chooses under the goal. Everything not chosen is released.
 */
export async function planCatalogue(context: PlanContext, catalogue: Catalogue, goal: Goal): Promise<Planned> {
  const known = await readProfile(context.host, context.probe.fingerprint)
  const spreads = spreadVariants(context, catalogue, goal)
  const attempted = [...wholeCandidates(context, catalogue), ...spreadAttempts(catalogue, spreads)]
  const prepared = await prepareCandidates(context, attempted, known)
  const runnable = prepared.filter(isRunnable)
  let kept: Runnable | undefined
  try {
    const figures = new CandidateFigures(context)
    const source = await figures.open(runnable, known)
    const candidates = () => prepared.map((one) => toCandidate(one, context.probe.power?.idleW ?? null, figures))
    await figures.settleFor(goal, runnable, candidates)
    const measured = runnable.filter((one) => figures.measured.has(one.key) && !isDeclared(one))
    const profile = measured.length > 0 ? await updateProfile(context, known, measured, figures) : known
    if (measured.length > 0) await refitMachine(context, measured, figures.latencies)
    const choice = choose(candidates(), goal)
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
