import type { Executable, LayerProfile, RemoteRun, SynchronousRun, TensorData } from '../backends/backend.ts'
import type { Catalogue, Variant } from '../catalogue/load.ts'
import type { Cost } from '../core/cost.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { quantileUpperBound } from '../core/quantile-bound.ts'
import type { SegmentMove } from '../core/segment-move.ts'
import { median, quantile } from '../core/stats.ts'
import type { PublishedPower } from '../cost/modelled.ts'
import type { LatencyFigure } from '../cost/profile.ts'
import type { Segment } from '../graph/segment.ts'
import { isStateful } from '../graph/stateful.ts'
import type { PlanReport } from '../report/report.ts'
import { type BorderTensor, borderTensors } from './border.ts'
import type { Runnable } from './candidates.ts'
import { EngineSlot, type Tensors } from './engine-slot.ts'
import { inputChecker, type ModelInput } from './input.ts'
import { openPool } from './open-pool.ts'
import type { ModelPool, PoolOptions } from './pool.ts'
import type { MeasuredWindow, PowerSession } from './power.ts'
import { declaredAsCost, measuredCost, modelledCost, seesDevice, unseenCost } from './run-cost.ts'
import { allocate, type Elements, runInto } from './run-into.ts'
import { tryBackend } from './try-backend.ts'

/** What one inference gave and cost. */
export interface RunResult {
  readonly outputs: Tensors
  readonly cost: Cost
}

/** A measured run: the same inference repeated in one measuring window. */
export interface MeasuredRun extends RunResult {
  readonly repeats: number
  readonly window: MeasuredWindow | null
}

/** What a loaded model works with. */
export interface ModelContext {
  readonly host: Host
  readonly session: PowerSession | null
  readonly power: PublishedPower | null
  /** Digital channel of the meter on which the device's marker pin lies. */
  readonly markerChannel?: number | undefined
  /** Idle power in watts, once it was measured. */
  idlePowerW(): number | null
  /** Called once when the model is disposed of. */
  onDispose(model: LoadedModel): void
}

/** Latencies that are remembered for the feedback into the profile. */
const keptLatencies = 4096

/**
 * A model that is planned and ready: the chosen variant on the chosen backend. Several models live side by side; calls
 * of one model run one after another. A model with state keeps it from call to call until `reset`.
 */
export class LoadedModel implements AsyncDisposable {
  /** Key of the chosen candidate in this machine's profile. */
  readonly profileKey: string
  readonly catalogue: Catalogue
  readonly variant: Variant
  readonly plan: PlanReport
  readonly inputs: readonly BorderTensor[]
  readonly outputs: readonly BorderTensor[]
  /** The model keeps state from one run to the next. */
  readonly stateful: boolean
  readonly #chosen: Runnable
  readonly #context: ModelContext
  readonly #check: ReturnType<typeof inputChecker>
  readonly #latencies: Float64Array = new Float64Array(keptLatencies)
  readonly #pools = new Set<ModelPool>()
  readonly #parts: Executable[] = []
  readonly #engine: EngineSlot
  #runInto: ReturnType<typeof runInto> | null = null
  #boundAtMoves = 0
  #runs = 0

  constructor(context: ModelContext, catalogue: Catalogue, plan: PlanReport, chosen: Runnable) {
    const { executable, variant } = chosen
    this.profileKey = chosen.key
    this.catalogue = catalogue
    this.variant = variant
    this.plan = plan
    this.inputs = borderTensors(variant.segment, executable.inputs)
    this.outputs = borderTensors(variant.segment, executable.outputs)
    this.stateful = executable.stateful ?? isStateful(variant.segment.graph)
    this.#chosen = chosen
    this.#context = context
    this.#check = inputChecker(executable.inputs)
    this.#engine = new EngineSlot(context.host, chosen, this.outputs)
  }

  /** Segments of a partition that moved because their place failed, oldest first. */
  get moves(): readonly SegmentMove[] {
    return this.#engine.moves
  }

