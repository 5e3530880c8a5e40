import type { Card, CardCascade } from '../catalogue/card.ts'
import { keywordsOf } from '../catalogue/detector-settings.ts'
import type { RocVariant } from '../report/roc.ts'
import { missRates, setThresholds, type ThresholdOptions } from './calibrate-detector.ts'
import { Cascade, type CascadeSettings, type LoudWindow } from './cascade.ts'
import { type CascadeNets, wholeCost } from './cascade-nets.ts'
import { countingScorer, type Scorer } from './net-scorer.ts'
import { listenToScenes, type SceneOptions, type Scenes, smooth, type Trace } from './validation-scenes.ts'

/** How a cascade is set. */
export interface CascadeOptions extends Omit<ThresholdOptions, 'variant'>, Omit<SceneOptions, 'scorer'> {
  readonly card: Card
  /** Opened with `exitAt` where the large net shall stop at its first exit too, if that is of use. */
  readonly nets: CascadeNets
  /** How much more of the keywords may be missed than by the large net alone, as a share. */
  readonly mostMore: number
}

/** A cascade for a card, what it gives, and what the large net alone gives. */
export interface CascadeCalibration {
  readonly cascade: CardCascade
  readonly row: RocVariant
  readonly alone: RocVariant
}

/** Gates, bars and paces that are tried, dearest first. */
const margins = [1, 1.5, 2, 2.5] as const
const bars = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3] as const
const paces = [1, 2, 3] as const
/** The first runs all of the large net always. */
const exitBars = [0, 0.02, 0.05, 0.1] as const
/** The gate stays open so long behind a sound: until the answer to a word. */
const holdS = 0.8

/** What the nets and the gate see of every look of all streams, in order. */
interface Looks {
  readonly small: Float32Array[]
  readonly early: Float32Array[]
  readonly large: Float32Array[]
  readonly loudest: number[]
  readonly quietest: number[]
}

const columnsOf = ({ card, stepS }: CascadeOptions) => Math.max(1, Math.round(stepS / card.features.hopS))

/** Notes what all nets say of every look, while the large one alone is asked. */
function noting(options: CascadeOptions, looks: Looks): SceneOptions['scorer'] {
  const columns = columnsOf(options)
  return (window) => {
    const { small, early, large } = options.nets.scorers(window)
    return {
      runs: 0,
      macs: 0,
      score: (stream) => {
        looks.small.push(small.score(stream).slice())
        if (early) looks.early.push(early.score(stream).slice())
        looks.loudest.push(stream.loudest(columns))
        looks.quietest.push(stream.quietest(columns))
        const scores = large.score(stream)
        looks.large.push(scores.slice())
        return scores
      },
    }
  }
}

/** Says again what was noted of a look. */
const saying = (noted: readonly Float32Array[], at: () => number, macsALook: number): Scorer<LoudWindow> =>
  countingScorer(() => noted[at()]!, macsALook)

/** The looks of one stream again, through a cascade with these settings. */
function again(
  trace: Trace,
  from: number,
  looks: Looks,
  options: CascadeOptions,
  settings: CascadeSettings,
): { readonly trace: Trace; readonly cascade: Cascade<LoudWindow> } {
  const { card, nets, stepS, smoothing } = options
  const { labels } = card
  let look = from
  const at = () => look
  const cascade = new Cascade<LoudWindow>({
    small: saying(looks.small, at, nets.macs.small),
    early: looks.early.length > 0 ? saying(looks.early, at, nets.macs.early) : undefined,
    large: saying(looks.large, at, nets.macs.large),
    settings,
    labels,
    keywords: keywordsOf(card),
    silenceLabel: card.silenceLabel,
    otherLabel: card.otherLabel,
    stepS,
    columnsALook: columnsOf(options),
  })
  const window = { loudest: () => looks.loudest[look]!, quietest: () => looks.quietest[look]! }
  const raw = new Float32Array(trace.raw.length)
  for (let begin = 0; begin < raw.length; begin += labels.length, look++) raw.set(cascade.score(window), begin)
  return { trace: { ...trace, raw, smoothed: smooth(raw, labels.length, smoothing) }, cascade }
}

/** What a cascade did where nobody says a keyword, as shares of the looks. */
interface Speech {
  readonly smallShare: number
  readonly largeShare: number
  readonly macsALook: number
}

