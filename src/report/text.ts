import { factLines } from './fact-lines.ts'
import { banners, meterFacts, provenancesIn, provenanceWords, summaryFacts } from './facts.ts'
import { formatStamp, formatTime } from './format.ts'
import { moveText } from './moves.ts'
import type { AccuracyReport, RunReport } from './report.ts'
import { streamLines } from './stream-text.ts'
import { cleanLine, displayWidth, plainStyle, type TextStyle, tableLines, wrap } from './table.ts'
import { accuracyTable, confusionTable, energyReasons, inferenceTable, planTable } from './tables.ts'

/** How a report is set on a terminal. */
export interface TextOptions {
  /** Columns of the terminal; default 100. */
  readonly width?: number
  /** Colours; none by default. */
  readonly style?: TextStyle
  /** Paths of what was written beside the trace, such as the HTML report. */
  readonly files?: readonly string[]
}

/** The report as text for a terminal; ends with a line feed. */
export function toText(report: RunReport, options: TextOptions = {}): string {
  const width = Math.max(40, options.width ?? 100)
  const style = options.style ?? plainStyle
  const sections = [
    titleLines(report, width, style),
    inferenceLines(report, width, style),
    planLines(report, width, style),
    headed('Summary', factLines(summaryFacts(report), width, style), style),
    report.meter ? headed('Meter', factLines(meterFacts(report.meter), width, style), style) : [],
    accuracyLines(report, width, style),
    report.stream ? headed('Stream', streamLines(report.stream, width, style), style) : [],
    headed('Provenance', provenanceLines(report, width), style),
    headed('Moved segments', moveLines(report, width), style),
    headed('Problems', problemLines(report, width, style), style),
    headed('Files', fileLines(report, options.files ?? []), style),
  ]
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

function titleLines(report: RunReport, width: number, style: TextStyle): readonly string[] {
  const { model, machine } = report
  const title = `milliwatt ${report.milliwatt}: ${model.name}, variant ${model.variant}`
  const when = `${formatStamp(report.startedAt)}, ${formatTime(report.durationS)} on ${machine.name} (${machine.runtime})`
  const warnings = banners(report).flatMap(({ tone, title, detail }) => {
    const dress = style[tone === 'info' ? 'strong' : tone]
    return ['', ...wrap(`${title}.`, width).map(dress), ...wrap(detail, width)]
  })
  return [style.strong(cleanLine(title)), ...wrap(when, width), ...warnings]
}

function inferenceLines(report: RunReport, width: number, style: TextStyle): readonly string[] {
  if (report.inferences.length === 0) return ['No inference was run.']
  const reasons = energyReasons(report.inferences).flatMap((reason) => wrap(`Energy of ${reason}`, width))
  return [...tableLines(inferenceTable(report.inferences), width, style), ...reasons]
}

/** The plan: its goal, and every candidate with its verdict and reason. */
export function planLines(report: Pick<RunReport, 'plan'>, width: number, style: TextStyle): readonly string[] {
  const table = planTable(report)
  const [head, ...rows] = tableLines(table, width, style)
  const body = rows.flatMap((row, at) => [row, ...wrap(table.sources[at]!.reason, width, '    ').map(style.faint)])
  const chosen =
    report.plan.chosen || report.plan.candidates.length === 0 ? [] : [style.bad('No candidate meets the goal.')]
  const lines = [
    ...report.plan.goal.flatMap((limit) => wrap(`Goal: ${limit}`, width)),
    ...wrap(report.plan.profileSource, width),
    ...chosen,
    ...(rows.length > 0 ? [head!, ...body] : []),
  ]
  return headed('Plan', lines, style)
}

function accuracyLines(report: RunReport, width: number, style: TextStyle): readonly string[] {
  if (!report.accuracy || report.accuracy.total === 0) return []
  return [
    ...headed('Accuracy per class', tableLines(accuracyTable(report.accuracy), width, style), style),
    '',
    ...confusionLines(report.accuracy, width, style),
  ]
}

/** The matrix where it fits the width, else its errors one a line. */
function confusionLines(accuracy: AccuracyReport, width: number, style: TextStyle): readonly string[] {
  const table = confusionTable(accuracy)
  if (tableLines(table, width).every((line) => displayWidth(line) <= width)) {
    return headed('Confusion: rows expected, columns answered', tableLines(table, width, style), style)
  }
  const errors = accuracy.confusion.flatMap((counts, expected) =>
    counts.flatMap((count, answered) =>
      count === 0 || expected === answered
        ? []
        : wrap(`${accuracy.labels[expected]} answered as ${accuracy.labels[answered]}: ${count}`, width),
    ),
  )
  return headed('Confusion', errors.length > 0 ? errors : ['No clip was answered wrong.'], style)
}

function provenanceLines(report: RunReport, width: number): readonly string[] {
  return provenancesIn(report).flatMap((each) => wrap(`${each}: ${provenanceWords[each]}`, width))
}

function moveLines(report: RunReport, width: number): readonly string[] {
  return (report.moves ?? []).flatMap((move) => wrap(moveText(move), width))
}

function problemLines(report: RunReport, width: number, style: TextStyle): readonly string[] {
  return report.problems.flatMap(({ code, message }) => wrap(`${code}: ${message}`, width).map(style.bad))
}

function fileLines(report: RunReport, more: readonly string[]): readonly string[] {
  return [...more, ...(report.trace?.files ?? [])].map(cleanLine)
}

function headed(title: string, lines: readonly string[], style: TextStyle): readonly string[] {
  return lines.length === 0 ? [] : [style.strong(title), ...lines]
}
