import type { DetectorSettings } from '../audio/stream/detector.ts'
import type { Card, CardCascade } from '../catalogue/card.ts'
import { keywordsOf } from '../catalogue/detector-settings.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Clock } from '../core/host.ts'
import { Cascade, type CascadeDecision } from './cascade.ts'
import { type CascadeNets, openCascadeNets } from './cascade-nets.ts'
import { Governor, type GovernorChange, type ListeningPower, leastPowerW } from './governor.ts'
import type { KeywordStreamOptions } from './keyword-stream.ts'
import type { LoadedModel } from './model.ts'

/** What to open a cascade with. */
export interface OpenCascadeOptions {
  readonly card: Card
  /** Loads a variant of the card's model. */
  readonly load: (variant: string) => Promise<LoadedModel>
  readonly clock: Clock
  /** What listening costs here with these nets; null or absent where nobody knows. */
  readonly powerOf?: (nets: CascadeNets) => ListeningPower | null | Promise<ListeningPower | null>
  /** Mean power to stay within, in watts. */
  readonly budgetW?: number
  readonly onDecision?: (decision: CascadeDecision) => void
  readonly onChange?: (change: GovernorChange) => void
}

/** A cascade that is ready to listen. */
export interface OpenedCascade {
  readonly name: string
  readonly nets: CascadeNets
  readonly settings: DetectorSettings
  readonly scorer: KeywordStreamOptions['scorer']
  readonly power: ListeningPower | null
  /** The cascade and governor of the stream that was begun last. */
  current(): { readonly cascade: Cascade; readonly governor: Governor | null } | null
}

/** How a card says that its variants work in turn. @throws MilliwattError CARD_INVALID */
export function cascadeOf(card: Card): CardCascade {
  if (card.cascade) return card.cascade
  throw new MilliwattError(
    'CARD_INVALID',
    card.name,
    'It holds no cascade; "milliwatt kws calibrate MODEL --cascade SMALL LARGE --data FOLDER --write" sets one.',
  )
}

function checkBudget(card: Card, power: ListeningPower | null, budgetW: number | undefined): void {
  if (budgetW === undefined) return
  if (!power)
    throw new MilliwattError(
      'GOAL_INVALID',
      '--budget-mw',
      'Nobody published the power of this machine: state it with --active-mw and --sleep-mw.',
    )
  const leastW = leastPowerW(power, card.features.hopS)
  if (leastW <= budgetW) return
  const [least, most] = [leastW, budgetW].map((watts) => `${(1e3 * watts).toPrecision(3)} mW`)
  throw new MilliwattError(
    'GOAL_NOT_MET',
    '--budget-mw',
    `Front end and idling alone take ${least}, the budget is ${most}.`,
  )
}

/**
 * Opens the cascade of a card.
 * @throws MilliwattError CARD_INVALID without one; GOAL_INVALID where a budget has no figures to be held by, GOAL_NOT_MET
 * where doing nothing takes more
 */
export async function openCascade(options: OpenCascadeOptions): Promise<OpenedCascade> {
  const { card, load, clock, budgetW } = options
  const { small, large, detector, speech: _, ...settings } = cascadeOf(card)
  const nets = await openCascadeNets(card, { small, large, ...settings }, load, clock)
  const power = (await options.powerOf?.(nets)) ?? null
  checkBudget(card, power, budgetW)
  let current: ReturnType<OpenedCascade['current']> = null
  const { stepS } = detector
  return {
    name: nets.name,
    nets,
    settings: detector,
    power,
    current: () => current,
    scorer: (window) => {
      const governor = power && new Governor(power, budgetW ?? Number.POSITIVE_INFINITY, options.onChange)
      const cascade = new Cascade({
        ...nets.scorers(window),
        settings,
        labels: card.labels,
        keywords: keywordsOf(card),
        silenceLabel: card.silenceLabel,
        otherLabel: card.otherLabel,
        stepS,
        columnsALook: Math.max(1, Math.round(stepS / card.features.hopS)),
        ...(governor ? { governor } : {}),
        ...(options.onDecision ? { onDecision: options.onDecision } : {}),
      })
      current = { cascade, governor }
      return cascade
    },
  }
}
