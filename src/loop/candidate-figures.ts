import { modelledEnergy } from '../cost/modelled.ts'
import type { EnergyFigure, LatencyFigure, Profile } from '../cost/profile.ts'
import type { Candidate } from '../plan/candidate.ts'
import { contendersOf } from '../plan/contenders.ts'
import type { Goal } from '../plan/goal.ts'
import { type CandidateContext, isDeclared, type Runnable } from './candidates.ts'
import { planEnergy } from './plan-energy.ts'
import type { PowerSession } from './power.ts'
import { LatencyRounds, screeningRounds, settlingRounds } from './profile.ts'
import { stopIfAborted } from './progress.ts'

/** What figures are measured with. */
export interface FigureContext extends CandidateContext {
  readonly session: PowerSession | null
  /** Digital channel of the meter on which a board's marker pin lies. */
  readonly markerChannel?: number | undefined
}

/** So few candidates are all measured in full at once. */
const few = 4

/** Seconds of running that energy is read over: at first, and where the choice hangs on it. */
const windowS = { screening: 0.05, settling: 0.25 } as const

/** Seconds between rounds that have to meet the machine's slow spells. */
const spreadS = 0.05

/** Latency and energy of a plan's candidates: of all in a few rounds, then of those that matter in more. */
export class CandidateFigures {
  readonly #context: FigureContext
  readonly #rounds: LatencyRounds
  readonly #latencies = new Map<string, LatencyFigure>()
  readonly #readings = new Map<string, EnergyFigure | null>()
  readonly #batches = new Map<string, number>()
  /** Keys whose latency was measured now. */
  readonly measured: Set<string> = new Set()

  constructor(context: FigureContext) {
    this.#context = context
    this.#rounds = new LatencyRounds(context.host)
  }

  get latencies(): ReadonlyMap<string, LatencyFigure> {
    return this.#latencies
  }

  /** How often a candidate was measured beyond the first rounds. */
  batches(key: string): number {
    return this.#batches.get(key) ?? 0
  }

  async #time(some: readonly Runnable[], rounds: number, pauseS: number): Promise<void> {
    const { onProgress, signal } = this.#context
    const hooks = { ...(onProgress ? { onProgress } : {}), ...(signal ? { signal } : {}) }
    await this.#rounds.add(some, rounds, { pauseS, ...hooks })
    const figures = this.#rounds.figures()
    for (const { key } of some) {
      this.#latencies.set(key, figures.get(key)!)
      this.measured.add(key)
    }
  }

  async #readEnergies(some: readonly Runnable[], seconds: number): Promise<void> {
    const { session, onProgress, signal, markerChannel } = this.#context
    if (!session) return
    for (const [index, one] of some.entries()) {
      stopIfAborted(signal)
      if (isDeclared(one)) continue
      const { medianS } = this.#latencies.get(one.key)!
      this.#readings.set(one.key, await planEnergy(session, one, medianS, seconds, markerChannel))
      onProgress?.({ stage: 'energy', done: index + 1, total: some.length })
    }
  }

  /** First figures of all: latencies from the profile where it has all of them, else measured. Tells where they come from. */
  async open(runnable: readonly Runnable[], profile: Profile): Promise<string> {
    const real = runnable.filter((one) => !isDeclared(one))
    const kept = real.map(({ key }) => profile.entries[key])
    const isCached = !this.#context.remeasure && kept.every((entry) => entry !== undefined)
    for (const [index, { key }] of real.entries()) if (isCached) this.#latencies.set(key, kept[index]!.latency)
    const isFew = runnable.length <= few
    const untold = runnable.filter(({ key }) => !this.#latencies.has(key))
    if (untold.length > 0) await this.#time(untold, isFew ? screeningRounds + settlingRounds : screeningRounds, 0)
    await this.#readEnergies(runnable, isFew ? windowS.settling : windowS.screening)
    for (const one of runnable) {
      const isSettled = this.#latencies.get(one.key)!.p95HighS !== undefined && (isFew || !this.#context.session)
      if (isDeclared(one)) this.#batches.set(one.key, Number.POSITIVE_INFINITY)
      else if (isSettled) this.#batches.set(one.key, 1)
    }
    if (!isCached) return 'measured now on this machine'
    const oldest = kept.map((entry) => entry?.measuredAt ?? '').sort()[0]
    return `cached, measured on this machine ${oldest} (--remeasure measures again)`
  }

  /** Measures some further, side by side; where latency is limited, in rounds that lie apart. */
  async #settle(some: readonly Runnable[], pauseS: number): Promise<void> {
    const again = some.filter(({ key }) => this.batches(key) > 0 || this.#latencies.get(key)!.p95HighS === undefined)
    if (again.length > 0) await this.#time(again, settlingRounds, pauseS)
    await this.#readEnergies(
      some.filter(({ key }) => this.batches(key) === 0),
      windowS.settling,
    )
    for (const { key } of some) this.#batches.set(key, this.batches(key) + 1)
  }

  /**
   * Measures those candidates further that a choice under a goal hangs on, until more would not change it.
   * @param candidates all of the choice, with the figures as they stand
   */
  async settleFor(goal: Goal, runnable: readonly Runnable[], candidates: () => readonly Candidate[]): Promise<void> {
    for (;;) {
      const open = new Set(contendersOf(candidates(), goal, (key) => this.batches(key)))
      if (open.size === 0) return
      await this.#settle(
        runnable.filter(({ key }) => open.has(key)),
        goal.maxLatencyS === undefined ? 0 : spreadS,
      )
    }
  }

  /** Energy by the meter when there is one, else from published figures; one source for all candidates. */
  energyOf({ key, executable: { declaredCost } }: Runnable): EnergyFigure | null {
    const { session, probe } = this.#context
    if (declaredCost) {
      const { energyJ, provenance } = declaredCost
      return energyJ === null ? null : { energyJ, provenance }
    }
    if (session) return this.#readings.get(key) ?? null
    return probe.power && modelledEnergy(this.#latencies.get(key)!.medianS, probe.power)
  }
}
