import { type Backend, segmentSpecs } from '../backends/backend.ts'
import { selectBackends } from '../backends/list.ts'
import type { SimulatedNpus } from '../backends/simulated-npu.ts'
import type { Catalogue, Variant } from '../catalogue/load.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { openMeter } from '../meters/list.ts'
import type { Meter, MeterOptions } from '../meters/meter.ts'
import { rawDecoders } from '../meters/raw-decoders.ts'
import { checkGoal, defaultGoal, type Goal } from '../plan/goal.ts'
import { openCapture } from '../trace/capture.ts'
import type { SampleEvent } from '../trace/samples.ts'
import { AdaptiveModel, type AdaptOptions } from './adaptive.ts'
import type { Runnable } from './candidates.ts'
import { knownShape } from './input.ts'
import { readMachineProfile } from './machine-profile-store.ts'
import { LoadedModel } from './model.ts'
import { explainSpread, type ModelPlan } from './model-plan.ts'
import { type ModelSource, readModelSource, withDimensions } from './model-source.ts'
import { probeOn } from './on-device.ts'
import { type PlanContext, type Planned, planCatalogue } from './plan.ts'
import { PowerSession } from './power.ts'
import { type Probe, probe } from './probe.ts'
import type { OnProgress } from './progress.ts'
import { tryBackend } from './try-backend.ts'
import { chosenNpus } from './what-if.ts'

/** How to open a runtime. */
export interface RuntimeOptions {
  /** A meter as `DRIVER` or `DRIVER:PATH` (`ppk2:/dev/ttyACM0`, `emulated`), or one opened already; none by default. */
  readonly meter?: string | Meter
  /** Supply voltage in volts and the meter's mode, where the driver asks for them. */
  readonly meterOptions?: Omit<MeterOptions, 'path'>
  /** Path without ending where the power trace is written; it is not kept by default. */
  readonly traceBase?: string
  /** Names of the backends to plan over, or backends of one's own; all by default. */
  readonly backends?: readonly (string | Backend)[]
  /** The only devices to plan for, each by its id, its file in `targets/` or its serial port (`qemu-m4`, `/dev/ttyACM0`). */
  readonly on?: readonly string[]
  /** Digital channel of the meter that the marker pin of a board is wired to. */
  readonly markerChannel?: number
  /** Accelerators that are not here, by name (`ethos-u55-128`): plans consider them by their declared model. */
  readonly whatIf?: readonly string[]
  readonly onProgress?: OnProgress
  /** Sees everything that the meter yields, as it comes. */
  readonly onSamples?: (event: SampleEvent) => void
  readonly signal?: AbortSignal
}

/** How to load a model. */
export interface LoadOptions {
  readonly goal?: Goal
  /** Plan only over the variant of this name. */
  readonly variant?: string
  /** Names of the backends to plan over, or backends of one's own; those of the runtime by default. */
  readonly backends?: readonly (string | Backend)[]
  /** Lengths of dimensions that the file leaves open: `{ batch: 1 }`. */
  readonly dimensions?: Readonly<Record<string, number>>
  /** Measure latencies again even if they are in the cache. */
  readonly remeasure?: boolean
}

/** Opens the meter that the options name and starts its stream; null without one. */
export async function startSession(host: Host, options: RuntimeOptions): Promise<PowerSession | null> {
  if (options.meter === undefined) return null
  const meter =
    typeof options.meter === 'string' ? await openMeter(host, options.meter, options.meterOptions ?? {}) : options.meter
  const { driver, model, path, sampleRateHz, supplyV, provenance, rawFormat } = meter.info
  const capture =
    options.traceBase === undefined
      ? null
      : await openCapture({
          files: host.files,
          clock: host.clock,
          base: options.traceBase,
          meter: { ...meter.info, driver, model, path },
          rawFormat: Object.hasOwn(rawDecoders, rawFormat) ? rawFormat : null,
          sampleRateHz,
          supplyV,
          provenance,
        })
  const session = new PowerSession(host, meter, capture, options.onSamples)
  if (await session.ready(options.signal)) return session
  await session[Symbol.asyncDispose]()
  options.signal?.throwIfAborted()
  throw session.lost ?? new MilliwattError('METER_WRONG', path, 'It sends no samples.')
}

