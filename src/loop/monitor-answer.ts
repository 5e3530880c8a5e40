import type { WebReply, WebRequest } from '../core/web.ts'
import { toPrometheus } from '../dashboard/metrics.ts'
import { monitorPage } from '../dashboard/page.ts'
import type { HtmlAssets } from '../report/html.ts'
import type { Monitor, MonitorView } from './monitor.ts'

const mostColumns = 4000
const csvColumns = 100_000

/** Four digits are more than a plot can show. */
const short = (value: number | null) => (value === null ? null : Number(value.toPrecision(5)))

function viewOf(monitor: Monitor, { last, from, to }: WebRequest['query'], columns: number): MonitorView {
  if (from !== undefined && to !== undefined) return monitor.view({ fromS: Number(from), toS: Number(to) }, columns)
  return monitor.view({ lastS: last === 'all' ? Number.POSITIVE_INFINITY : Number(last ?? 10) }, columns)
}

function viewReply(monitor: Monitor, query: WebRequest['query']): WebReply {
  const wanted = Math.min(mostColumns, Math.max(10, Number(query.columns ?? 1000) || 1000))
  const { fromS, toS, columns } = viewOf(monitor, query, wanted)
  const { startS, columnS, minW, meanW, maxW } = columns
  const shortened = { startS, columnS, minW: minW.map(short), meanW: meanW.map(short), maxW: maxW.map(short) }
  const body = JSON.stringify({ version: 1, state: monitor.state, fromS, toS, columns: shortened })
  return { type: 'application/json', body }
}

function csvReply(monitor: Monitor, query: WebRequest['query']): WebReply {
  const { columns } = viewOf(monitor, query, csvColumns)
  const provenance = monitor.state.meter?.provenance ?? ''
  const rows = columns.meanW.map((mean, index) => {
    const timeS = columns.startS + index * columns.columnS
    return [timeS.toFixed(6), mean ?? '', columns.minW[index] ?? '', columns.maxW[index] ?? '', provenance].join(',')
  })
  const body = `${['time_s,mean_w,min_w,max_w,provenance', ...rows].join('\n')}\n`
  return { type: 'text/csv; charset=utf-8', body, fileName: 'milliwatt-power.csv' }
}

/**
 * Answers of the live page's server: `/` the page, `/view` state and columns as JSON, `/export.csv`, and `/metrics` for
 * Prometheus. `from` and `to`, or `last`, give the times in seconds.
 */
export function monitorAnswer(monitor: Monitor, assets: HtmlAssets): (request: WebRequest) => WebReply {
  const page: WebReply = { type: 'text/html; charset=utf-8', body: monitorPage(assets) }
  return ({ path, query }) => {
    if (path === '/') return page
    if (path === '/view') return viewReply(monitor, query)
    if (path === '/export.csv') return csvReply(monitor, query)
    if (path === '/metrics')
      return { type: 'text/plain; version=0.0.4; charset=utf-8', body: toPrometheus(monitor.state) }
    return { status: 404, type: 'text/plain; charset=utf-8', body: 'There are /, /view, /export.csv and /metrics.\n' }
  }
}
