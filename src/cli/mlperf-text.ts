import type { Accuracy, Throughput } from '../firmware/mlperf/runner.ts'
import { formatTime } from '../report/format.ts'

const verdict = (valid: boolean, reasons: readonly string[]) =>
  valid ? 'the rules would accept it' : `not by the rules: ${reasons.join(', ')}`

/** What the performance mode found, in the words that submission checkers of MLPerf Tiny look for. */
export function throughputText({ windows, score }: Throughput): string {
  const rows = windows.map(
    ({ iterations, durationS, inferencesPerS }, at) =>
      `  window ${at + 1}: ${iterations} inferences in ${durationS.toFixed(3)} s, ${inferencesPerS.toFixed(3)} inf./sec.\n`,
  )
  const median = `  Median throughput is ${score.inferencesPerS.toFixed(3)} inf./sec. (${formatTime(score.latencyS)} an inference)\n`
  return `performance, by the device's own timer\n${rows.join('')}${median}  ${verdict(score.valid, score.reasons)}\n`
}

const percent = (share: number) => (100 * share).toFixed(1)

/** What the accuracy mode found, in the words that submission checkers of MLPerf Tiny look for. */
export function accuracyText({ inputs, inferences, topOne, auc, quality }: Accuracy): string {
  const lines = [
    `accuracy over ${inputs} inputs${inferences === inputs ? '' : ` (${inferences} inferences)`}`,
    ...(topOne === null ? [] : [`  Top-1: ${percent(topOne)} %`]),
    ...(auc === null ? [] : [`  AUC: ${auc.toFixed(4)}`]),
    ...(quality
      ? [
          `  ${quality.reached ? 'reaches' : 'misses'} the ${quality.metric} of ${quality.least} that the rules ask for, if this is the full set`,
        ]
      : []),
  ]
  return `${lines.join('\n')}\n`
}
