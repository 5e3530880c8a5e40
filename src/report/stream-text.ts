import { factLines } from './fact-lines.ts'
import type { StreamReport, StreamStage, StreamTimeline, TimelineBin } from './stream-report.ts'
import { streamStages } from './stream-report.ts'
import { eventTable, streamFacts } from './stream-tables.ts'
import { type TextStyle, tableLines, wrap } from './table.ts'

const marks: Readonly<Record<StreamStage, string>> = { skip: '\u02d9', gate: '·', small: '-', early: '=', large: '#' }
const words: Readonly<Record<StreamStage, string>> = {
  skip: 'look left out',
  gate: 'no sound',
  small: 'small net',
  early: 'first exit of the large net',
  large: 'large net',
}
/** Columns in front of the marks. */
const indent = 13

/** The dearest stage that a bin holds. */
export function dearestStage({ looks }: TimelineBin): StreamStage {
  return streamStages.findLast((stage) => looks[stage] > 0) ?? 'gate'
}

/** What ran when: a mark a bin, `*` where a keyword was heard. */
export function timelineLines({ bins, binS, events }: StreamTimeline, width: number): readonly string[] {
  const marksALine = Math.max(10, Math.floor((width - indent) / 10) * 10)
  const heard = new Set(events.map(({ timeS }) => bins.findLastIndex((bin) => bin.startS < timeS)))
  const stages = bins.map(dearestStage)
  const text = stages.map((stage, at) => (heard.has(at) ? '*' : marks[stage]))
  const lines = Array.from({ length: Math.ceil(bins.length / marksALine) }, (_, line) => {
    const from = line * marksALine
    return `${bins[from]!.startS.toFixed(1).padStart(9)} s  ${text.slice(from, from + marksALine).join('')}`
  })
  const used = streamStages.filter((stage) => stages.includes(stage)).map((stage) => `${marks[stage]} ${words[stage]}`)
  const legend = [...used, ...(events.length > 0 ? ['* keyword'] : [])].join(', ')
  return [...lines, ...wrap(`${legend} (${Number(binS.toPrecision(6))} s a mark)`, width, ' '.repeat(indent))]
}

/** A cascade on a stream for a terminal: what ran when, every event with its energy, and what it cost in all. */
export function streamLines(report: StreamReport, width: number, style: TextStyle): readonly string[] {
  const { timeline } = report
  const events = timeline.events.length > 0 ? ['', ...tableLines(eventTable(report), width, style), ''] : ['']
  return [...timelineLines(timeline, width), ...events, ...factLines(streamFacts(report), width, style)]
}
