import { columnFormat, formatEnergy, formatMacs, formatTime, noFigure, scaleFor, withUnit } from './format.ts'
import type { LayerElsewhere, PlacedLayer, PlacementReport } from './placement.ts'
import { cleanLine, plainStyle, type Table, type TextStyle, tableLines, wrap } from './table.ts'

/** Seconds or joules that nobody can tell apart. */
const negligible = 1e-11

/** What another place would have meant: `+12.3 µs on native cpu`, or why it cannot take the layer. */
export function elsewhereText({ place, extra, reason }: LayerElsewhere, { objective }: PlacementReport): string {
  if (extra === null) return `not on ${place}: ${reason}`
  if (extra < negligible) return `as good on ${place}`
  return `+${withUnit(extra, objective === 'latency' ? 's' : 'J', '')} on ${place}`
}

/** The place that would have added least; without one, the first that cannot run it. */
function nextBest({ elsewhere }: PlacedLayer): LayerElsewhere | undefined {
  const able = elsewhere.filter(({ extra }) => extra !== null)
  return able.length > 0 ? able.reduce((a, b) => (b.extra! < a.extra! ? b : a)) : elsewhere[0]
}

/** One row a layer: where it runs, what it costs there and the next best place. */
export function layerTable(report: PlacementReport): Table {
  const { layers } = report
  const scale = scaleFor(
    layers.map(({ latencyS }) => latencyS),
    's',
    '',
  )
  const time = columnFormat(
    layers.map(({ latencyS }) => latencyS),
    scale,
  )
  const hasEnergy = layers.some(({ energyJ }) => energyJ !== null)
  const row = (layer: PlacedLayer, at: number) => {
    const next = nextBest(layer)
    return [
      { text: String(at) },
      { text: layer.op },
      { text: layer.name },
      { text: layer.macs ? formatMacs(layer.macs) : noFigure },
      { text: layer.place },
      { text: time(layer.latencyS) },
      { text: layer.transferS > 0 ? time(layer.transferS) : noFigure },
      ...(hasEnergy ? [{ text: withUnit(layer.energyJ, 'J', ''), provenance: layer.provenance }] : []),
      { text: next ? elsewhereText(next, report) : noFigure },
    ]
  }
  return {
    columns: [
      { title: '#', align: 'right' },
      { title: 'op', align: 'left' },
      { title: 'layer', align: 'left', shrinks: true, drops: 1 },
      { title: 'MACs', align: 'right', drops: 2 },
      { title: 'runs on', align: 'left' },
      { title: scale.unit, align: 'right' },
      { title: `transfer ${scale.unit}`, align: 'right' },
      ...(hasEnergy ? [{ title: 'energy', align: 'right' as const }] : []),
      { title: 'next best', align: 'left' },
    ],
    rows: layers.map(row),
  }
}

/** One row a place: the whole model there. */
export function placeTable({ places }: PlacementReport): Table {
  return {
    columns: [
      { title: 'place', align: 'left' },
      { title: 'times', align: 'left' },
      { title: 'dispatch', align: 'right' },
      { title: 'whole model', align: 'left' },
    ],
    rows: places.map(({ id, basis, dispatchS, whole }) => [
      { text: id },
      { text: basis },
      { text: dispatchS > 0 ? formatTime(dispatchS) : noFigure },
      { text: 'reason' in whole ? whole.reason : formatTime(whole.latencyS) },
    ]),
  }
}

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

/** The totals in one line. */
export function placementSummary({ totals, segments, layers }: PlacementReport): string {
  const { latencyS, layersS, dispatchS, transferS, energyJ, provenance } = totals
  const parts = `layers ${formatTime(layersS)}, dispatch ${formatTime(dispatchS)}, transfers ${formatTime(transferS)}`
  const energy = energyJ === null ? '' : `; ${formatEnergy(energyJ, provenance)}`
  return `${plural(layers.length, 'layer')} in ${plural(segments.length, 'segment')}: ${formatTime(latencyS)} (${parts})${energy}`
}

/** Which layer runs where, as text of a width. */
export function placementText(report: PlacementReport, width: number, style: TextStyle = plainStyle): string {
  const lines = [
    style.strong(`Layers of ${cleanLine(report.variant)} by place, least ${report.objective}`),
    ...wrap(placementSummary(report), width),
    ...tableLines(layerTable(report), width, style),
    '',
    style.strong('Places'),
    ...tableLines(placeTable(report), width, style),
    '',
    ...wrap(report.algorithm, width),
    ...report.notes.flatMap((note) => wrap(note, width)),
  ]
  return `${lines.join('\n')}\n`
}
