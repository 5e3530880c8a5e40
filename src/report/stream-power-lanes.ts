import { scaleFor, withUnit } from './format.ts'
import { html } from './html-escape.ts'
import {
  dashedLine,
  fixed,
  innerWidth,
  type Lane,
  scaleLines,
  stepPath,
  streamEdge,
  type TimeAxis,
} from './stream-lane.ts'
import type { StreamReport } from './stream-report.ts'

const [high, colour] = [84, 'var(--accent)'] as const
/** Room above the highest value. */
const headroom = 1.12

/** Power of the large net at every look, above idle; null where it is not known. */
function alonePowerW({ alone, idlePowerW }: StreamReport): number | null {
  return alone?.meanPowerW == null ? null : alone.meanPowerW - (idlePowerW ?? 0)
}

function powerLane(report: StreamReport, energiesJ: readonly number[], axis: TimeAxis): Lane {
  const { timeline, alone, budgetW, idlePowerW, provenance } = report
  const { bins, binS } = timeline
  const aloneW = alonePowerW(report)
  const limitW = budgetW === null ? null : budgetW - (idlePowerW ?? 0)
  const powersW = energiesJ.map((energyJ) => energyJ / binS)
  const topW =
    headroom * powersW.reduce((most, value) => Math.max(most, value), Math.max(aloneW ?? 0, limitW ?? 0, 1e-12))
  const unit = scaleFor([topW], 'W', '')
  const draw = (y: number) => {
    const place = (value: number) => y + high - (value / topW) * high
    const line = stepPath(bins, powersW, axis, place)
    return html`${scaleLines(topW * unit.perSi, high, y, 4)}<path d="${line}V${y + high}H${fixed(axis.x(bins[0]!.startS))}z" style="fill:${colour}" fill-opacity="0.3"/><path d="${line}" fill="none" style="stroke:${colour}"/>
${aloneW === null ? null : dashedLine(place(aloneW), place(aloneW), `${alone!.name} at every look`)}${limitW === null ? null : dashedLine(place(limitW), place(limitW), 'budget')}`
  }
  return { title: 'Power above idle', detail: `${unit.unit}, ${provenance}`, high, draw }
}

function energyLane(report: StreamReport, energiesJ: readonly number[], { x, endS }: TimeAxis): Lane {
  const { timeline, alone, provenance } = report
  const aloneW = alonePowerW(report)
  const aloneJ = aloneW === null ? null : aloneW * endS
  let sumJ = 0
  const sumsJ = energiesJ.map((energyJ) => {
    sumJ += energyJ
    return sumJ
  })
  const topJ = headroom * Math.max(sumJ, aloneJ ?? 0, 1e-15)
  const unit = scaleFor([topJ], 'J', '')
  const draw = (y: number) => {
    const place = (value: number) => y + high - (value / topJ) * high
    const line = sumsJ.map((value, at) => `L${fixed(x(timeline.bins[at + 1]?.startS ?? endS))} ${fixed(place(value))}`)
    const end = fixed(Math.min(place(sumJ) + 15, y + high - 3))
    return html`${scaleLines(topJ * unit.perSi, high, y, 4)}<path d="M${streamEdge.left} ${y + high}${line.join('')}" fill="none" style="stroke:${colour}" stroke-width="2"/>
${aloneJ === null ? null : dashedLine(y + high, place(aloneJ), `${alone!.name} at every look: ${withUnit(aloneJ, 'J', '')}`)}
<text x="${streamEdge.left + innerWidth - 4}" y="${end}" text-anchor="end" style="fill:${colour}" font-size="11">cascade: ${withUnit(sumJ, 'J', '')}</text>
`
  }
  return { title: 'Energy so far', detail: `${unit.unit} above idle, ${provenance}`, high, draw }
}

/** Power and energy above idle beside those of the large net at every look; nothing where nobody knows them. */
export function powerLanes(report: StreamReport, axis: TimeAxis): readonly Lane[] {
  const energiesJ = report.timeline.bins.flatMap(({ energyJ }) => (energyJ === null ? [] : [energyJ]))
  if (report.provenance === null || energiesJ.length < report.timeline.bins.length) return []
  return [powerLane(report, energiesJ, axis), energyLane(report, energiesJ, axis)]
}
