import type { Provenance } from '../core/provenance.ts'
import type { CascadeStage } from './cascade.ts'

/** What listening costs on a device, by part. */
export interface ListeningPower {
  /** Between the work. */
  readonly idleW: number
  /** Above idle: the front end for a column, a look of the small net, of the large one up to its first exit (0 where that is not asked) and of the rest. */
  readonly columnJ: number
  readonly smallJ: number
  readonly earlyJ: number
  readonly largeJ: number
  readonly provenance: Provenance
}

/** How hard a governed cascade works: every so many looks, and from which posterior of the small net on the large one looks. */
export interface GovernorMode {
  readonly name: 'full' | 'half rate' | 'strict' | 'asleep'
  /** Looks from one that is taken to the next; null takes none. */
  readonly everyLooks: number | null
  /** Least bar for the large net, where the cascade's own is lower. */
  readonly leastBar: number
  /** Credit, as a share of the most, below which the next mode takes over. */
  readonly until: number
}

/** All modes, dearest first. */
const governorModes: readonly GovernorMode[] = [
  { name: 'full', everyLooks: 1, leastBar: 0, until: 0.5 },
  { name: 'half rate', everyLooks: 2, leastBar: 0, until: 0.3 },
  { name: 'strict', everyLooks: 2, leastBar: 0.5, until: 0.1 },
  { name: 'asleep', everyLooks: null, leastBar: 1, until: Number.NEGATIVE_INFINITY },
]

/** A change of mode. */
export interface GovernorChange {
  readonly timeS: number
  readonly from: GovernorMode['name']
  readonly to: GovernorMode['name']
  /** Energy that may be spent beyond the budget's own flow, in joules. */
  readonly creditJ: number
}

/** Seconds of the budget that can be saved up: how long it may be overdrawn in a row. */
const savedS = 60
/** A dearer mode returns only when the credit is so much above its limit, as a share of the most. */
const hysteresis = 0.1

/**
 * Counts what listening costs and keeps its mean power within a budget (an infinite one only counts): what the budget allows flows into an account, what listening costs is
 * taken off, and the emptier it is, the less is done.
 */
export class Governor {
  readonly power: ListeningPower
  readonly budgetW: number
  readonly #mostJ: number
  readonly #onChange: ((change: GovernorChange) => void) | undefined
  #creditJ: number
  #mode = 0
  #spentJ = 0
  #timeS = 0
  /** Seconds in each mode. */
  readonly modeS: Record<GovernorMode['name'], number> = { full: 0, 'half rate': 0, strict: 0, asleep: 0 }

  constructor(power: ListeningPower, budgetW: number, onChange?: (change: GovernorChange) => void) {
    this.power = power
    this.budgetW = budgetW
    this.#mostJ = budgetW * savedS
    this.#creditJ = this.#mostJ
    this.#onChange = onChange
  }

  /** What is done now. */
  get mode(): GovernorMode {
    return governorModes[this.#mode]!
  }

  /** Mean power so far, in watts. */
  get meanPowerW(): number {
    return this.#timeS > 0 ? this.#spentJ / this.#timeS : 0
  }

  /** Energy so far, in joules. */
  get energyJ(): number {
    return this.#spentJ
  }

  /** What a look costs that went so far, in joules above idle. */
  costOf(stage: CascadeStage | null): number {
    if (stage === null || stage === 'gate') return 0
    const { smallJ, earlyJ, largeJ } = this.power
    return smallJ + (stage === 'small' ? 0 : earlyJ) + (stage === 'large' ? largeJ : 0)
  }

  /**
   * Time has passed, with the front end at work and a look that went so far (null where none was taken); may change the
   * mode.
   */
  pass(elapsedS: number, columns: number, stage: CascadeStage | null): void {
    const spentJ = this.power.idleW * elapsedS + this.power.columnJ * columns + this.costOf(stage)
    this.modeS[this.mode.name] += elapsedS
    this.#timeS += elapsedS
    this.#spentJ += spentJ
    this.#creditJ = Math.min(this.#mostJ, this.#creditJ + this.budgetW * elapsedS - spentJ)
    this.#choose()
  }

  #choose(): void {
    if (!Number.isFinite(this.#mostJ)) return
    const share = this.#creditJ / this.#mostJ
    let next = this.#mode
    while (share < governorModes[next]!.until) next += 1
    while (next > 0 && next === Math.min(next, this.#mode) && share >= governorModes[next - 1]!.until + hysteresis)
      next -= 1
    if (next === this.#mode) return
    const [from, to] = [this.mode.name, governorModes[next]!.name]
    this.#mode = next
    this.#onChange?.({ timeS: this.#timeS, from, to, creditJ: this.#creditJ })
  }
}

/** Mean power of doing nothing but the front end: what no governor can get below. */
export function leastPowerW({ idleW, columnJ }: ListeningPower, columnS: number): number {
  return idleW + columnJ / columnS
}
