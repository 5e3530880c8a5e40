import { answerS } from '../audio/stream/thresholds.ts'
import type { Fact } from './facts.ts'
import {
  columnFormat,
  formatCount,
  formatMacs,
  formatNumber,
  formatPercent,
  noFigure,
  scaleFor,
  withUnit,
} from './format.ts'
import type { PlayedClip, StreamReport, TimelineEvent } from './stream-report.ts'
import type { Table } from './table.ts'

const left = (title: string) => ({ title, align: 'left' as const })
const right = (title: string) => ({ title, align: 'right' as const })

/** The recording that an event answers to. */
export function clipOf({ clips }: StreamReport, { timeS }: TimelineEvent): PlayedClip | undefined {
  return clips.find(({ startS, endS }) => timeS >= startS && timeS <= endS + answerS)
}

/** One row an event: when, what, and what it took since its sound began. */
export function eventTable(report: StreamReport): Table {
  const { timeline, provenance, clips } = report
  const { events } = timeline
  const energies = events.map(({ energyJ }) => energyJ)
  const scale = scaleFor(energies, 'J')
  const energy = columnFormat(energies, scale)
  const played = clips.length > 0
  const columns = [
    right('time s'),
    left('keyword'),
    ...(played ? [{ ...left('played'), shrinks: true, drops: 2 }] : []),
    right('score'),
    { ...right('after the word ms'), drops: 1 },
    right('looks'),
    right('large net'),
    ...(provenance ? [right(`energy ${scale.unit}`), left('provenance')] : []),
  ]
  const rows = events.map((event) => {
    const clip = clipOf(report, event)
    const wrong = played && clip?.keyword !== undefined && clip.keyword !== event.keyword
    return [
      { text: event.timeS.toFixed(2) },
      wrong ? { text: `${event.keyword} ✗`, tone: 'bad' as const } : { text: event.keyword },
      ...(played ? [{ text: clip?.name ?? noFigure }] : []),
      { text: event.score.toFixed(2) },
      { text: String(Math.round(1e3 * event.latencyS)) },
      { text: formatCount(event.looks) },
      { text: formatCount(event.largeLooks) },
      ...(provenance ? [{ text: energy(event.energyJ) }, { text: provenance, tone: 'warn' as const }] : []),
    ]
  })
  return { columns, rows }
}

const counted = (count: number, what: string) => `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`

/** How many of the keywords that were played made their event, and what else did; null where nobody knows the words. */
function heardFact(report: StreamReport): Fact | null {
  const { clips, timeline, alone } = report
  if (!clips.some(({ keyword }) => keyword !== undefined)) return null
  const words = clips.filter(({ keyword }) => typeof keyword === 'string')
  const answers = timeline.events.map((event) => ({ event, clip: clipOf(report, event) }))
  const right = words.filter((word) =>
    answers.some(({ event, clip }) => clip === word && event.keyword === word.keyword),
  )
  const wrong = answers.filter(({ event, clip }) => clip?.keyword !== event.keyword).length
  const detail = [
    counted(wrong, 'false alarm'),
    `${counted(clips.length - words.length, 'other sound')} played`,
    alone?.events == null ? '' : `${alone.name} alone made ${counted(alone.events, 'event')}`,
  ]
  return {
    name: 'Heard',
    value: `${right.length} of ${words.length} keywords`,
    detail: detail.filter(Boolean).join('; '),
  }
}

function looksFact({ looks }: StreamReport): Fact {
  const total = Object.values(looks).reduce((sum, count) => sum + count, 0)
  const share = (count: number, words: string) => (count > 0 ? `${formatPercent(count / total)} ${words}` : null)
  const detail = [
    share(looks.gate, 'no sound'),
    share(looks.skip, 'left out'),
    share(looks.small, 'the small net alone'),
    share(looks.early, 'the large net up to its first exit'),
    share(looks.large, 'the large net too'),
  ]
  return { name: 'Looks', value: formatCount(total), detail: detail.filter(Boolean).join(', ') }
}

function macsFact({ macs, audioS, alone }: StreamReport): Fact {
  const detail = alone
    ? `${formatNumber(alone.macs / Math.max(1, macs), 3)} times fewer than the ${formatMacs(alone.macs / audioS)} of ${alone.name} at every look`
    : undefined
  return { name: 'Multiply-accumulates', value: `${formatMacs(macs / audioS)} a second`, ...(detail ? { detail } : {}) }
}

/** Energy above idle, which the cascade can save, and mean power with it. */
function energyFacts({
  energyJ,
  meanPowerW,
  idlePowerW,
  provenance,
  audioS,
  alone,
  budgetW,
  energySource,
}: StreamReport) {
  if (energyJ === null || meanPowerW === null || provenance === null)
    return [{ name: 'Energy', value: 'none', detail: energySource }]
  const idleW = idlePowerW ?? 0
  const hourJ = (powerW: number) => withUnit(3600 * (powerW - idleW), 'J', '')
  const beside = alone?.meanPowerW != null ? `; ${alone.name} at every look ${hourJ(alone.meanPowerW)}` : ''
  const budget = budgetW === null ? '' : `, of ${withUnit(budgetW, 'W', '')} allowed`
  const facts: Fact[] = [
    {
      name: 'Energy an hour, above idle',
      value: hourJ(meanPowerW),
      provenance,
      detail: `at this stream's pace${beside}`,
    },
    {
      name: 'Mean power',
      value: withUnit(meanPowerW, 'W', ''),
      provenance,
      detail: `idling ${withUnit(idleW, 'W', '')} of it${budget}; over ${formatNumber(audioS, 4)} s`,
    },
    { name: 'Energies', value: energySource },
  ]
  return facts
}

/** What a cascade did with a stream and what that cost, beside the large net at every look. */
export function streamFacts(report: StreamReport): readonly Fact[] {
  const heard = heardFact(report)
  return [
    { name: 'Cascade', value: report.cascade },
    { name: 'Stream', value: report.source, detail: `${formatNumber(report.audioS, 4)} s` },
    ...(heard ? [heard] : []),
    looksFact(report),
    macsFact(report),
    ...energyFacts(report),
    { name: 'Load', value: formatPercent(report.load, 2), detail: 'of one core, front end included' },
  ]
}
