import { MilliwattError } from '../core/errors.ts'
import type { Clock } from '../core/host.ts'
import { type Advice, Replanner } from '../plan/adapt/replanner.ts'
import type { Judged } from '../plan/choose.ts'
import type { Goal } from '../plan/goal.ts'
import type { ModelInput } from './input.ts'
import type { LoadedModel, RunResult } from './model.ts'
import { reasonOf } from './try-backend.ts'

/** A change of what runs. */
export interface ModelSwitch {
  /** Inferences before it. */
  readonly after: number
  /** Seconds on the host's monotonic clock. */
  readonly timeS: number
  readonly from: string
  readonly to: string
  readonly reason: string
}

/** How to keep a plan right while it runs. */
export interface AdaptOptions {
  /** Seconds after which an inference counts as late; the goal's latency limit by default. */
  readonly deadlineS?: number
  /** Part of the battery's usable charge that is left, 0..1; null when not known. Asked once a minute. */
  batteryLeft?(): Promise<number | null>
  /** Whether candidates that are left may be run once more now and then, to see that they recovered; true by default. */
  readonly probes?: boolean
  onSwitch?(event: ModelSwitch): void
}

/** What an adaptive model is made of. */
export interface AdaptiveParts {
  readonly clock: Clock
  readonly judged: readonly Judged[]
  readonly goal: Goal
  readonly first: LoadedModel
  /** Gets a candidate ready by its key. */
  load(key: string): Promise<LoadedModel>
}

/** An input for whichever variant runs: elements, or a function of the model that gives them in its own form. */
export type AdaptiveInput = ModelInput | ((model: LoadedModel) => ModelInput)

/** Models that stay ready beside the one that runs. */
const mostReady = 3
/** Seconds between two looks at the battery. */
const batteryEveryS = 60

const wordsOf = ({ variant, places }: Judged): string =>
  `${variant} on ${places.map(({ backend, device }) => `${backend} ${device}`).join(', ')}`

/**
 * A model that goes on choosing while it runs: every inference is held against its prediction, and when a device slows down,
 * a deadline is missed too often or the battery falls behind, another candidate takes over, and the first one again later.
 * Calls run one after another. A candidate that cannot be made ready is not tried again.
 */
export class AdaptiveModel implements AsyncDisposable {
  readonly #parts: AdaptiveParts
  readonly #options: AdaptOptions
  readonly #ready = new Map<string, LoadedModel>()
  readonly #switches: ModelSwitch[] = []
  #replanner: Replanner
  #candidates: readonly Judged[]
  #key: string
  #count = 0
  #battery: { readonly timeS: number; readonly left: number | null } | null = null
  #turn: Promise<unknown> = Promise.resolve()
  #advice: Advice | null = null

  constructor(parts: AdaptiveParts, options: AdaptOptions = {}) {
    this.#parts = parts
    this.#options = options
    this.#candidates = parts.judged
    this.#key = parts.judged.find(({ verdict }) => verdict === 'chosen')!.key
    this.#ready.set(this.#key, parts.first)
    this.#replanner = new Replanner(this.#candidates, parts.goal, this.#key)
  }

  /** The model that runs now. */
  get model(): LoadedModel {
    return this.#ready.get(this.#key)!
  }

  /** What changed so far, oldest first. */
  get switches(): readonly ModelSwitch[] {
    return this.#switches
  }

  /** What the last inference said of the running candidate; null before the first. */
  get advice(): Advice | null {
    return this.#advice
  }

  /**
   * Runs once, then decides what runs next.
   * @throws MilliwattError INPUT_SHAPE, BACKEND_FAILED, MODEL_DISPOSED
   */
  async run(input: AdaptiveInput): Promise<RunResult> {
    const result = this.#turn.then(() => this.#run(input))
    this.#turn = result.catch(() => undefined)
    return result
  }

  async #run(input: AdaptiveInput): Promise<RunResult> {
    const { model } = this
    const result = await model.run(inputFor(input, model))
    this.#count += 1
    const advice = await this.#observe(this.#key, result.cost.latencyS)
    await this.#follow(advice)
    if (advice.probe !== null && this.#options.probes !== false) await this.#probe(advice.probe, input)
    return result
  }

  async #observe(key: string, latencyS: number): Promise<Advice> {
    const { clock, goal } = this.#parts
    const deadlineS = this.#options.deadlineS ?? goal.maxLatencyS
    const batteryLeft = await this.#batteryLeft()
    const advice = this.#replanner.observe({
      key,
      timeS: clock.nowS(),
      latencyS,
      ...(deadlineS === undefined ? {} : { missedDeadline: latencyS > deadlineS }),
      ...(batteryLeft === null ? {} : { batteryLeft }),
    })
    this.#advice = advice
    return advice
  }

  async #batteryLeft(): Promise<number | null> {
    const timeS = this.#parts.clock.nowS()
    if (!this.#options.batteryLeft) return null
    if (!this.#battery || timeS - this.#battery.timeS >= batteryEveryS)
      this.#battery = { timeS, left: await this.#options.batteryLeft() }
    return this.#battery.left
  }

  async #follow({ action, key, reason }: Advice): Promise<void> {
    if (action === 'keep') return
    const from = this.#find(this.#key)
    const next = await this.#prepare(key)
    if (!next) return
    this.#key = key
    const to = wordsOf(this.#find(key))
    const event = { after: this.#count, timeS: this.#parts.clock.nowS(), from: wordsOf(from), to, reason }
    this.#switches.push(event)
    this.#options.onSwitch?.(event)
    await this.#release()
  }

  async #probe(key: string, input: AdaptiveInput): Promise<void> {
    const model = await this.#prepare(key)
    if (!model) return
    const { cost } = await model.run(inputFor(input, model))
    await this.#follow(await this.#observe(key, cost.latencyS))
    await this.#release()
  }

  /** A candidate made ready; one that cannot be is left out from then on, and null is given. */
  async #prepare(key: string): Promise<LoadedModel | null> {
    const known = this.#ready.get(key)
    if (known) return known
    try {
      const model = await this.#parts.load(key)
      this.#ready.set(key, model)
      return model
    } catch (error) {
      this.#candidates = this.#candidates.map((one) => (one.key === key ? { ...one, unusable: reasonOf(error) } : one))
      this.#replanner = new Replanner(this.#candidates, this.#parts.goal, this.#key)
      return null
    }
  }

  /** Gives back the oldest of too many that are ready. */
  async #release(): Promise<void> {
    for (const [key, model] of this.#ready) {
      if (this.#ready.size <= mostReady) return
      if (key === this.#key) continue
      this.#ready.delete(key)
      await model.dispose()
    }
  }

  #find(key: string): Judged {
    const found = this.#candidates.find((candidate) => candidate.key === key)
    if (found) return found
    throw new MilliwattError('VARIANT_UNKNOWN', key)
  }

  /** Gives back all models. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn
    for (const model of this.#ready.values()) await model.dispose()
  }
}

const inputFor = (input: AdaptiveInput, model: LoadedModel): ModelInput =>
  typeof input === 'function' ? input(model) : input
