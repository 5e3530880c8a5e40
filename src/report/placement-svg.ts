import { formatMacs, formatTime } from './format.ts'
import { html } from './html-escape.ts'
import type { PlacedLayer, PlacementReport } from './placement.ts'
import { elsewhereText, placementSummary } from './placement-text.ts'

const [rowHeight, gap, laneWidth, labelWidth, head] = [34, 14, 190, 250, 96] as const
/** Tells lanes apart also for those who see no red or green (Okabe and Ito). */
const laneColours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#6b6b6b'] as const

const short = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`)

function hint(layer: PlacedLayer, report: PlacementReport): string {
  const macs = layer.macs ? `, ${formatMacs(layer.macs)} MACs` : ''
  return [
    `${layer.name}${macs}, ${layer.place}: ${formatTime(layer.latencyS)}`,
    layer.why,
    ...layer.elsewhere.map((other) => elsewhereText(other, report)),
  ].join('\n')
}

/** The layers as a picture: one lane a place, time downwards by layer, lines where a tensor moves. */
export function placementSvg(report: PlacementReport): string {
  const used = report.places.filter(({ id }) => report.layers.some(({ place }) => place === id))
  const lane = (place: string) => used.findIndex(({ id }) => id === place)
  const colour = (place: string) => laneColours[lane(place) % laneColours.length]!
  const longest = Math.max(...report.layers.map(({ latencyS }) => latencyS), Number.MIN_VALUE)
  const width = labelWidth + used.length * laneWidth + 24
  const height = head + report.layers.length * (rowHeight + gap) + 16
  const middleX = (place: string) => labelWidth + (lane(place) + 0.5) * laneWidth
  const topY = (at: number) => head + at * (rowHeight + gap)
  const edges = report.layers.flatMap((layer, to) =>
    layer.takesFrom.flatMap((from) => {
      const source = report.layers[from]
      if (!source) return []
      const moves = source.place !== layer.place
      const [x1, y1] = [middleX(source.place), topY(from) + rowHeight]
      const [x2, y2] = [middleX(layer.place), topY(to)]
      const bend = to - from > 1 && !moves ? laneWidth * 0.46 : 0
      const path = `M${x1} ${y1}C${x1 + bend} ${y1 + gap},${x2 + bend} ${y2 - gap},${x2} ${y2}`
      return [
        html`<path d="${path}" fill="none" stroke="${moves ? '#b93813' : '#9aa8b5'}" stroke-width="${moves ? 2 : 1.2}"${moves ? html` stroke-dasharray="5 3"` : ''}/>
`,
      ]
    }),
  )
  const boxes = report.layers.map((layer, at) => {
    const [x, y] = [middleX(layer.place) - laneWidth * 0.4, topY(at)]
    const bar = (laneWidth * 0.8 * layer.latencyS) / longest
    return html`<g><title>${hint(layer, report)}</title><text x="${labelWidth - 12}" y="${y + 14}" text-anchor="end">${short(layer.op, 30)}</text><text x="${labelWidth - 12}" y="${y + 28}" text-anchor="end" fill="#566573" font-size="10">${short(layer.name, 38)}</text>
<rect x="${x}" y="${y}" width="${laneWidth * 0.8}" height="${rowHeight}" rx="5" fill="#ffffff" stroke="${colour(layer.place)}"/><rect x="${x}" y="${y}" width="${bar.toFixed(1)}" height="${rowHeight}" rx="5" fill="${colour(layer.place)}" fill-opacity="0.28"/><text x="${middleX(layer.place)}" y="${y + 21}" text-anchor="middle">${formatTime(layer.latencyS)}</text></g>
`
  })
  const lanes = used.map(
    ({ id, backend, device }) =>
      html`<rect x="${middleX(id) - laneWidth / 2 + 4}" y="${head - 42}" width="${laneWidth - 8}" height="${height - head + 34}" rx="8" fill="${colour(id)}" fill-opacity="0.05"/><text x="${middleX(id)}" y="${head - 26}" text-anchor="middle" font-weight="600" fill="${colour(id)}">${short(backend, 26)}</text><text x="${middleX(id)}" y="${head - 11}" text-anchor="middle" font-size="11" fill="${colour(id)}">${short(device, 30)}</text>
`,
  )
  const picture = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#14202b">
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="16" y="20" font-weight="600">${short(`${report.model}, ${report.variant}`, 60)}</text>
<text x="16" y="38" fill="#566573">${placementSummary(report)}</text>
${lanes}${edges}${boxes}</svg>
`
  return picture.source
}
