import type { AloneReport, StreamReport } from '../report/stream-report.ts'
import { wholeCost } from './cascade-nets.ts'
import type { StreamFacts } from './keyword-stream.ts'
import type { OpenedCascade } from './open-cascade.ts'
import type { StreamRecorder } from './stream-recorder.ts'

/** What a stream's report is made of. */
export interface StreamSummaryParts {
  readonly source: string
  readonly cascade: OpenedCascade
  readonly recorder: StreamRecorder
  readonly facts: StreamFacts
  readonly energySource: string
  readonly clips?: StreamReport['clips']
  readonly alone?: AloneReport | null
}

const lookCount = ({ looks }: StreamRecorder) => Object.values(looks).reduce((sum, count) => sum + count, 0)

/** A cascade's stream for the report; a file counts with the silence that is put behind its end. */
export function streamSummary({
  source,
  cascade,
  recorder,
  facts,
  energySource,
  ...rest
}: StreamSummaryParts): StreamReport {
  const governor = cascade.current()?.governor ?? null
  return {
    source,
    cascade: cascade.name,
    audioS: lookCount(recorder) * cascade.settings.stepS,
    timeline: recorder.timeline,
    clips: rest.clips ?? [],
    looks: recorder.looks,
    macs: facts.macs,
    load: facts.load,
    energyJ: governor?.energyJ ?? null,
    meanPowerW: governor?.meanPowerW ?? null,
    idlePowerW: governor?.power.idleW ?? null,
    provenance: governor?.power.provenance ?? null,
    energySource,
    budgetW: governor && Number.isFinite(governor.budgetW) ? governor.budgetW : null,
    alone: rest.alone ?? null,
  }
}

/**
 * What the large net takes for the same stream at every look.
 * @param hopS from one column of the front end to the next
 * @param heard what it made of the stream; null where it was not run and is only counted
 */
export function largeAlone(
  { nets, power, settings }: OpenedCascade,
  recorder: StreamRecorder,
  hopS: number,
  heard: StreamFacts | null,
): AloneReport {
  const [, large] = nets.models
  const looks = lookCount(recorder)
  const audioS = looks * settings.stepS
  const wholeJ = power && wholeCost(nets, { small: power.smallJ, early: power.earlyJ, large: power.largeJ })
  const energyJ = power && power.idleW * audioS + (power.columnJ * audioS) / hopS + wholeJ! * looks
  return {
    name: large.variant.name,
    looks,
    events: heard?.events ?? null,
    macs: heard?.macs ?? looks * (large.variant.facts.macs ?? 0),
    energyJ,
    meanPowerW: energyJ === null ? null : energyJ / audioS,
  }
}
