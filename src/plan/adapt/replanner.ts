import { scaledLatency } from '../../cost/profile.ts'
import { type Candidate, whyUnusable } from '../candidate.ts'
import { type Choice, choose, type Judged } from '../choose.ts'
import type { Goal } from '../goal.ts'
import { complaintAbout, limitsOf } from '../limits.ts'
import { Beliefs } from './beliefs.ts'
import { Misses } from './misses.ts'
import { Probing, probesInARound } from './probing.ts'

/** One inference that has run. */
export interface Observation {
  /** Key of the candidate that ran: the chosen one, or another as a probe. */
  readonly key: string
  /** Seconds on a clock that only goes forward. */
  readonly timeS: number
  readonly latencyS: number
  readonly missedDeadline?: boolean
  /** Part of the battery's usable charge that is left, 0..1. */
  readonly batteryLeft?: number
}

/** What to do next. */
export interface Advice {
  readonly action: 'keep' | 'switch'
  /** Key of the candidate that should run from now on. */
  readonly key: string
  /**
   * Key of a candidate to run once more on an input that has had its answer already, to learn whether it has recovered; null
   * when none should. Its latency is then observed under its own key. Whoever does not want that ignores it.
   */
  readonly probe: string | null
  readonly reason: string
  /** Measured over predicted time of the running candidate. */
  readonly slowDown: number
  /** Change of `slowDown` per minute as a share; null when not known. */
  readonly driftPerMinute: number | null
}

/** Inferences between two switches, at least and at most. */
const shortestDwell = 10
const longestDwell = 640

/** Others are judged by this much more time than believed, so that what is only as good never displaces what runs. */
const headroom = Math.log(1.1)

/** Part by which another must beat what is minimised, beside the headroom. */
const gain = 0.05

/** Without a step, a probe or a miss too many, the choice is gone over only every so many inferences. */
const lookEvery = 4

/** Logarithm of a slow-down that is worth a probe. */
const noticeable = 0.15

/** A candidate whose times are longer by a factor; power stays, so that energy grows alike. */
function slowed(candidate: Candidate, log: number): Candidate {
  const factor = Math.exp(log)
  const { latency, energy } = candidate
  return {
    ...candidate,
    latency: latency && scaledLatency(latency, factor),
    energy: energy && { ...energy, energyJ: energy.energyJ * factor },
  }
}

/** What is left of a goal after some time: a battery that has to last until the same day with the charge that is left. */
function remaining(goal: Goal, elapsedS: number, batteryLeft: number | null): Goal {
  const { use, minBatteryLifeS, ...rest } = goal
  if (minBatteryLifeS === undefined || !use?.battery || batteryLeft === null) return goal
  if (elapsedS >= minBatteryLifeS) return { ...rest, use }
  const battery = { ...use.battery, usableShare: use.battery.usableShare * batteryLeft }
  return { ...rest, use: { ...use, battery }, minBatteryLifeS: minBatteryLifeS - elapsedS }
}

/**
 * Chooses again while a candidate runs. It is fed every inference and says whether to keep the candidate or to switch, and why.
 *
 * It believes of every candidate how much slower than predicted it is (`Beliefs`), chooses under the goal with the figures
 * slowed accordingly, and switches when the running one breaks a limit that another keeps, or when another is better by about
 * 15 %. It never switches to one that is believed to break a limit, and never sooner than 10 inferences after the last switch;
 * going back to one that was left shortly before doubles that time, up to 640.
 *
 * A candidate on a device that nothing runs on can only be seen to recover by a probe: an additional inference. Probes are
 * asked for rarely (`Probing`), only of candidates that would be better if they ran as predicted, only while the mean energy
 * with them keeps all limits that rest on energy, and, where the goal states a rate, only when both fit between two inferences.
 */