  /** Latency over the last runs (at most 4096); null before the first. */
  get latency(): LatencyFigure | null {
    const n = Math.min(this.#runs, keptLatencies)
    if (n === 0) return null
    const kept = this.#latencies.subarray(0, n)
    return { medianS: median(kept), p95S: quantile(kept, 0.95), p95HighS: quantileUpperBound([[...kept]]), n }
  }

  /**
   * Runs once and tells the cost. With a meter the energy of this one run is measured (a short run is measured
   * coarsely: see `measure`); without one it is `modelled` from published figures or null with the reason.
   * @param input elements of the only input, or by name a tensor or the elements of each input
   * @throws MilliwattError INPUT_SHAPE, BACKEND_FAILED, MODEL_DISPOSED
   */
  async run(input: ModelInput): Promise<RunResult> {
    if (this.#context.session) return this.measure(input, { repeats: 1 })
    const tensors = this.#check(input)
    const { outputs, latencyS } = await this.#engine.inTurn(() => this.#once(tensors))
    return { outputs, cost: this.#unmeteredCost(latencyS) }
  }

  /**
   * Runs once on any engine and gives only the outputs, which belong to the caller.
   * @param options.signal aborts a call that still waits for earlier ones
   * @throws MilliwattError INPUT_SHAPE, BACKEND_FAILED, MODEL_DISPOSED; the signal's reason when it aborts
   */
  async runAsync(input: ModelInput, options: { readonly signal?: AbortSignal } = {}): Promise<Tensors> {
    const tensors = this.#check(input)
    const { outputs } = await this.#engine.inTurn(() => {
      options.signal?.throwIfAborted()
      return this.#once(tensors)
    })
    return outputs
  }

  /**
   * Runs once in the caller's thread, from the caller's arrays into the caller's arrays, and allocates nothing.
   * @param inputs elements of the only input, or of each by name
   * @param outputs arrays to fill: the only output's, or each by name; `allocateOutputs` makes them
   * @throws MilliwattError INPUT_SHAPE, MODEL_DISPOSED, BACKEND_LACKS on engines that only run asynchronously
   */
  runInto(inputs: Elements, outputs: Elements): void {
    const moved = this.#engine.moves.length
    if (moved !== this.#boundAtMoves) this.#runInto = null
    this.#boundAtMoves = moved
    this.#runInto ??= this.#synchronous()
    this.#runInto(inputs, outputs)
  }

  /** Arrays that `runInto` can fill, by name of the output. */
  allocateOutputs(): Readonly<Record<string, TensorData>> {
    return allocate(this.outputs)
  }

  /**
   * Runs the same inference several times in one measuring window; cost is per inference, latency the median.
   * @param options.repeats how often
   * @param options.label name of the window in the trace
   * @throws MilliwattError INPUT_SHAPE, BACKEND_FAILED, MODEL_DISPOSED
   */
  async measure(
    input: ModelInput,
    options: { readonly repeats: number; readonly label?: string },
  ): Promise<MeasuredRun> {
    const tensors = this.#check(input)
    const { session } = this.#context
    return this.#engine.inTurn(async () => {
      const latencies = new Float64Array(options.repeats)
      const { remote } = this.#engine
      if (remote) return this.#measureRemote(remote, tensors, latencies, options.label)
      const body = () => this.#repeat(tensors, latencies)
      if (!session) return this.#measured(await body(), latencies, null)
      const { value, window } = await session.window(options.label ?? this.variant.name, options.repeats, body)
      return this.#measured(value, latencies, window)
    })
  }

  /**
   * Times every layer; the state of a streaming model stays as it is.
   * @param options.repeats rounds that are timed, 200 by default
   * @throws MilliwattError INPUT_SHAPE, MODEL_DISPOSED, BACKEND_LACKS on engines that do not show their layers
   */
  profile(input: ModelInput, options: { readonly repeats?: number } = {}): LayerProfile {
    const tensors = this.#check(input)
    const executable = this.#engine.alive()
    if (!executable.profile) throw this.#lacks('profile', 'It does not show its layers; the compiled backend does.')
    const { clock } = this.#context.host
    return executable.profile(tensors, { repeats: options.repeats ?? 200, preciseS: () => clock.preciseS() })
  }

