import type { Backend } from '../backends/backend.ts'
import type { Host } from '../core/host.ts'
import { chainGraph } from '../cost/bench-graph.ts'
import { benches } from '../cost/bench-layers.ts'
import { isFresh, type MachineProfile, type PlaceProfile, placeId } from '../cost/machine-profile.ts'
import { summarisePlace } from '../cost/summarise-place.ts'
import { PreparedAside } from './bench-aside.ts'
import {
  type BenchEngine,
  type BenchJob,
  type BenchPlace,
  benchJobs,
  figureNames,
  openGraph,
  openJob,
  type PreparedJob,
  warmJob,
  warmPlace,
} from './bench-place.ts'
import { readMachineProfile, writeMachineProfile } from './machine-profile-store.ts'
import { settleMemory } from './place-timing.ts'
import type { PowerSession } from './power.ts'
import type { Probe } from './probe.ts'
import { driftedPlaces } from './profile-drift.ts'
import { withPower } from './profile-power.ts'
import type { OnProgress } from './progress.ts'

/** How to profile a machine. */
export interface MachineProfileOptions {
  readonly host: Host
  readonly probe: Probe
  readonly backends: readonly Backend[]
  /** Reads power while places work; none by default. */
  readonly session?: PowerSession | null
  /** Seconds after which nothing new is begun, after a first batch; 60 by default. */
  readonly budgetS?: number
  /** Measure again even what is fresh: everything, or the places of these ids. */
  readonly remeasure?: boolean | readonly string[]
  readonly onProgress?: OnProgress
  /** Aborting stops early; what was measured by then is kept and given back. */
  readonly signal?: AbortSignal
}

const defaultBudgetS = 60
/** Of the whole time, what a network of each type runs for before its place is timed. */
const warmShare = 1 / 400
/** Engines of one place in one batch. */
const batchJobs = 4
/** Visits that every engine of a batch gets, in turn with those of all others. */
const visits = 5
/** Engines whose preparation takes longer than this, in seconds, are prepared one a batch. */
const dearS = 0.25
/** How far, in seconds, a place may be ahead of the one that had the least time. */
const fairS = 0.5
/** Figures are kept after so many seconds for the first time, then at times that triple: each time they are fitted anew. */
const firstWriteS = 4

/** Every backend on every device that it may run on here. */
async function candidates({ host, probe, backends }: MachineProfileOptions): Promise<readonly BenchPlace[]> {
  const places: BenchPlace[] = []
  for (const backend of backends) {
    const availability = await backend.available(host)
    if (!availability.ok) continue
    const { engine } = availability
    for (const device of probe.devices) {
      const id = placeId(backend.name, device.id)
      places.push({ id, backend, device, engine, jobs: [], figures: {}, spentS: 0, built: 0 })
    }
  }
  return places
}

/** Places that are to be timed, with the figures that they have of an earlier profile which did not end. */
async function findPlaces(options: MachineProfileOptions, kept: MachineProfile): Promise<readonly BenchPlace[]> {
  const { host, remeasure = false, budgetS = defaultBudgetS, signal } = options
  const now = host.clock.wallTime()
  const all = await candidates(options)
  const fresh = all.filter(({ id, engine }) => isFresh(kept.places[id], engine, now))
  const asked = all.filter(({ id }) => (typeof remeasure === 'boolean' ? remeasure : remeasure.includes(id)))
  const drifted = remeasure === true ? [] : await driftedPlaces(host, kept, fresh, signal)
  const places: BenchPlace[] = []
  for (const place of all) {
    const { id, engine } = place
    const again = asked.includes(place) || drifted.includes(id)
    if (!again && fresh.includes(place)) continue
    const showsLayers = await canBeTimed(host, place)
    if (showsLayers === null) continue
    if (!place.backend.preparesAside) await warmPlace(host, place, warmShare * budgetS)
    const earlier = kept.places[id]
    const figures = !again && earlier?.engine === engine && !earlier.complete ? earlier.figures : {}
    const jobs = benchJobs(showsLayers).filter((job) => figureNames(job).some((name) => !(name in figures)))
    places.push({ ...place, jobs: [...jobs], figures: { ...figures }, spentS: 0, built: 0 })
  }
  return places
}

/** Whether an engine shows its layers; null where it does not run on this device. */
async function canBeTimed(host: Host, place: BenchPlace): Promise<boolean | null> {
  const [first] = benches
  const executable = await openGraph(host, place, chainGraph(first!.layers, first!.dtype))
  if (!executable) return null
  await executable[Symbol.asyncDispose]()
  return executable.profile !== undefined
}

