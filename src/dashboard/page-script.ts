/**
 * The live page's own script. It asks `view` for the state and the columns of the present view a few times a second;
 * while it is paused or zoomed the view stays, the state goes on. Text goes through `textContent` only.
 */
export const monitorScript: string = `
'use strict'
const palettes = JSON.parse(document.getElementById('palettes').textContent)
const dark = window.matchMedia('(prefers-color-scheme: dark)')
const at = (id) => document.getElementById(id)
const box = at('plot')
const rest = at('readout').textContent
const view = { live: true, span: '10', from: 0, to: 10 }
let chart = null
let state = null
let columns = null

const prefixes = [[1, ''], [1e-3, 'm'], [1e-6, 'µ'], [1e-9, 'n']]
function figure(value, unit) {
  if (value == null) return '–'
  if (value === 0) return '0 ' + unit
  const [size, prefix] = prefixes.find(([size]) => Math.abs(value) >= size) || prefixes[3]
  const scaled = value / size
  return (Math.abs(scaled) >= 1000 ? scaled.toFixed(0) : scaled.toPrecision(4)) + ' ' + prefix + unit
}
const seconds = (value) => value < 1 ? (value * 1000).toPrecision(3) + ' ms' : value.toPrecision(4) + ' s'
const set = (id, text) => { at(id).textContent = text }

function median(values) {
  const sorted = values.slice().sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

function showMeter() {
  const { meter, status, message, model, activity } = state
  set('meter-name', meter ? meter.model : '')
  const badge = at('provenance')
  badge.hidden = !meter
  if (meter) {
    badge.textContent = meter.provenance
    badge.className = 'badge ' + meter.provenance
    set('meter-facts', [meter.path, meter.sampleRateHz + ' samples/s', meter.supplyV + ' V', model ? (activity ? 'making ' + model + ' ready: ' + activity : 'running ' + model) : ''].filter(Boolean).join(' · '))
  }
  const warning = meter && meter.warnings.join('; ')
  const titles = { waiting: 'No meter', lost: 'The meter is gone', measuring: '' }
  banner(titles[status] || (warning ? (meter.provenance === 'emulated' ? 'Emulated figures' : 'Note') : ''), message || warning || '', status === 'measuring' ? 'warn' : 'bad')
}

function banner(title, text, kind) {
  at('banner').hidden = !title
  at('banner').className = 'banner ' + kind
  set('banner-title', title)
  set('banner-text', text)
}

function showCards() {
  const { powerW, energyJ, durationS, received, lost, saturated, inferences, inferenceCount } = state
  set('power', figure(state.status === 'measuring' ? powerW : null, 'W'))
  set('energy', state.meter ? figure(energyJ, 'J') : '–')
  set('energy-detail', state.meter ? 'in ' + seconds(durationS) : '')
  set('samples', received.toLocaleString('en'))
  set('samples-detail', lost + ' lost' + (saturated ? ', ' + saturated + ' at full scale' : ''))
  const values = inferences.map((each) => each.energyJ).filter((value) => value != null)
  if (values.length === 0) { set('inference', '–'); set('inference-detail', ''); return }
  const mean = values.reduce((a, b) => a + b) / values.length
  const spread = values.length > 1 ? Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)) / mean : null
  set('inference', figure(median(values), 'J'))
  set('inference-detail', 'last ' + values.length + ' of ' + inferenceCount + ' windows' + (spread == null ? '' : ', variation ' + (spread >= 0.1 ? (spread * 100).toFixed(0) : (spread * 100).toPrecision(2)) + ' %'))
}

function showInferences() {
  const rows = state.inferences.slice().reverse()
  at('no-inferences').hidden = rows.length > 0
  at('inference-box').hidden = rows.length === 0
  at('inferences').replaceChildren(...rows.map((each) => {
    const row = document.createElement('tr')
    const cells = [each.startS.toFixed(4), seconds(each.endS - each.startS), String(each.inferences), each.energyJ == null ? each.reason : figure(each.energyJ, 'J'), figure(each.meanPowerW, 'W'), each.method + (each.energyJ != null && each.reason ? ': ' + each.reason : '')]
    cells.forEach((text, index) => {
      const cell = document.createElement('td')
      cell.textContent = text
      if (index < 5) cell.className = 'right'
      row.append(cell)
    })
    return row
  }))
}

const colour = () => palettes[dark.matches ? 'dark' : 'light']

function axis(label, more) {
  const { soft, grid } = colour()
  return Object.assign({ label, stroke: soft, labelSize: 22, labelFont: '13px system-ui, sans-serif', font: '12px system-ui, sans-serif', grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1, size: 5 }, gap: 5 }, more)
}

function shade(u) {
  if (!state) return
  u.ctx.save()
  u.ctx.fillStyle = colour().window
  u.ctx.beginPath()
  u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height)
  u.ctx.clip()
  for (const each of state.inferences) {
    const left = u.valToPos(each.startS, 'x', true)
    const right = u.valToPos(each.endS, 'x', true)
    u.ctx.fillRect(left, u.bbox.top, Math.max(1, right - left), u.bbox.height)
  }
  u.ctx.restore()
}

function readout(u) {
  const index = u.cursor.idx
  if (index == null || !state) { set('readout', rest); return }
  const [times, most, least, mean] = u.data
  const found = state.inferences.find((each) => times[index] >= each.startS && times[index] < each.endS)
  const power = mean[index] == null ? 'no samples' : 'mean ' + figure(mean[index], 'W') + ', least ' + figure(least[index], 'W') + ', most ' + figure(most[index], 'W')
  set('readout', times[index].toFixed(5) + ' s: ' + power + (found ? ' (inference of ' + figure(found.energyJ, 'J') + ')' : ''))
}

function select(u) {
  if (u.select.width < 4) return
  const [from, to] = [u.posToVal(u.select.left, 'x'), u.posToVal(u.select.left + u.select.width, 'x')]
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
  hold(from, to)
}

const milliwatts = (u, values) => values.map((value) => value === 0 ? '0' : String(+(value * 1000).toPrecision(6)))
const size = () => ({ width: Math.max(200, box.clientWidth), height: box.clientWidth < 560 ? 260 : 340 })

function draw() {
  if (chart) chart.destroy()
  const { accent, band } = colour()
  const widest = (u, values) => 16 + 7 * Math.max(1, ...(values || []).map((value) => String(value).length))
  chart = new uPlot(Object.assign(size(), {
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
    scales: { x: { time: false, range: () => [view.from, view.to] }, y: { range: (u, low, high) => [Math.min(0, low || 0), (high || 1e-3) * 1.06] } },
    axes: [axis('Time (s)', { size: 32 }), axis('Power (mW)', { size: widest, values: milliwatts })],
    bands: [{ series: [1, 2], fill: band }],
    series: [{}, { stroke: band, width: 0.5, points: { show: false } }, { stroke: band, width: 0.5, points: { show: false } }, { stroke: accent, width: 1.5, points: { show: false } }],
    hooks: { drawClear: [shade], setCursor: [readout], setSelect: [select] },
  }), columns || [[], [], [], []], box)
  chart.over.addEventListener('dblclick', follow)
}

function follow() {
  view.live = true
  at('live').setAttribute('aria-pressed', 'true')
  refresh()
}

function hold(from, to) {
  view.live = false
  at('live').setAttribute('aria-pressed', 'false')
  view.from = Math.max(0, from)
  view.to = Math.max(view.from + 1e-4, to)
  refresh()
}

at('live').addEventListener('click', () => view.live ? hold(view.from, view.to) : follow())
at('span').value = view.span
at('span').addEventListener('change', () => { view.span = at('span').value; follow() })
at('out').addEventListener('click', () => {
  const middle = (view.from + view.to) / 2
  const half = view.to - view.from
  hold(middle - half, middle + half)
})
at('png').addEventListener('click', () => {
  const link = document.createElement('a')
  link.href = chart.ctx.canvas.toDataURL('image/png')
  link.download = 'milliwatt-power.png'
  link.click()
})
dark.addEventListener('change', draw)
new ResizeObserver(() => { if (chart && box.clientWidth !== chart.width) chart.setSize(size()) }).observe(box)

function question() {
  const wanted = new URLSearchParams({ columns: String(Math.max(100, Math.min(2000, box.clientWidth))) })
  if (view.live) wanted.set('last', view.span)
  else { wanted.set('from', String(view.from)); wanted.set('to', String(view.to)) }
  return wanted
}

let asking = false
async function refresh() {
  if (asking) return
  asking = true
  try {
    const wanted = question()
    const answer = await (await fetch('view?' + wanted)).json()
    state = answer.state
    if (view.live) { view.from = answer.fromS; view.to = answer.toS }
    const { startS, columnS, minW, meanW, maxW } = answer.columns
    columns = [meanW.map((_, index) => startS + (index + 0.5) * columnS), maxW, minW, meanW]
    at('csv').href = 'export.csv?from=' + view.from + '&to=' + view.to
    showMeter()
    showCards()
    showInferences()
    if (chart) chart.setData(columns)
  } catch {
    banner('The monitor has stopped', 'Nothing answers at ' + location.origin + '. Start "milliwatt monitor" again.', 'bad')
  }
  asking = false
}

draw()
refresh()
setInterval(() => { if (!document.hidden) refresh() }, 150)
`
