/**
 * The page's own script. It reads the data that lies in `#report-data`, draws both plots with uPlot in the
 * colours of the present scheme, and draws them anew when scheme or width change and before printing. Text
 * from the report goes through `textContent` only.
 */
export const pageScript: string = `
'use strict'
const report = JSON.parse(document.getElementById('report-data').textContent)
const dark = window.matchMedia('(prefers-color-scheme: dark)')
const plots = []
let printing = false

const colours = () => report.palettes[dark.matches && !printing ? 'dark' : 'light']
const number = (value) => value == null ? '–' : value >= 1000 || value === 0 ? value.toFixed(0) : value.toPrecision(4)

function axis(colour, label, more) {
  return Object.assign({
    label, stroke: colour.soft, labelSize: 22, labelFont: '13px system-ui, sans-serif', font: '12px system-ui, sans-serif',
    grid: { stroke: colour.grid, width: 1 }, ticks: { stroke: colour.grid, width: 1, size: 5 }, gap: 5,
  }, more)
}

function axes(colour, xLabel, yLabel, xMore) {
  const widest = (u, values) => 16 + 7 * Math.max(1, ...(values || []).map((value) => String(value).length))
  const y = axis(colour, yLabel, { size: widest })
  return [axis(colour, xLabel, Object.assign({ size: 32 }, xMore)), y]
}

function place(id, make) {
  const box = document.getElementById(id)
  if (!box || typeof uPlot === 'undefined') return
  const readout = box.previousElementSibling
  const rest = readout.textContent
  const size = () => ({ width: printing ? 640 : Math.max(200, box.clientWidth), height: printing || box.clientWidth < 560 ? 240 : 320 })
  const plot = { draw() {
    if (plot.chart) plot.chart.destroy()
    const options = make(colours(), (text) => { readout.textContent = text || rest })
    plot.chart = new uPlot(Object.assign(size(), options.options), options.data, box)
  } }
  plots.push(plot)
  plot.draw()
  let width = box.clientWidth
  new ResizeObserver(() => {
    if (printing || box.clientWidth === width) return
    width = box.clientWidth
    plot.chart.setSize(size())
  }).observe(box)
}

function shade(u, colour) {
  const context = u.ctx
  context.save()
  context.fillStyle = colour.window
  context.beginPath()
  context.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height)
  context.clip()
  for (const each of report.trace.windows) {
    const left = u.valToPos(each.startS, 'x', true)
    const right = u.valToPos(each.endS, 'x', true)
    context.fillRect(left, u.bbox.top, Math.max(1, right - left), u.bbox.height)
  }
  context.restore()
}

function windowAt(seconds) {
  const found = report.trace.windows.find((each) => seconds >= each.startS && seconds < each.endS)
  return found ? ', ' + found.label : ''
}

function traceText(u) {
  const at = u.cursor.idx
  if (at == null) return ''
  const [times, max, min, mean] = u.data
  const values = mean[at] == null ? 'no samples' : 'mean ' + number(mean[at]) + ', min ' + number(min[at]) + ', max ' + number(max[at]) + ' ' + report.trace.unit + ' ' + report.trace.provenance
  return times[at].toFixed(3) + ' s: ' + values + windowAt(times[at])
}

if (report.trace) place('trace-plot', (colour, say) => ({
  data: [report.trace.timesS, report.trace.max, report.trace.min, report.trace.mean],
  options: {
    legend: { show: false },
    cursor: { y: false, points: { show: false } },
    scales: { x: { time: false }, y: { range: (u, low, high) => [Math.min(0, low || 0), (high || 1) * 1.06] } },
    axes: axes(colour, 'Time (s)', 'Power (' + report.trace.unit + ')'),
    bands: [{ series: [1, 2], fill: colour.band }],
    series: [
      {},
      { stroke: colour.band, width: 0.5, points: { show: false } },
      { stroke: colour.band, width: 0.5, points: { show: false } },
      { stroke: colour.accent, width: 1.5, points: { show: false } },
    ],
    hooks: { drawClear: [(u) => shade(u, colour)], setCursor: [(u) => say(traceText(u))] },
  },
}))

function barText(u) {
  const at = u.cursor.idx
  const row = at == null ? null : report.bars.rows[at]
  if (!row) return ''
  const figure = row.value == null ? 'no figure' : number(row.value) + ' ' + report.bars.unit + (row.provenance ? ' ' + row.provenance : '')
  return (at + 1) + '. ' + row.name + ', ' + row.label + (row.wrong ? ' (wrong)' : '') + ': ' + figure
}

if (report.bars) place('bar-plot', (colour, say) => {
  const rows = report.bars.rows
  const pick = (wrong) => rows.map((row) => row.wrong === wrong ? row.value : null)
  const bars = uPlot.paths.bars({ size: [0.72, 56], radius: rows.length < 80 ? 0.12 : 0 })
  const series = (fill) => ({ fill, stroke: fill, width: 0, paths: bars, points: { show: false } })
  return {
    data: [rows.map((row, at) => at + 1), pick(false), pick(true)],
    options: {
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: rows.length > 20 } },
      scales: {
        x: { time: false, range: (u, low, high) => [low == null ? 0 : low - 0.6, high == null ? 1 : high + 0.6] },
        y: { range: (u, low, high) => [Math.min(0, low || 0), (high || 1) * 1.06] },
      },
      axes: axes(colour, 'Inference', report.bars.label, { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000], grid: { show: false } }),
      series: [{}, series(colour.accent), series(colour.bad)],
      hooks: { setCursor: [(u) => say(barText(u))] },
    },
  }
})

const redraw = () => { for (const plot of plots) plot.draw() }
dark.addEventListener('change', redraw)
window.addEventListener('beforeprint', () => { printing = true; redraw() })
window.addEventListener('afterprint', () => { printing = false; redraw() })
`
