import { type Provenance, provenances } from '../core/provenance.ts'
import { type Html, html } from './html-escape.ts'
import type { AccuracyReport } from './report.ts'
import type { Cell, Table } from './table.ts'

/** How a table is set. */
export interface RowOptions {
  /** Scrolls in a box of limited height. */
  readonly tall?: boolean
  /** The last column holds sentences. */
  readonly wrapLast?: boolean
  readonly rowClass?: (row: number) => string
  /** A sentence below each row, across all columns. */
  readonly below?: (row: number) => string
}

/** The mark that shows where a figure comes from. */
export function badge(provenance: Provenance): Html {
  return html`<span class="badge ${provenance}">${provenance}</span>`
}

/** A table in its own scrolling box. */
export function tableHtml(table: Table, options: RowOptions = {}): Html {
  const last = table.columns.length - 1
  const cell = (each: Cell, column: number) => {
    const wraps = options.wrapLast && column === last ? 'text' : table.columns[column]!.shrinks ? 'name' : ''
    return html`<td class="${table.columns[column]!.align} ${wraps} ${each.tone ?? ''}">${cellHtml(each)}</td>`
  }
  const below = (at: number) =>
    options.below &&
    html`<tr class="below ${options.rowClass?.(at) ?? ''}"><td colspan="${last + 1}"><span>${options.below(at)}</span></td></tr>\n`
  const rows = table.rows.map(
    (row, at) => html`<tr class="${options.rowClass?.(at) ?? ''}">${row.map(cell)}</tr>\n${below(at) ?? ''}`,
  )
  return html`<div class="scroll ${options.tall ? 'tall' : ''}" tabindex="0"><table class="${options.below ? 'paired' : ''}"><thead>${headHtml(table)}</thead><tbody>
${rows}</tbody></table></div>`
}

/** The confusion matrix, each cell shaded by its share of the row. */
export function matrixHtml(table: Table, accuracy: AccuracyReport): Html {
  const rows = table.rows.map((row, expected) => {
    const counts = accuracy.confusion[expected] ?? []
    const total = Math.max(
      1,
      counts.reduce((sum, count) => sum + count, 0),
    )
    return html`<tr>${row.map((each, column) => {
      const share = column === 0 ? 0 : (counts[column - 1] ?? 0) / total
      return html`<td class="${column === 0 ? 'left' : 'right'} ${each.tone ?? ''}" style="--share: ${share.toFixed(3)}">${each.text}</td>`
    })}</tr>`
  })
  return html`<div class="scroll" tabindex="0"><table class="matrix"><thead>${headHtml(table)}</thead><tbody>${rows}</tbody></table></div>`
}

function headHtml(table: Table): Html {
  return html`<tr>${table.columns.map(({ title, align }) => html`<th class="${align}" scope="col">${title}</th>`)}</tr>`
}

function cellHtml(cell: Cell): Html {
  if (cell.provenance) return html`${cell.text} ${badge(cell.provenance)}`
  const named = provenances.find((provenance) => provenance === cell.text && cell.tone === 'warn')
  return named ? badge(named) : html`${cell.text}`
}