export class Replanner {
  readonly #candidates: readonly Candidate[]
  readonly #goal: Goal
  readonly #beliefs: Beliefs
  readonly #misses = new Misses()
  readonly #probing = new Probing()
  /** By key: the inference at which it was left, and until when it may not come back. */
  readonly #leftAt = new Map<string, number>()
  readonly #barred = new Map<string, { readonly until: number; readonly times: number; readonly why: string }>()
  #running: string
  #count = 0
  /** Why the running one was kept when it was last looked at. */
  #why = 'nothing is known yet'
  #switchedAt = -shortestDwell
  #dwell = shortestDwell
  #startS: number | null = null
  #batteryLeft: number | null = null

  /**
   * @param candidates with their predicted figures, the running one among them; those that cannot run are left out
   * @param running key of the one that runs
   */
  constructor(candidates: readonly Candidate[], goal: Goal, running: string) {
    this.#candidates = candidates.filter((candidate) => whyUnusable(candidate) === null)
    if (!this.#candidates.some(({ key }) => key === running))
      throw new RangeError(`no usable candidate is called ${running}`)
    this.#goal = goal
    this.#running = running
    this.#beliefs = new Beliefs(this.#candidates, running)
  }

  /** Takes one inference and says what to do next. @throws RangeError for a candidate that is not known */
  observe(seen: Observation): Advice {
    this.#startS ??= seen.timeS
    this.#batteryLeft = seen.batteryLeft ?? this.#batteryLeft
    const ratio = Math.max(seen.latencyS / this.#find(seen.key).latency!.medianS, Number.MIN_VALUE)
    if (seen.key !== this.#running) this.#probed(seen.key, ratio)
    else if (!this.#ran(seen, ratio) && this.#count % lookEvery !== 0) return this.#advice('keep', this.#why, null)
    return this.#decide(remaining(this.#goal, seen.timeS - this.#startS, this.#batteryLeft))
  }

  #find(key: string): Candidate {
    const found = this.#candidates.find((candidate) => candidate.key === key)
    if (!found) throw new RangeError(`no usable candidate is called ${key}`)
    return found
  }

  /** Tells whether something changed. */
  #ran({ timeS, missedDeadline }: Observation, ratio: number): boolean {
    this.#count++
    const step = this.#beliefs.ran(timeS, ratio)
    if (step) this.#probing.restart(this.#count, step === 'slower')
    this.#misses.add(missedDeadline ?? false)
    const why = this.#misses.complaint
    if (why && !this.#isBarred(this.#running)) this.#bar(why)
    return step !== null
  }

  /** Keeps the running one from coming back for a while, each time for twice as long. */
  #bar(why: string): void {
    const times = (this.#barred.get(this.#running)?.times ?? 0) + 1
    this.#barred.set(this.#running, { until: this.#count + 4 * shortestDwell * 2 ** times, times, why })
  }

  #probed(key: string, ratio: number): void {
    const settled = this.#probing.add(this.#count, key, ratio, this.#beliefs.of(key))
    if (settled) this.#beliefs.probed(key, settled)
  }

  /** A candidate as it is believed to be now, with a margin for those that do not run. */
  #believed(candidate: Candidate, margin: number): Candidate {
    const { key } = candidate
    const barred = this.#barred.get(key)
    const now = slowed(candidate, this.#beliefs.of(key) + (key === this.#running ? 0 : margin))
    return barred && this.#count < barred.until ? { ...now, unusable: barred.why } : now
  }

  #choose(goal: Goal, margin: number): Choice {
    return choose(
      this.#candidates.map((candidate) => this.#believed(candidate, margin)),
      goal,
    )
  }

  #decide(goal: Goal): Advice {
    const choice = this.#choose(goal, headroom)
    const current = choice.judged.find(({ key }) => key === this.#running)!
    const failing = current.verdict === 'rejected'
    const best = choice.chosen ?? (failing ? this.#choose(goal, 0).chosen : null)
    if (best && best.key !== this.#running && (failing || isBetter(best, current, goal))) {
      if (this.#count - this.#switchedAt >= this.#dwell)
        return this.#switch(best, failing ? current.reason : best.reason)
    }
    this.#why = !failing
      ? 'it meets the goal, and none is clearly better'
      : best
        ? `${current.reason}, but the last switch was just before`
        : `${current.reason}; none that meets the goal is known`
    return this.#advice('keep', this.#why, this.#wantedProbe(goal, current))
  }

  #switch(to: Judged, why: string): Advice {
    const from = this.#running
    const calm = this.#count - this.#switchedAt > 8 * this.#dwell
    const returns = this.#count - (this.#leftAt.get(to.key) ?? Number.NEGATIVE_INFINITY) < 4 * this.#dwell
    this.#dwell = returns ? Math.min(longestDwell, 2 * this.#dwell) : calm ? shortestDwell : this.#dwell
    this.#leftAt.set(from, this.#count)
    this.#switchedAt = this.#count
    this.#beliefs.switch(to.key)
    this.#misses.clear()
    this.#probing.restart(this.#count, false)
    this.#running = to.key
    this.#why = `it took over: ${why}`
    return this.#advice('switch', why, null)
  }

  /** The candidate that is worth a probe and may have one now. */
  #wantedProbe(goal: Goal, current: Judged): string | null {
    const { judged } = choose(
      this.#candidates.map((candidate) => {
        if (candidate.key === this.#running) return current
        const isWorthIt = this.#beliefs.of(candidate.key) > noticeable && !this.#isBarred(candidate.key)
        return isWorthIt ? candidate : { ...candidate, unusable: 'nothing to learn of it' }
      }),
      goal,
    )
    const wanted = judged.find((one) => one.key !== this.#running && one.verdict !== 'rejected')
    if (!wanted || (current.verdict !== 'rejected' && !isBetter(wanted, current, goal))) return null
    if (!this.#probing.due(this.#count, wanted.key)) return null
    return this.#mayProbe(goal, current, this.#believed(this.#find(wanted.key), 0)) ? wanted.key : null
  }

  #isBarred(key: string): boolean {
    return this.#count < (this.#barred.get(key)?.until ?? 0)
  }

  #mayProbe(goal: Goal, current: Candidate, probe: Candidate): boolean {
    const everyS = goal.use?.everyS
    if (everyS !== undefined && current.latency!.medianS + probe.latency!.medianS > everyS) return false
    const energyLimits = limitsOf(goal).filter(({ limit }) => limit.ofEnergy)
    if (energyLimits.length === 0) return true
    if (!current.energy || !probe.energy) return false
    const energyJ = current.energy.energyJ + (probesInARound * probe.energy.energyJ) / this.#probing.interval
    const both: Candidate = { ...current, energy: { ...current.energy, energyJ } }
    return energyLimits.every((asked) => complaintAbout(asked, both, goal, 1) === null)
  }

  #advice(action: Advice['action'], reason: string, probe: string | null): Advice {
    const drift = this.#beliefs.driftPerS
    return {
      action,
      key: this.#running,
      probe,
      reason,
      slowDown: Math.exp(this.#beliefs.of(this.#running)),
      driftPerMinute: drift === null ? null : Math.expm1(60 * drift),
    }
  }
}

/** Tells whether one candidate clearly beats another in what is minimised. */
function isBetter(one: Candidate, other: Candidate, goal: Goal): boolean {
  if (goal.minimize === 'accuracy') return (one.accuracy ?? 0) > (other.accuracy ?? 0)
  if (goal.minimize === 'bytes') return one.modelBytes < other.modelBytes
  const comparable = one.energy !== null && one.energy.provenance === other.energy?.provenance
  const cost = ({ energy, latency }: Candidate) =>
    goal.minimize === 'energy' && comparable ? energy!.energyJ : latency!.medianS
  return cost(one) < cost(other) * (1 - gain)
}
