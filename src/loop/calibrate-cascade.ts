import type { FeatureStream } from '../audio/stream/feature-stream.ts'
import { SoundGate } from '../audio/stream/sound-gate.ts'
import type { Card, CardCascade } from '../catalogue/card.ts'
import { keywordsOf } from '../catalogue/detector-settings.ts'
import type { RocVariant } from '../report/roc.ts'
import { setThresholds, type ThresholdOptions } from './calibrate-detector.ts'
import { bestKeyword, type CascadeSettings } from './cascade.ts'
import type { Scorer } from './net-scorer.ts'
import { listenToScenes, type SceneOptions, type Scenes, smooth, type Trace } from './validation-scenes.ts'

/** A net of a cascade. */
export interface CascadeNet {
  readonly name: string
  readonly macs: number
  readonly scorer: (window: FeatureStream) => Scorer
}

/** How a cascade is set. */
export interface CascadeOptions extends Omit<ThresholdOptions, 'variant'>, Omit<SceneOptions, 'scorer'> {
  readonly card: Card
  readonly small: CascadeNet
  readonly large: CascadeNet
  /** How much more of the keywords may be missed than by the large net alone, as a share. */
  readonly mostMore: number
}

/** A cascade for a card, what it gives, and what the large net alone gives. */
export interface CascadeCalibration {
  readonly cascade: CardCascade
  readonly row: RocVariant
  readonly alone: RocVariant
}

/** Gates and bars that are tried, dearest first. */
const margins = [0.75, 1, 1.5, 2, 2.5] as const
const bars = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4] as const
/** The gate stays open so long behind a sound: until the answer to a word. */
const holdS = 0.8

/** What both nets and the gate see of every look of all streams, in order. */
interface Looks {
  readonly small: Float32Array[]
  readonly loudest: number[]
  readonly quietest: number[]
}

/** The small net's posteriors and the loudness, noted while the large net looks. */
function noting(options: CascadeOptions, looks: Looks): SceneOptions['scorer'] {
  const { card, stepS } = options
  const columns = Math.max(1, Math.round(stepS / card.features.hopS))
  return (window) => {
    const [small, large] = [options.small.scorer(window), options.large.scorer(window)]
    return {
      runs: 0,
      macs: 0,
      score: (stream) => {
        looks.small.push(small.score(stream).slice())
        looks.loudest.push(stream.loudest(columns))
        looks.quietest.push(stream.quietest(columns))
        return large.score(stream)
      },
    }
  }
}

/** Looks of a stream by how far they went. */
interface Counted {
  small: number
  large: number
  looks: number
}

/** What a cascade makes of a stream that both nets looked at. */
function cascaded(
  trace: Trace,
  from: number,
  looks: Looks,
  { card }: CascadeOptions,
  settings: CascadeSettings,
  smoothing: number,
  counted: Counted,
): Trace {
  const { labels } = card
  const keywordAt = keywordsOf(card).map((keyword) => labels.indexOf(keyword))
  const gate = new SoundGate(settings)
  const raw = new Float32Array(trace.raw.length)
  for (let look = 0; look < raw.length / labels.length; look++) {
    const at = look * labels.length
    const open = gate.push(looks.loudest[from + look]!, looks.quietest[from + look]!)
    const passes = open && bestKeyword(looks.small[from + look]!, keywordAt) >= settings.passAt
    counted.looks += 1
    counted.small += Number(open)
    counted.large += Number(passes)
    if (passes) raw.set(trace.raw.subarray(at, at + labels.length), at)
    else raw[at + labels.indexOf(open ? card.otherLabel : card.silenceLabel)] = 1
  }
  return { ...trace, raw, smoothed: smooth(raw, labels.length, smoothing) }
}

/** All streams as a cascade sees them, and how far its looks went where nobody says a keyword. */
function cascadedScenes(scenes: Scenes, looks: Looks, options: CascadeOptions, settings: CascadeSettings) {
  const [quietCount, spokenCount]: Counted[] = [
    { small: 0, large: 0, looks: 0 },
    { small: 0, large: 0, looks: 0 },
  ]
  let from = 0
  const all = (traces: readonly Trace[], counted: Counted) =>
    traces.map((trace) => {
      const seen = cascaded(trace, from, looks, options, settings, options.smoothing, counted)
      from += trace.raw.length / options.card.labels.length
      return seen
    })
  const quiet = all(scenes.quiet, quietCount!)
  return { scenes: { quiet, spoken: all(scenes.spoken, spokenCount!) }, counted: quietCount! }
}

const noWorse = (row: RocVariant, alone: RocVariant, mostMore: number) =>
  row.falseAlarms <= alone.falseAlarms &&
  Object.entries(alone.missRate).every(([condition, missed]) => row.missRate[condition]! <= missed + mostMore)

/**
 * Chooses gate and bar of a cascade: the cheapest on speech without keywords that misses hardly more than the large net
 * alone and makes no more false alarms, each with thresholds of its own. Where none does, the dearest.
 */
export function calibrateCascade(options: CascadeOptions): CascadeCalibration {
  const { small, large, stepS } = options
  const looks: Looks = { small: [], loudest: [], quietest: [] }
  const scenes = listenToScenes({ ...options, scorer: noting(options, looks) })
  const alone = setThresholds(scenes, { ...options, variant: large.name }).row
  const name = `${small.name} → ${large.name}`
  const tried = margins.flatMap((margin) =>
    bars.map((passAt) => {
      const settings = { margin, passAt, holdLooks: Math.round(holdS / stepS) }
      const seen = cascadedScenes(scenes, looks, options, settings)
      const { detector, row } = setThresholds(seen.scenes, { ...options, variant: name }, false)
      const { counted } = seen
      const macsALook = (counted.small * small.macs + counted.large * large.macs) / counted.looks
      return { settings, detector, row, macsALook, counted }
    }),
  )
  const good = tried.filter(({ row }) => noWorse(row, alone, options.mostMore))
  const chosen = good.reduce((best, one) => (one.macsALook < best.macsALook ? one : best), good[0] ?? tried[0]!)
  const { counted } = chosen
  return {
    cascade: {
      small: small.name,
      large: large.name,
      ...chosen.settings,
      detector: chosen.detector,
      speech: {
        smallShare: counted.small / counted.looks,
        largeShare: counted.large / counted.looks,
        macsALook: Math.round(chosen.macsALook),
        aloneMacsALook: large.macs,
      },
    },
    row: setThresholds(cascadedScenes(scenes, looks, options, chosen.settings).scenes, { ...options, variant: name })
      .row,
    alone,
  }
}
