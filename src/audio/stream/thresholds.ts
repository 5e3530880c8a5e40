/** Posteriors of a stream, look by look, and where its keywords are. */
export interface ScoreTrace {
  /** What the stream is made of, such as `clean`. */
  readonly condition: string
  /** Smoothed posteriors, a row of labels a look. */
  readonly smoothed: Float32Array
  readonly stepS: number
  /** Time of the first look. */
  readonly startS: number
  readonly words: readonly SpokenWord[]
}

/** A keyword in a stream. */
export interface SpokenWord {
  readonly keyword: string
  readonly startS: number
  readonly endS: number
}

/** After its end a word may make an event for so long. */
export const answerS = 1

/** Thresholds that are tried. */
export const thresholdGrid: readonly number[] = Array.from({ length: 66 }, (_, n) =>
  Number((0.3 + 0.0105 * n).toFixed(4)),
)

/** What a keyword costs at every threshold of the grid. */
export interface KeywordCurve {
  readonly keyword: string
  /** Events in the streams without keywords. */
  readonly falseAlarms: readonly number[]
  /** Words without an event, over all conditions. */
  readonly missed: readonly number[]
}

/** Events that one keyword makes alone: at the threshold from below, and not within the hold-off of the last one. */
function countEvents(trace: ScoreTrace, label: number, labels: number, threshold: number, holdS: number): number {
  const hold = Math.round(holdS / trace.stepS)
  let [events, quiet, armed] = [0, 0, true]
  for (let look = 0, at = label; at < trace.smoothed.length; look++, at += labels) {
    const above = trace.smoothed[at]! >= threshold
    if (!above) armed = true
    if (!above || !armed || look < quiet) continue
    events += 1
    armed = false
    quiet = look + hold
  }
  return events
}

/** Highest smoothed posterior while a word can make an event. */
function peakOf(trace: ScoreTrace, word: SpokenWord, label: number, labels: number): number {
  const looks = trace.smoothed.length / labels
  const from = Math.max(0, Math.ceil((word.startS - trace.startS) / trace.stepS))
  const to = Math.min(looks - 1, Math.floor((word.endS + answerS - trace.startS) / trace.stepS))
  let peak = 0
  for (let look = from; look <= to; look++) peak = Math.max(peak, trace.smoothed[look * labels + label]!)
  return peak
}

/**
 * False alarms and misses of every keyword at every threshold of the grid, each keyword alone.
 * @param quiet streams without keywords
 * @param spoken streams with keywords
 */
export function keywordCurves(
  labels: readonly string[],
  keywords: readonly string[],
  quiet: readonly ScoreTrace[],
  spoken: readonly ScoreTrace[],
  holdS: number,
): readonly KeywordCurve[] {
  return keywords.map((keyword) => {
    const label = labels.indexOf(keyword)
    const peaks = spoken.flatMap((trace) =>
      trace.words.filter((word) => word.keyword === keyword).map((word) => peakOf(trace, word, label, labels.length)),
    )
    return {
      keyword,
      falseAlarms: thresholdGrid.map((threshold) =>
        quiet.reduce((sum, trace) => sum + countEvents(trace, label, labels.length, threshold, holdS), 0),
      ),
      missed: thresholdGrid.map((threshold) => peaks.filter((peak) => peak < threshold).length),
    }
  })
}

/** Places of the grid that a threshold keeps from alarms: other audio goes a little higher than that which was heard. */
const guardPlaces = 3

/** The curve as if every threshold made the alarms of one 0.03 below it. */
export function guarded(curve: KeywordCurve): KeywordCurve {
  const { falseAlarms } = curve
  return { ...curve, falseAlarms: falseAlarms.map((_, place) => falseAlarms[Math.max(0, place - guardPlaces)]!) }
}

/** Places in the grid, by keyword, and what they cost together. */
export interface Choice {
  readonly places: readonly number[]
  readonly falseAlarms: number
  readonly missed: number
}

/** The cheapest places of one keyword by false alarms: fewest misses with at most so many, the highest threshold of equals. */
function cheapest({ falseAlarms, missed }: KeywordCurve, most: number): readonly { place: number; missed: number }[] {
  return Array.from({ length: most + 1 }, (_, allowed) => {
    let best = { place: thresholdGrid.length - 1, missed: Number.POSITIVE_INFINITY }
    for (let place = 0; place < thresholdGrid.length; place++)
      if (falseAlarms[place]! <= allowed && missed[place]! <= best.missed) best = { place, missed: missed[place]! }
    return best
  })
}

/**
 * The thresholds with the fewest misses of all whose false alarms together are at most so many: exactly, keyword by
 * keyword over all ways to share the alarms out. Where the grid's end still makes more, that end.
 */
export function chooseThresholds(curves: readonly KeywordCurve[], mostFalseAlarms: number): Choice {
  let best: readonly (readonly number[])[] = Array.from({ length: mostFalseAlarms + 1 }, () => [])
  let cost: readonly number[] = best.map(() => 0)
  for (const curve of curves) {
    const own = cheapest(curve, mostFalseAlarms)
    const next = cost.map((_, total) => {
      let least = { spent: 0, missed: Number.POSITIVE_INFINITY }
      for (let spent = 0; spent <= total; spent++) {
        const missed = own[spent]!.missed + cost[total - spent]!
        if (missed < least.missed) least = { spent, missed }
      }
      return least
    })
    best = next.map(({ spent }, total) => [...best[total - spent]!, own[spent]!.place])
    cost = next.map(({ missed }) => missed)
  }
  const places = best[mostFalseAlarms]!
  const sum = (of: (curve: KeywordCurve) => readonly number[]) =>
    curves.reduce((total, curve, at) => total + of(curve)[places[at]!]!, 0)
  return { places, falseAlarms: sum((curve) => curve.falseAlarms), missed: sum((curve) => curve.missed) }
}
