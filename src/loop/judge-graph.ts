import type { Evaluate } from '../quantize/observe.ts'
import type { AccuracyReport } from '../report/report.ts'
import { accuracyOf, answerPerClip } from './accuracy.ts'
import type { LabelledSample } from './labelled-samples.ts'

/** What the first output's elements stand for. */
export interface AnswerLabels {
  readonly labels: readonly string[]
  /** Those that give way to any other in a recording of several windows. */
  readonly quiet: readonly string[]
}

/** Index of the largest element; the first of equals. */
export function largestAt(values: ArrayLike<number>): number {
  let best = 0
  for (let index = 1; index < values.length; index++) if (values[index]! > values[best]!) best = index
  return best
}

/** Answers of a graph to samples whose label is known, counted; null where none is. */
export function judgeGraph(
  evaluate: Evaluate,
  output: string,
  samples: readonly LabelledSample[],
  { labels, quiet }: AnswerLabels,
): AccuracyReport | null {
  const rows = samples.map(({ clip, expected, inputs }) => {
    const scores = evaluate(inputs).get(output)!
    const best = largestAt(scores)
    const answer = { clip, label: labels[best]!, confidence: scores[best]! }
    return expected === undefined ? answer : { ...answer, expected }
  })
  return accuracyOf(answerPerClip(rows, quiet), labels, null)
}

/** The samples with what a graph answers to them as their label: for agreement where nobody knows the truth. */
export function labelledBy(
  evaluate: Evaluate,
  output: string,
  samples: readonly LabelledSample[],
  { labels }: AnswerLabels,
): readonly LabelledSample[] {
  return samples.map(({ clip, inputs }, index) => {
    return { clip: `${clip}#${index}`, inputs, expected: labels[largestAt(evaluate(inputs).get(output)!)]! }
  })
}
