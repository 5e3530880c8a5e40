import type { Provenance } from '../core/provenance.ts'
import type { EnergyRecord } from '../energy/record.ts'
import { figureDetail } from './energy-figures.ts'
import { formatStamp, formatTime, inScale, scaleFor } from './format.ts'
import { type Html, html } from './html-escape.ts'
import { cleanLine, cutTo } from './table.ts'

/** Colour of the band that names the provenance. */
const bands: Readonly<Record<Provenance, string>> = {
  measured: '#1b7f3b',
  replayed: '#1f5fa8',
  emulated: '#b35900',
  modelled: '#9c1c1c',
}

const size = { width: 420, height: 260 }

function text(x: number, y: number, className: string, content: string, most: number): Html {
  return html`<text x="${x}" y="${y}" class="${className}">${cutTo(cleanLine(content), most)}</text>`
}

const style =
  'text{font-family:system-ui,sans-serif;fill:#1a1a1a}.t{font-size:18px;font-weight:600}.s{font-size:12px}.v{font-size:48px;font-weight:700}.u{font-size:20px}.p{font-size:20px;font-weight:700;fill:#fff;letter-spacing:2px}'

/**
 * An energy label as SVG. The band with the provenance is part of every label, and no option takes it away: a modelled
 * or emulated figure cannot be printed without the word.
 * @throws RangeError for a record without a figure
 */
export function toEnergyLabel(record: EnergyRecord): string {
  const { gross, subject, provenance, verdict, meter } = record
  if (!gross) throw new RangeError('a record without a figure has no label')
  const scale = scaleFor([gross.valueJ], 'J', '')
  const bound = verdict === 'lower bound' ? '≥ ' : ''
  const value = `${bound}${inScale(gross.valueJ, scale, 3)}`
  const supply = meter?.supplyV == null ? '' : `, ${meter.supplyV} V`
  const source = meter ? `${meter.model}${supply}` : 'published figures, nothing was read'
  const timing = record.latencyS === null ? '' : `, ${formatTime(record.latencyS)} an inference`
  const body = html`<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${value} ${scale.unit} per inference, ${provenance}"><style>${style}</style><rect x="1" y="1" width="418" height="258" rx="10" fill="#fff" stroke="#1a1a1a" stroke-width="2"/>${text(20, 34, 't', [subject.model, subject.variant].filter(Boolean).join(', '), 40)}${text(20, 54, 's', `${subject.engine}, ${subject.machine}${timing}`, 62)}<text x="20" y="122" class="v">${value}<tspan class="u" dx="8">${scale.unit} per inference</tspan></text>${text(20, 150, 's', `gross; ${figureDetail(gross)}; ${verdict}`, 62)}<rect x="1" y="168" width="418" height="36" fill="${bands[provenance]}"/><text x="210" y="193" class="p" text-anchor="middle">${provenance.toUpperCase()}</text>${text(20, 226, 's', source, 62)}${text(20, 244, 's', `milliwatt ${record.milliwatt}, ${formatStamp(record.createdAt)}${subject.sha256 === null ? '' : `, model ${subject.sha256.slice(0, 8)}`}`, 58)}</svg>`
  return `${body.source}\n`
}