/** The next jobs of the places that had the least time so far. */
function nextJobs(places: readonly BenchPlace[]): readonly (readonly [BenchPlace, BenchJob])[] {
  const waiting = places.filter(({ jobs }) => jobs.length > 0)
  const leastS = Math.min(...waiting.map(({ spentS }) => spentS))
  return waiting
    .filter(({ spentS }) => spentS <= leastS + fairS)
    .flatMap((place) => {
      const dear = place.built === 0 || place.spentS / place.built > dearS
      return place.jobs.splice(0, dear ? 1 : batchJobs).map((job) => [place, job] as const)
    })
}

/** Places whose engines are prepared while others are timed, where a core is free for that. */
function besides(host: Host, places: readonly BenchPlace[]): readonly PreparedAside[] {
  return places
    .filter(({ backend, device }) => backend.preparesAside && Number(device.facts.cores ?? 1) > 1)
    .map((place) => new PreparedAside(host, place))
}

/** Times one batch in turns, so that a slow spell of the machine hits all alike. `ready` wants only to be warmed up. */
async function runBatch(
  host: Host,
  ready: readonly PreparedJob[],
  jobs: readonly (readonly [BenchPlace, BenchJob])[],
  signal?: AbortSignal,
) {
  const engines: BenchEngine[] = []
  const cold = [...ready]
  try {
    for (const [place, job] of jobs) {
      const engine = signal?.aborted ? null : await openJob(host, place, job)
      if (engine) engines.push(engine)
    }
    for (let next = cold.shift(); next; next = cold.shift()) engines.push(await warmJob(host, next))
    settleMemory()
    for (let round = 0; round < visits && !signal?.aborted; round++)
      for (const { timed } of engines) await timed.visit()
    if (!signal?.aborted) for (const { place, timed } of engines) Object.assign(place.figures, timed.figures())
  } finally {
    for (const { executable } of [...engines, ...cold]) await executable[Symbol.asyncDispose]()
  }
}

function summarised(host: Host, place: BenchPlace, kept: PlaceProfile | undefined): PlaceProfile {
  const { backend, device, engine, figures, jobs } = place
  const power = kept?.engine === engine ? kept.power : null
  const measuredAt = host.clock.wallTime().toISOString()
  const complete = jobs.length === 0
  const runs = kept?.engine === engine ? kept.runs : []
  return {
    ...summarisePlace({ backend: backend.name, device: device.id, engine, measuredAt, complete, figures, power }),
    runs,
  }
}

function merged(host: Host, profile: MachineProfile, places: readonly BenchPlace[]): MachineProfile {
  const timed = places.filter(({ figures }) => Object.keys(figures).length > 0)
  const fresh = timed.map((place) => [place.id, summarised(host, place, profile.places[place.id])] as const)
  return { ...profile, places: { ...profile.places, ...Object.fromEntries(fresh) } }
}

/**
 * Times microbenchmarks on every place (backend × device) of a machine: coarse ones first, so that after a few seconds
 * every place has figures; what was measured is kept as it comes. Fresh figures of an earlier profile are not measured
 * again. With a meter, the power of every place as well.
 */
export async function profileMachine(options: MachineProfileOptions): Promise<MachineProfile> {
  const { host, probe, session, budgetS = defaultBudgetS, onProgress, signal } = options
  const endS = host.clock.nowS() + budgetS
  const kept = await readMachineProfile(host, probe.fingerprint)
  const places = await findPlaces(options, kept)
  const total = places.reduce((sum, { jobs }) => sum + jobs.length, 0)
  const left = () => places.reduce((sum, { jobs }) => sum + jobs.length, 0)
  let waitS = firstWriteS
  let writeS = host.clock.nowS() + waitS
  const isOver = () => left() === 0 || host.clock.nowS() >= endS || signal?.aborted === true
  const asides = besides(host, places)
  const inTurn = places.filter((place) => !asides.some((aside) => aside.place === place))
  try {
    for (let batch = 0; left() > 0 && (batch === 0 || !isOver()); batch++) {
      // At first every place gets a figure; later nobody waits for the slow ones while there is something else to do.
      if (batch === 0 || inTurn.every(({ jobs }) => jobs.length === 0))
        await Promise.all(asides.map((aside) => aside.wait()))
      const ready = asides.flatMap((aside) => aside.take())
      await runBatch(host, ready, nextJobs(inTurn), signal)
      onProgress?.({ stage: 'machine', done: total - left(), total })
      if (host.clock.nowS() > writeS) {
        await writeMachineProfile(host, merged(host, kept, places))
        waitS *= 3
        writeS = host.clock.nowS() + waitS
      }
      await host.clock.sleep(0)
    }
  } finally {
    for (const aside of asides) await aside[Symbol.asyncDispose]()
  }
  const timed = merged(host, kept, places)
  const profile = session ? await withPower(host, session, timed, places, signal) : timed
  await writeMachineProfile(host, profile)
  return profile
}