function speechOf(cascades: readonly Cascade<LoudWindow>[]): Speech {
  const sum = (of: (cascade: Cascade<LoudWindow>) => number) => cascades.reduce((all, cascade) => all + of(cascade), 0)
  const looks = sum(({ counts }) => Object.values(counts).reduce((all, count) => all + count, 0))
  return {
    smallShare: sum(({ counts }) => counts.small + counts.early + counts.large) / looks,
    largeShare: sum(({ counts }) => counts.early + counts.large) / looks,
    macsALook: Math.round(sum(({ macs }) => macs) / looks),
  }
}

/** All streams as a cascade sees them. */
function againAll(scenes: Scenes, looks: Looks, options: CascadeOptions, settings: CascadeSettings) {
  let from = 0
  const all = (traces: readonly Trace[]) =>
    traces.map((trace) => {
      const seen = again(trace, from, looks, options, settings)
      from += trace.raw.length / options.card.labels.length
      return seen
    })
  const [quiet, spoken] = [all(scenes.quiet), all(scenes.spoken)]
  const traces = (seen: typeof quiet) => seen.map(({ trace }) => trace)
  return {
    scenes: { quiet: traces(quiet), spoken: traces(spoken) },
    speech: speechOf(quiet.map(({ cascade }) => cascade)),
  }
}

/** Everything that is tried. */
function allSettings(hasEarly: boolean, stepS: number): readonly CascadeSettings[] {
  const holdLooks = Math.round(holdS / stepS)
  return margins.flatMap((margin) =>
    bars.flatMap((passAt) =>
      paces.flatMap((everyLooks) =>
        (hasEarly ? exitBars : [0]).map((exitAt) => ({
          margin,
          passAt,
          holdLooks,
          ...(everyLooks > 1 ? { everyLooks } : {}),
          ...(exitAt > 0 ? { exitAt } : {}),
        })),
      ),
    ),
  )
}

type MissRates = RocVariant['missRate']

const hardlyMore = (missRate: MissRates, alone: MissRates, mostMore: number) =>
  Object.entries(alone).every(([condition, missed]) => missRate[condition]! <= missed + mostMore)

/**
 * Chooses gate, bars and pace of a cascade: the fewest multiply-accumulates on speech without keywords that miss hardly more
 * than the large net alone and make no more false alarms: with thresholds of its own, and with those of the large net too, so
 * that it does not live on thresholds that may be lower because it hides a few false alarms. Where none does, the dearest.
 */
export function calibrateCascade(options: CascadeOptions): CascadeCalibration {
  const { nets, onProgress } = options
  const [smallName, largeName] = nets.models.map(({ variant }) => variant.name) as [string, string]
  const looks: Looks = { small: [], early: [], large: [], loudest: [], quietest: [] }
  const scenes = listenToScenes({ ...options, scorer: noting(options, looks) })
  const { row: alone, detector: own } = setThresholds(scenes, { ...options, variant: largeName })
  const cheapestFirst = allSettings(looks.early.length > 0, options.stepS)
    .map((settings) => ({ settings, speech: againAll(scenes, looks, options, settings).speech }))
    .sort((a, b) => a.speech.macsALook - b.speech.macsALook)
  const good = cheapestFirst.find(({ settings }, done) => {
    onProgress?.({ stage: 'choose', done, total: cheapestFirst.length })
    const seen = againAll(scenes, looks, options, settings).scenes
    const few = (missRate: MissRates) => hardlyMore(missRate, alone.missRate, options.mostMore)
    if (!few(missRates(seen.spoken, options.card.labels, own))) return false
    const { row } = setThresholds(seen, { ...options, variant: nets.name }, false)
    return row.falseAlarms <= alone.falseAlarms && few(row.missRate)
  })
  const dearest = cheapestFirst.reduce((most, one) => (one.speech.macsALook > most.speech.macsALook ? one : most))
  const { settings, speech } = good ?? dearest
  const seen = againAll(scenes, looks, options, settings).scenes
  const { detector, row } = setThresholds(seen, { ...options, variant: nets.name })
  const aloneMacsALook = wholeCost(nets, nets.macs)
  return {
    cascade: { small: smallName, large: largeName, ...settings, detector, speech: { ...speech, aloneMacsALook } },
    row,
    alone,
  }
}
