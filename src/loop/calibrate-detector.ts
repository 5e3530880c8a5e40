import { type DetectorSettings, KeywordDetector } from '../audio/stream/detector.ts'
import {
  answerS,
  chooseThresholds,
  guarded,
  type KeywordCurve,
  keywordCurves,
  thresholdGrid,
} from '../audio/stream/thresholds.ts'
import type { Card, CardDetector } from '../catalogue/card.ts'
import { keywordsOf } from '../catalogue/detector-settings.ts'
import { quantile } from '../core/stats.ts'
import type { RocVariant } from '../report/roc.ts'
import { listenToScenes, type SceneOptions, type Scenes, type Trace } from './validation-scenes.ts'

/** How thresholds are set. */
export interface ThresholdOptions {
  readonly card: Card
  readonly variant: string
  readonly split: string
  /** False alarms an hour that are wanted at most, of all keywords together. */
  readonly falseAlarmsPerHour: number
  readonly rounds: number
  readonly stepS: number
  readonly smoothing: number
  readonly refractoryS: number
}

/** Settings for a card, and what they gave, with the whole trade. */
export interface DetectorCalibration {
  readonly detector: CardDetector
  readonly row: RocVariant
}

/** What a detector makes of a stream: answers to its words, and events that are none. */
interface Verdict {
  /** By word: seconds from its end to its event, or null. */
  readonly answers: readonly (number | null)[]
  readonly others: number
}

function judge(trace: Trace, labels: readonly string[], settings: DetectorSettings): Verdict {
  const detector = new KeywordDetector(labels, settings)
  const answers: (number | null)[] = trace.words.map(() => null)
  let others = 0
  for (let at = 0, look = 0; at < trace.raw.length; at += labels.length, look++) {
    const timeS = trace.startS + look * trace.stepS
    const heard = detector.push(trace.raw.subarray(at, at + labels.length), timeS)
    if (!heard) continue
    const word = trace.words.findIndex(
      ({ keyword, startS, endS }) => keyword === heard.keyword && timeS >= startS && timeS <= endS + answerS,
    )
    if (word < 0) others += 1
    else answers[word] ??= timeS - trace.words[word]!.endS
  }
  return { answers, others }
}

const shareOf = (part: number, total: number) => (total === 0 ? 0 : part / total)

function missesOf(trace: Trace, { answers }: Verdict): Record<string, { missed: number; total: number }> {
  const found: Record<string, { missed: number; total: number }> = {}
  trace.words.forEach(({ keyword }, at) => {
    const { missed, total } = found[keyword] ?? { missed: 0, total: 0 }
    found[keyword] = { missed: missed + Number(answers[at] === null), total: total + 1 }
  })
  return found
}

const ratesOf = (spoken: readonly Trace[], verdicts: readonly Verdict[]) =>
  Object.fromEntries(
    spoken.map(({ condition, words }, at) => [
      condition,
      shareOf(verdicts[at]!.answers.filter((answer) => answer === null).length, words.length),
    ]),
  )

/** Share of the keywords that a detector misses, by condition. */
export function missRates(
  spoken: readonly Trace[],
  labels: readonly string[],
  settings: DetectorSettings,
): Readonly<Record<string, number>> {
  return ratesOf(
    spoken,
    spoken.map((trace) => judge(trace, labels, settings)),
  )
}

const byKeyword = (curves: readonly KeywordCurve[], places: readonly number[]) =>
  Object.fromEntries(curves.map(({ keyword }, at) => [keyword, thresholdGrid[places[at]!]!]))

/**
 * Sets a threshold for every keyword so that streams without keywords make at most so many false alarms even at thresholds
 * 0.03 lower, with the fewest misses on streams of keywords, clean and in noise; then judges with the detector itself.
 * @param withRoc also the trade of misses against false alarms
 */
export function setThresholds(
  { quiet, spoken }: Scenes,
  options: ThresholdOptions,
  withRoc = true,
): DetectorCalibration {
  const { card, stepS, smoothing, refractoryS, falseAlarmsPerHour } = options
  const hours = quiet.reduce((sum, trace) => sum + trace.hours, 0)
  const curves = keywordCurves(card.labels, keywordsOf(card), quiet, spoken, refractoryS)
  const settingsOf = (thresholds: Readonly<Record<string, number>>) => ({ stepS, smoothing, refractoryS, thresholds })
  const missRate = (verdicts: readonly Verdict[]) => ratesOf(spoken, verdicts)
  const roc = (withRoc ? rocCounts(hours) : []).map((count) => {
    const { places, falseAlarms } = chooseThresholds(curves, count)
    const thresholds = byKeyword(curves, places)
    const verdicts = spoken.map((trace) => judge(trace, card.labels, settingsOf(thresholds)))
    return { falseAlarmsPerHour: falseAlarms / hours, thresholds, missRate: missRate(verdicts) }
  })
  const { places } = chooseThresholds(curves.map(guarded), Math.floor(falseAlarmsPerHour * hours))
  const thresholds = byKeyword(curves, places)
  const settings = settingsOf(thresholds)
  const verdicts = spoken.map((trace) => judge(trace, card.labels, settings))
  const falseAlarms = quiet.reduce((sum, trace) => sum + judge(trace, card.labels, settings).others, 0)
  const answers = verdicts.flatMap((verdict) => verdict.answers).filter((answer) => answer !== null)
  const misses = Object.fromEntries(spoken.map((trace, at) => [trace.condition, missesOf(trace, verdicts[at]!)]))
  return {
    detector: {
      ...settings,
      validation: {
        split: options.split,
        hours,
        falseAlarms,
        wantedFalseAlarmsPerHour: falseAlarmsPerHour,
        misses,
        method: `milliwatt kws calibrate: ${options.rounds} rounds through the clips without keywords in random order, gains, gaps and noise`,
      },
    },
    row: {
      variant: options.variant,
      thresholds,
      hours,
      falseAlarms,
      misses,
      missRate: missRate(verdicts),
      confused: verdicts.reduce((sum, verdict) => sum + verdict.others, 0),
      latency: answers.length > 0 ? { medianS: quantile(answers, 0.5), p95S: quantile(answers, 0.95) } : null,
      roc,
    },
  }
}

/** Numbers of false alarms that the ROC is drawn for: every one up to 12, then up to 20 an hour. */
function rocCounts(hours: number): readonly number[] {
  const most = Math.ceil(20 * hours)
  return Array.from({ length: most + 1 }, (_, count) => count).filter(
    (count) => count <= 12 || count % Math.ceil(most / 24) === 0,
  )
}

/** Listens to streams of validation audio and sets a net's thresholds by them. */
export function calibrateDetector(options: ThresholdOptions & SceneOptions): DetectorCalibration {
  return setThresholds(listenToScenes(options), options)
}
