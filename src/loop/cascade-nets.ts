import type { FeatureStream } from '../audio/stream/feature-stream.ts'
import type { Card, CardCascade, CardVariant } from '../catalogue/card.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Clock } from '../core/host.ts'
import type { CascadeParts } from './cascade.ts'
import { openExitNet } from './exit-net.ts'
import type { LoadedModel } from './model.ts'
import { netScorer } from './net-scorer.ts'

/** What each stage of a cascade costs a look (seconds, joules, multiply-accumulates); `early` is 0 where it is not asked. */
export interface StageCosts {
  readonly small: number
  readonly early: number
  readonly large: number
}

/** The nets of a cascade, ready to look at streams. */
export interface CascadeNets {
  readonly name: string
  /** The variant of the small net and that of the large one; the same where the small one is its first exit. */
  readonly models: readonly [LoadedModel, LoadedModel]
  /** Multiply-accumulates of a look by stage. */
  readonly macs: StageCosts
  /** Spreads what whole nets cost over the stages. */
  costs(small: number, large: number): StageCosts
  scorers(window: FeatureStream): Pick<CascadeParts, 'small' | 'early' | 'large'>
}

const macsOf = ({ variant }: LoadedModel) => variant.facts.macs ?? 0

/** What the large net takes alone, all of it, given what the stages take. */
export function wholeCost({ models: [small, large] }: Pick<CascadeNets, 'models'>, costs: StageCosts): number {
  return (small === large ? costs.small : 0) + costs.early + costs.large
}

/** @throws MilliwattError CARD_INVALID */
function variantOf({ variants, name: card }: Card, name: string): CardVariant {
  const found = variants.find((variant) => variant.name === name)
  if (found) return found
  throw new MilliwattError('CARD_INVALID', card, `Its cascade names the variant "${name}", which it has not.`)
}

/**
 * Opens the nets of a cascade: two variants, or one that has exits, whose first exit is then the small net; with `exitAt`
 * the large one stops at its first exit too.
 * @throws MilliwattError CARD_INVALID, CUT_ILLEGAL, BACKEND_FAILED, BACKEND_LACKS
 */
export async function openCascadeNets(
  card: Card,
  { small, large, exitAt }: Pick<CardCascade, 'small' | 'large' | 'exitAt'>,
  load: (variant: string) => Promise<LoadedModel>,
  clock: Clock,
): Promise<CascadeNets> {
  const [smallVariant, largeVariant] = [variantOf(card, small), variantOf(card, large)]
  const largeModel = await load(large)
  const { labels } = card
  if (small === large) {
    const net = await openExitNet(largeModel, largeVariant, clock)
    return {
      name: `${large}, first exit → all`,
      models: [largeModel, largeModel],
      macs: { small: net.firstMacs, early: 0, large: net.restMacs },
      costs: (_, whole) => ({ small: whole * net.firstShare, early: 0, large: whole * (1 - net.firstShare) }),
      scorers: (window) => {
        const { first, rest } = net.scorers(window, labels)
        return { small: first, large: rest }
      },
    }
  }
  const smallModel = await load(smallVariant.name)
  const models = [smallModel, largeModel] as const
  if (exitAt === undefined)
    return {
      name: `${small} → ${large}`,
      models,
      macs: { small: macsOf(smallModel), early: 0, large: macsOf(largeModel) },
      costs: (one, whole) => ({ small: one, early: 0, large: whole }),
      scorers: (window) => ({
        small: netScorer(smallModel, window, labels),
        large: netScorer(largeModel, window, labels),
      }),
    }
  const net = await openExitNet(largeModel, largeVariant, clock)
  return {
    name: `${small} → ${large}, first exit → all`,
    models,
    macs: { small: macsOf(smallModel), early: net.firstMacs, large: net.restMacs },
    costs: (one, whole) => ({ small: one, early: whole * net.firstShare, large: whole * (1 - net.firstShare) }),
    scorers: (window) => {
      const { first, rest } = net.scorers(window, labels)
      return { small: netScorer(smallModel, window, labels), early: first, large: rest }
    },
  }
}