function onlyVariant(catalogue: Catalogue, name: string): readonly Variant[] {
  const found = catalogue.variants.filter((variant) => variant.name === name)
  if (found.length > 0) return found
  const names = catalogue.variants.map((variant) => variant.name).join(', ')
  throw new MilliwattError('VARIANT_UNKNOWN', name, `There are: ${names}.`)
}

/** The variants to plan over, with their open dimensions at the lengths that were given. */
function narrowed(all: Catalogue, { variant, dimensions }: LoadOptions): Catalogue {
  const variants = variant === undefined ? all.variants : onlyVariant(all, variant)
  const fixed = variants.map((one) => withDimensions(one, dimensions))
  for (const { segment } of fixed) for (const spec of segmentSpecs(segment).inputs) knownShape(spec)
  return { ...all, variants: fixed }
}

function toBackends(named: readonly (string | Backend)[]): readonly Backend[] {
  return named.flatMap((backend) => (typeof backend === 'string' ? selectBackends([backend]) : [backend]))
}

/** The loop of one process: what is here, a meter if any, and the models that were loaded. */
export class Runtime implements AsyncDisposable {
  readonly probe: Probe
  readonly session: PowerSession | null
  readonly #host: Host
  readonly #options: RuntimeOptions
  readonly #backends: readonly Backend[]
  readonly #simulated: SimulatedNpus | null
  readonly #models = new Set<LoadedModel>()
  #idlePowerW: number | null = null

  constructor(host: Host, options: RuntimeOptions, probed: Probe, session: PowerSession | null) {
    this.#host = host
    this.#options = options
    this.probe = probed
    this.session = session
    this.#backends = options.backends ? toBackends(options.backends) : selectBackends(undefined)
    this.#simulated = options.whatIf?.length ? chosenNpus(probed.targets, options.whatIf) : null
  }

  /** Idle power in watts as last measured; null before. */
  get idlePowerW(): number | null {
    return this.#idlePowerW
  }

  /**
   * Measures the idle level for net figures: nothing should run meanwhile. Null without a meter.
   * @param durationS seconds to look
   */
  async measureIdle(durationS = 1): Promise<number | null> {
    const level = await this.session?.idle(durationS, this.#options.signal)
    if (level?.idle) this.#idlePowerW = level.idle.meanPowerW
    return level?.idle?.meanPowerW ?? null
  }

  /**
   * Loads a model and plans it: the variant × backend that is best under the goal on this machine.
   * @param model path of a model file (.onnx, .tflite, or a .wasm of `milliwatt compile`), of a folder with a card, the
   * name of a shipped model (`kws`), or the bytes of a model file
   * @throws MilliwattError MODEL_*, CARD_INVALID, VARIANT_*, GOAL_INVALID, GOAL_NOT_MET, INPUT_SHAPE for open dimensions
   */
  async load(model: string | Uint8Array, options: LoadOptions = {}): Promise<LoadedModel> {
    const { planned, catalogue } = await this.#plan(model, options)
    return this.#open(model, catalogue, planned)
  }

  /**
   * Loads a model that goes on choosing while it runs, under the same goal: see `AdaptiveModel`.
   * @throws MilliwattError as `load`
   */
  async loadAdaptive(model: string | Uint8Array, options: LoadOptions & AdaptOptions = {}): Promise<AdaptiveModel> {
    const { planned, catalogue, goal } = await this.#plan(model, options)
    const first = await this.#open(model, catalogue, planned)
    const load = async (key: string) => {
      const { backend, variant, device } = planned.attempted.get(key)!
      const { executable, reason } = await tryBackend(this.#host, backend, variant, device)
      if (!executable) throw new MilliwattError('BACKEND_FAILED', backend.name, reason)
      return this.#loaded(catalogue, planned, { key, variant, backend, device, executable, unusable: null })
    }
    const { clock } = this.#host
    return new AdaptiveModel({ clock, judged: planned.choice.judged, goal, first, load }, options)
  }

  async #open(model: string | Uint8Array, catalogue: Catalogue, planned: Planned): Promise<LoadedModel> {
    if (planned.chosen) return this.#loaded(catalogue, planned, planned.chosen)
    throw new GoalNotMet(typeof model === 'string' ? model : catalogue.name, planned.report)
  }

  async #loaded(catalogue: Catalogue, planned: Planned, chosen: Runnable): Promise<LoadedModel> {
    const context = {
      host: this.#host,
      session: this.session,
      power: this.probe.power,
      markerChannel: this.#options.markerChannel,
      idlePowerW: () => this.#idlePowerW,
      onDispose: (disposed: LoadedModel) => void this.#models.delete(disposed),
    }
    const loaded = new LoadedModel(context, catalogue, planned.report, chosen)
    this.#models.add(loaded)
    // Measuring has moved the state of a streaming model.
    await loaded.reset()
    return loaded
  }

