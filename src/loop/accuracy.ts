import type { CardAccuracy } from '../catalogue/card.ts'
import { proportionInterval } from '../core/stats.ts'
import type { AccuracyReport } from '../report/report.ts'

/** A clip's answer when several windows of it were analysed. */
export interface ClipAnswer {
  readonly clip: string
  readonly label: string
  readonly confidence: number
  readonly expected?: string
}

/**
 * One answer a clip: the keyword window of the highest confidence if any window holds a keyword, else the
 * answer of the most confident window.
 * @param quietLabels labels that are no keyword
 */
export function answerPerClip(rows: readonly ClipAnswer[], quietLabels: readonly string[]): readonly ClipAnswer[] {
  const byClip = new Map<string, ClipAnswer[]>()
  for (const row of rows) byClip.set(row.clip, [...(byClip.get(row.clip) ?? []), row])
  return [...byClip.values()].map((windows) => {
    const keywords = windows.filter((row) => !quietLabels.includes(row.label))
    const best = (keywords.length > 0 ? keywords : windows).reduce((a, b) => (b.confidence > a.confidence ? b : a))
    const { clip, label, confidence, expected } = best
    return { clip, label, confidence, ...(expected === undefined ? {} : { expected }) }
  })
}

/** Accuracy over the answers whose label is known; null when none is. */
export function accuracyOf(
  answers: readonly ClipAnswer[],
  labels: readonly string[],
  card: CardAccuracy | null,
): AccuracyReport | null {
  const judged = answers.filter((answer) => answer.expected !== undefined)
  if (judged.length === 0) return null
  const count = (expected: string, label?: string) =>
    judged.filter((a) => a.expected === expected && (label === undefined || a.label === label)).length
  const correct = judged.filter((answer) => answer.label === answer.expected).length
  return {
    correct,
    total: judged.length,
    accuracy: correct / judged.length,
    interval95: proportionInterval(correct, judged.length),
    perClass: labels
      .map((label) => ({ label, correct: count(label, label), total: count(label) }))
      .filter((row) => row.total > 0),
    confusion: labels.map((expected) => labels.map((label) => count(expected, label))),
    labels,
    ...(card ? { card: { accuracy: card.value, interval95: card.interval95, split: card.split } } : {}),
  }
}