  /**
   * Opens workers that each hold an instance of this model, so that several inferences run at once.
   * @throws MilliwattError BACKEND_LACKS, BACKEND_FAILED; USAGE for a model with state unless `separateState` is set
   */
  async openPool(options: PoolOptions = {}): Promise<ModelPool> {
    const { host } = this.#context
    const model = { host, chosen: { ...this.#chosen, executable: this.#engine.alive() }, stateful: this.stateful }
    const pool = await openPool({ ...model, inputs: this.inputs, outputs: this.outputs }, options)
    this.#pools.add(pool)
    return pool
  }

  /**
   * Gets parts of this model ready on its engine and device, to be run one after the other in the caller's thread by whoever
   * links them. They live as long as the model.
   * @param segments of `cutSegment` or `cutAtExit`
   * @throws MilliwattError BACKEND_FAILED, BACKEND_LACKS on engines that only run asynchronously
   */
  async openParts(segments: readonly Segment[]): Promise<readonly SynchronousRun[]> {
    const { backend, device } = this.#chosen
    const opened: SynchronousRun[] = []
    for (const segment of segments) {
      const { executable, reason } = await tryBackend(this.#context.host, backend, { segment }, device)
      if (!executable) throw new MilliwattError('BACKEND_FAILED', backend.name, reason)
      this.#parts.push(executable)
      if (!executable.synchronous) throw this.#lacks('parts', 'It only runs asynchronously.')
      opened.push(executable.synchronous)
    }
    return opened
  }

  /**
   * Begins the state of a streaming model afresh; does nothing to a model without state.
   * @throws MilliwattError MODEL_DISPOSED, BACKEND_FAILED
   */
  async reset(): Promise<void> {
    await this.#engine.inTurn(async () => {
      this.#engine.alive()
      this.#runInto = null
      if (this.stateful) await this.#engine.reset()
    })
  }

  #lacks(what: string, detail: string): MilliwattError {
    return new MilliwattError('BACKEND_LACKS', `${this.#chosen.backend.name}, ${what}`, detail)
  }

  #synchronous(): ReturnType<typeof runInto> {
    const { synchronous } = this.#engine.alive()
    if (synchronous) return runInto(synchronous, this.inputs, this.outputs)
    throw this.#lacks('runInto', 'It only runs asynchronously: use runAsync, or openPool for several at once.')
  }

  async #repeat(tensors: Tensors, latencies: Float64Array): Promise<Tensors> {
    let outputs: Tensors = {}
    for (let run = 0; run < latencies.length; run++) {
      const once = await this.#once(tensors)
      outputs = once.outputs
      latencies[run] = once.latencyS
    }
    return outputs
  }

  /** The link is outside the window: inputs are there before it, outputs are read after it. */
  async #measureRemote(
    remote: RemoteRun,
    tensors: Tensors,
    latencies: Float64Array,
    label: string | undefined,
  ): Promise<MeasuredRun> {
    const { session } = this.#context
    await remote.load(tensors)
    const run = () => remote.run(latencies.length, 'window')
    const { value, window } = session
      ? await session.window(label ?? this.variant.name, latencies.length, run, {
          onMarker: remote.onMarker,
          channel: this.#context.markerChannel,
        })
      : { value: await run(), window: null }
    for (let at = 0; at < latencies.length; at++) this.#latencies[this.#runs++ % keptLatencies] = value
    return this.#measured(await this.#engine.readRemote(remote), latencies.fill(value), window)
  }

  #measured(outputs: Tensors, latencies: Float64Array, window: MeasuredWindow | null): MeasuredRun {
    const { session } = this.#context
    const [repeats, latencyS] = [latencies.length, median(latencies)]
    const isSeen = session === null || seesDevice(session, this.#engine)
    if (!isSeen) return { outputs, repeats, window, cost: unseenCost(latencyS) }
    const cost =
      session && window && !this.#engine.declaredCost
        ? measuredCost(latencyS, window, repeats, session, this.#context.idlePowerW())
        : this.#unmeteredCost(latencyS)
    return { outputs, repeats, window, cost }
  }

  /** What a run costs without a meter: as a simulated device declares, else from published power. */
  #unmeteredCost(latencyS: number): Cost {
    const declared = this.#engine.declaredCost
    return declared ? declaredAsCost(declared) : modelledCost(latencyS, this.#context.power)
  }

  async #once(tensors: Tensors): Promise<{ readonly outputs: Tensors; readonly latencyS: number }> {
    const once = await this.#engine.run(tensors)
    this.#latencies[this.#runs++ % keptLatencies] = once.latencyS
    return once
  }

  /** Gives the engine's memory back and ends the pools. Calls that wait fail with MODEL_DISPOSED, as do later ones. */
  async dispose(): Promise<void> {
    this.#runInto = null
    if (!(await this.#engine.close())) return
    for (const pool of this.#pools) await pool.dispose()
    for (const part of this.#parts) await part[Symbol.asyncDispose]()
    this.#context.onDispose(this)
  }

  /** The same as `dispose`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose()
  }
}