  /**
   * Plans a model, or a family of variants that lies in memory, without loading it: the choice among its variants, and which layer of the chosen one runs where.
   * @throws MilliwattError as `load`, but a goal that is not met is part of the plan
   */
  async plan(model: string | Uint8Array | Catalogue, options: LoadOptions = {}): Promise<ModelPlan> {
    const { planned, catalogue } = await this.#plan(model, options)
    await planned.chosen?.executable[Symbol.asyncDispose]()
    return { plan: planned.report, ...explainSpread(planned, catalogue) }
  }

  async #plan(model: string | Uint8Array | Catalogue, options: LoadOptions) {
    const goal = checkGoal(options.goal ?? defaultGoal)
    const { catalogue, backend }: ModelSource =
      typeof model === 'object' && 'variants' in model ? { catalogue: model } : await readModelSource(this.#host, model)
    const backends = options.backends ? toBackends(options.backends) : this.#backends
    const context = await this.#planContext(options, backend ? [backend] : backends)
    return { goal, catalogue, planned: await planCatalogue(context, narrowed(catalogue, options), goal) }
  }

  async #planContext({ remeasure = false }: LoadOptions, backends: readonly Backend[]): Promise<PlanContext> {
    const { onProgress, signal } = this.#options
    return {
      machine: await readMachineProfile(this.#host, this.probe.fingerprint),
      simulated: this.#simulated,
      host: this.#host,
      probe: this.probe,
      backends,
      session: this.session,
      markerChannel: this.#options.markerChannel,
      remeasure,
      ...(onProgress ? { onProgress } : {}),
      ...(signal ? { signal } : {}),
    }
  }

  /** The same as `dispose`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose()
  }

  /** Releases all models, stops the meter and ends the trace. */
  async dispose(): Promise<void> {
    for (const model of this.#models) await model.dispose()
    if (this.#options.signal?.aborted) this.session?.interrupt('interrupted by the user')
    await this.session?.[Symbol.asyncDispose]()
  }
}

const sentence = (words: string | null) => (words === null ? '' : `${words[0]!.toUpperCase()}${words.slice(1)}. `)

/** The goal cannot be met here; `plan` holds every candidate with its reason. */
export class GoalNotMet extends MilliwattError {
  readonly plan: LoadedModel['plan']

  constructor(model: string, plan: LoadedModel['plan']) {
    const reasons = plan.candidates.map((row) => `${row.variant} on ${row.backend}: ${row.reason}`)
    super('GOAL_NOT_MET', model, `${sentence(plan.unmet)}Every candidate fails: ${reasons.join('; ')}.`)
    this.plan = plan
  }
}

/**
 * Opens a runtime: probes the machine and starts the meter if one is named.
 * @throws MilliwattError METER_*, TARGET_INVALID, TARGET_UNKNOWN, BACKEND_UNKNOWN, BOARD_UNKNOWN, EMULATOR_MISSING
 */
export async function openRuntimeOn(host: Host, options: RuntimeOptions = {}): Promise<Runtime> {
  const all = await probe(host, options.backends && toBackends(options.backends))
  const usual = options.backends ? toBackends(options.backends) : selectBackends(undefined)
  const { probe: probed, backends } =
    options.on === undefined ? { probe: all, backends: usual } : await probeOn(host, all, options.on, usual)
  const session = await startSession(host, options)
  try {
    return new Runtime(host, { ...options, backends }, probed, session)
  } catch (error) {
    await session?.[Symbol.asyncDispose]()
    throw error
  }
}
