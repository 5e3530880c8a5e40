import type { CardFeatures } from '../audio/feature-spec.ts'
import { FeatureStream } from '../audio/stream/feature-stream.ts'
import type { Clock } from '../core/host.ts'
import { median } from '../core/stats.ts'
import type { PublishedPower } from '../cost/modelled.ts'
import type { CascadeNets } from './cascade-nets.ts'
import type { ListeningPower } from './governor.ts'
import type { LoadedModel } from './model.ts'
import type { OpenFrontend } from './model-frontend.ts'

/** Columns that are timed, after as many that are not. */
const timedColumns = 200

/** A front end at work: every call gives the next column. */
export function columnMaker(spec: CardFeatures, frontend?: OpenFrontend): () => void {
  const stream = new FeatureStream(spec, frontend?.())
  const sound = Int16Array.from({ length: stream.hop }, (_, n) => ((n * 7919) % 20001) - 10000)
  return () => {
    for (let at = 0; at < sound.length; ) at = stream.push(sound, at)
  }
}

/** Time that the front end takes for a column here, in seconds: the median. */
export function columnTimeS(spec: CardFeatures, clock: Clock, frontend?: OpenFrontend): number {
  const next = columnMaker(spec, frontend)
  const times = Array.from({ length: 2 * timedColumns }, () => {
    const startS = clock.preciseS()
    next()
    return clock.preciseS() - startS
  })
  return median(times.slice(timedColumns))
}

/** Median latency of a model's inference as its plan measured it. */
const latencyOf = ({ plan }: LoadedModel) => plan.chosen?.latencyS ?? 0

/** What listening costs by a machine's published power and the times that were measured here: E = P·t, `modelled`. */
export function listeningPower(
  { activeW, idleW }: PublishedPower,
  columnS: number,
  { models: [small, large], costs }: Pick<CascadeNets, 'models' | 'costs'>,
): ListeningPower {
  const aboveW = activeW - (idleW ?? 0)
  const timesS = costs(latencyOf(small), latencyOf(large))
  return {
    idleW: idleW ?? 0,
    columnJ: aboveW * columnS,
    smallJ: aboveW * timesS.small,
    earlyJ: aboveW * timesS.early,
    largeJ: aboveW * timesS.large,
    provenance: 'modelled',
  }
}
