import type { Provenance } from '../core/provenance.ts'
import { formatNumber } from './format.ts'

/** How far a look of a cascade went. */
export interface TimelineLook {
  readonly timeS: number
  readonly stage: 'skip' | 'gate' | 'small' | 'large'
  /** Above idle; null where nobody knows the machine's power. */
  readonly energyJ: number | null
}

/** A keyword that was heard. */
export interface TimelineEvent {
  readonly timeS: number
  readonly keyword: string
}

const marks: Readonly<Record<TimelineLook['stage'], string>> = { skip: ' ', gate: '·', small: '-', large: '#' }
const looksALine = 60

/** Looks of one sound: from the gate's opening before an event up to it. */
function soundBefore(looks: readonly TimelineLook[], event: TimelineEvent): readonly TimelineLook[] {
  const end = looks.findLastIndex(({ timeS }) => timeS <= event.timeS + 1e-9)
  const shut = looks.slice(0, end + 1).findLastIndex(({ stage }) => stage === 'gate')
  return looks.slice(shut + 1, end + 1)
}

function eventLine(looks: readonly TimelineLook[], event: TimelineEvent, provenance: Provenance | null): string {
  const sound = soundBefore(looks, event)
  const large = sound.filter(({ stage }) => stage === 'large').length
  const energyJ = sound.reduce((sum, look) => sum + (look.energyJ ?? 0), 0)
  const energy = provenance ? `, ${formatNumber(1e3 * energyJ, 3)} mJ above idle (${provenance})` : ''
  return `${event.timeS.toFixed(2).padStart(9)} s  ${event.keyword}: ${sound.length} looks since the sound began, ${large} of the large net${energy}`
}

/** What ran when: a mark a look, `*` where a keyword was heard, and what each event took. */
export function timelineLines(
  looks: readonly TimelineLook[],
  events: readonly TimelineEvent[],
  provenance: Provenance | null,
): readonly string[] {
  const stepS = looks.length > 1 ? looks[1]!.timeS - looks[0]!.timeS : 0.1
  const heard = new Set(events.map(({ timeS }) => looks.findLastIndex((look) => look.timeS <= timeS + stepS / 2)))
  const text = looks.map(({ stage }, at) => (heard.has(at) ? '*' : marks[stage]))
  const lines = Array.from({ length: Math.ceil(looks.length / looksALine) }, (_, line) => {
    const from = line * looksALine
    return `${looks[from]!.timeS.toFixed(1).padStart(9)} s  ${text.slice(from, from + looksALine).join('')}`
  })
  const legend = `${' '.repeat(13)}· no sound   - small net   # large net   * keyword   (blank: left out), ${formatNumber(stepS, 1)} s a look`
  return [...lines, legend, ...events.map((event) => eventLine(looks, event, provenance))]
}
