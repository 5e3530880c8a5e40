import { banners, type Fact, factText, meterFacts, provenancesIn, provenanceWords, summaryFacts } from './facts.ts'
import { formatStamp, formatTime } from './format.ts'
import { moveText } from './moves.ts'
import type { RunReport } from './report.ts'
import { eventTable, streamFacts } from './stream-tables.ts'
import { cellText, cleanLine, type Table } from './table.ts'
import { accuracyTable, confusionTable, deviceTable, energyReasons, inferenceTable, planTable } from './tables.ts'

/** The report as Markdown (GitHub's tables). */
export function toMarkdown(report: RunReport): string {
  const sections = [
    `# ${plain(report.model.name)}, variant ${plain(report.model.variant)}`,
    titleText(report),
    section('Inferences', inferenceText(report)),
    section('Plan', planText(report)),
    section('Summary', factList(summaryFacts(report))),
    section('Meter', report.meter ? factList(meterFacts(report.meter)) : ''),
    section('Accuracy per class', report.accuracy ? tableText(accuracyTable(report.accuracy)) : ''),
    section(
      'Confusion: rows expected, columns answered',
      report.accuracy ? tableText(confusionTable(report.accuracy)) : '',
    ),
    section('Stream', streamText(report)),
    section('Devices', report.machine.devices.length > 0 ? tableText(deviceTable(report)) : ''),
    section('Provenance', list(provenancesIn(report).map((each) => `**${each}**: ${provenanceWords[each]}`))),
    section('Moved segments', list((report.moves ?? []).map((move) => plain(moveText(move))))),
    section('Problems', list(report.problems.map(({ code, message }) => `**${plain(code)}**: ${plain(message)}`))),
    section('Files', list((report.trace?.files ?? []).map(plain))),
  ]
  return `${sections.filter(Boolean).join('\n\n')}\n`
}

/** Makes text mean itself in Markdown: no markup, no HTML, no table border. */
export function plain(text: string): string {
  return cleanLine(text).replace(/[\\`*_{}[\]<>#|~&]/g, (character) => `\\${character}`)
}

function titleText(report: RunReport): string {
  const when = `${formatStamp(report.startedAt)}, ${formatTime(report.durationS)}`
  const where = `${plain(report.machine.name)} (${plain(report.machine.runtime)})`
  const warnings = banners(report).map(({ title, detail }) => `> **${title}.** ${detail}`)
  return [`milliwatt ${plain(report.milliwatt)}, ${when}, on ${where}.`, ...warnings].join('\n\n')
}

function inferenceText(report: RunReport): string {
  if (report.inferences.length === 0) return 'No inference was run.'
  const reasons = list(energyReasons(report.inferences).map((reason) => `Energy of ${plain(reason)}`))
  return [tableText(inferenceTable(report.inferences)), reasons].filter(Boolean).join('\n\n')
}

function planText(report: RunReport): string {
  const { columns, rows, sources } = planTable(report)
  const table: Table = {
    columns: [...columns, { title: 'reason', align: 'left' }],
    rows: rows.map((row, at) => [...row, { text: sources[at]!.reason }]),
  }
  const goal = list([...report.plan.goal.map((limit) => `Goal: ${plain(limit)}`), plain(report.plan.profileSource)])
  const chosen = report.plan.chosen || report.plan.candidates.length === 0 ? '' : 'No candidate meets the goal.'
  return [goal, chosen, rows.length > 0 ? tableText(table) : ''].filter(Boolean).join('\n\n')
}

function streamText({ stream }: RunReport): string {
  if (!stream) return ''
  const events = stream.timeline.events.length > 0 ? tableText(eventTable(stream)) : ''
  return [factList(streamFacts(stream)), events].filter(Boolean).join('\n\n')
}

/** Facts as a list. */
export function factList(facts: readonly Fact[]): string {
  return list(facts.map((fact) => `**${fact.name}**: ${plain(factText(fact))}`))
}

function tableText(table: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    line(table.columns.map((column) => plain(column.title))),
    line(table.columns.map((column) => (column.align === 'right' ? '---:' : '---'))),
    ...table.rows.map((row) => line(row.map((cell) => plain(cellText(cell))))),
  ].join('\n')
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n')
}

function section(title: string, body: string): string {
  return body && `## ${title}\n\n${body}`
}
