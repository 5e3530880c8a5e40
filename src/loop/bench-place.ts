import { type Backend, type Executable, firstUnsupported, segmentFor } from '../backends/backend.ts'
import type { Device } from '../core/device.ts'
import type { Host } from '../core/host.ts'
import { chainGraph, parallelGraph } from '../cost/bench-graph.ts'
import { type Bench, benches, spreadOut } from '../cost/bench-layers.ts'
import { type Tour, tours } from '../cost/bench-tours.ts'
import { graphBorder } from '../cost/border.ts'
import type { BenchFigure } from '../cost/machine-profile.ts'
import { writeTflite } from '../formats/tflite/writer.ts'
import type { Graph } from '../graph/graph.ts'
import { sampleInput } from './input.ts'
import { type TimedEngine, timedLayers, timedRuns } from './place-timing.ts'

/** Something that a place is timed on: a whole model, or single layers side by side. */
export type BenchJob = Bench | Tour

/** A backend on a device that is being timed. */
export interface BenchPlace {
  readonly id: string
  readonly backend: Backend
  readonly device: Device
  readonly engine: string
  /** What is still to be timed, in order. */
  readonly jobs: BenchJob[]
  /** What was timed, by name. */
  readonly figures: Record<string, BenchFigure>
  /** Seconds that getting its engines ready has taken so far, and how many there were. */
  spentS: number
  built: number
}

/** An engine that is ready to be timed. */
export interface BenchEngine {
  readonly place: BenchPlace
  readonly timed: TimedEngine
  readonly executable: Executable
}

const isTour = (job: BenchJob): job is Tour => !('name' in job)

/** Names of the figures that a job gives. */
export function figureNames(job: BenchJob): readonly string[] {
  return isTour(job) ? job.layers.map(({ name }) => name) : [job.name]
}

/** Gets a graph ready on a place; null where its engine has not got it. */
export async function openGraph(
  host: Host,
  { backend, device }: Pick<BenchPlace, 'backend' | 'device'>,
  graph: Graph,
): Promise<Executable | null> {
  try {
    const segment = segmentFor({ graph, source: { format: 'tflite', bytes: writeTflite(graph) } }, backend)
    if (firstUnsupported(backend, segment, device) !== null) return null
    return await backend.prepare(segment, device, host)
  } catch {
    // An engine that has not got a layer is timed on the others.
    return null
  }
}

/**
 * Runs a network of each type for so many seconds, so that what an engine compiles while it runs, for all models alike, is
 * compiled before its place is timed.
 */
export async function warmPlace(
  host: Host,
  place: Pick<BenchPlace, 'backend' | 'device'>,
  seconds: number,
): Promise<void> {
  for (const bench of benches.filter(isNetwork).slice(0, 2)) {
    const executable = await openGraph(host, place, chainGraph(bench.layers, bench.dtype))
    if (!executable) continue
    const input = sampleInput(executable.inputs)
    const enoughS = host.clock.nowS() + seconds
    while (host.clock.nowS() < enoughS) await executable.run(input)
    await executable[Symbol.asyncDispose]()
  }
}

/** An engine that was prepared for a job, not warmed up yet. */
export interface PreparedJob {
  readonly place: BenchPlace
  readonly job: BenchJob
  readonly executable: Executable
}

/** Prepares a place for a job; null where its engine has not got it. */
export async function prepareJob(host: Host, place: BenchPlace, job: BenchJob): Promise<PreparedJob | null> {
  const layers = isTour(job) ? job.layers.map(({ layer }) => layer) : job.layers
  const executable = await openGraph(host, place, (isTour(job) ? parallelGraph : chainGraph)(layers, job.dtype))
  return executable && { place, job, executable }
}

/** Warms an engine up. */
export async function warmJob(host: Host, { place, job, executable }: PreparedJob): Promise<BenchEngine> {
  const names = figureNames(job)
  const timed = isTour(job)
    ? timedLayers(host, names, executable)
    : timedRuns(host, job.name, executable, place.backend)
  await timed.warmUp()
  return { place, timed, executable }
}

/** Gets a job ready on a place, warmed up; null where its engine has not got it. */
export async function openJob(host: Host, place: BenchPlace, job: BenchJob): Promise<BenchEngine | null> {
  const beginS = host.clock.nowS()
  const prepared = await prepareJob(host, place, job)
  const engine = prepared && (await warmJob(host, prepared))
  place.spentS += host.clock.nowS() - beginS
  place.built++
  return engine
}

/** Engines that show their layers are often dear to build: so many of each say enough of them. */
const most = { tours: 32, single: 2, reshapes: 10, oneSided: 10, networks: 4 } as const

const isNetwork = ({ layers }: Bench): boolean => layers.length > 5
const isReshape = ({ layers }: Bench): boolean => layers.every(({ op }) => op === 'reshape')

/** Of models of one layer, those that read so many times more than they give, or give more than they read. */
const oneSide = 8

function isOneSided({ layers, dtype }: Bench): boolean {
  const { inputs, outputs } = graphBorder(chainGraph(layers, dtype, 'zeros'))
  const ratio = inputs[0]!.bytes / outputs[0]!.bytes
  return ratio >= oneSide || ratio <= 1 / oneSide
}

/** So many first jobs are timed again after so many: by then engines that compile while they run have done so. */
const early = { jobs: 12, after: 52 } as const

/**
 * What a place is timed on, coarse first: whole models everywhere, and where an engine shows its layers those instead of
 * most models, since they say more for every model that is built. Models of one layer then tell what goes in and out:
 * best those that do nothing else, and those that have much to take in or much to give.
 */
export function benchJobs(showsLayers: boolean): readonly BenchJob[] {
  if (!showsLayers)
    return [...benches.slice(0, early.after), ...benches.slice(0, early.jobs), ...benches.slice(early.after)]
  const single = benches.filter((bench) => bench.layers.length === 1 && !isReshape(bench))
  const reshapes = benches.filter(isReshape).slice(0, most.reshapes)
  const borders = [...reshapes, ...single.filter(isOneSided).slice(0, most.oneSided)]
  const others = single.filter((bench) => !borders.includes(bench)).slice(0, most.single)
  const networks = benches.filter(isNetwork).slice(0, most.networks)
  return [
    ...others.slice(0, 2),
    ...networks.slice(0, 2),
    ...tours.slice(0, 8),
    ...spreadOut(borders),
    ...tours.slice(8, most.tours),
    ...others.slice(2),
    ...networks.slice(2),
  ]
}
