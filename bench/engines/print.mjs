const range = ({ median, min, max }, digits) =>
  `${median.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)})`
const millions = (count) => (count / 1e6).toFixed(2)
const megabytes = ({ median }) => (median / 1e6).toFixed(1)

/** Columns as wide as their widest cell; the first is set left, the others right. */
function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const cell = (text, column) => (column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column]))
  return rows.map((row) => `  ${row.map(cell).join('  ')}`.trimEnd()).join('\n')
}

function checkText({ checked, form }) {
  if (!checked) return ''
  if (checked.differ === 0) return 'equal'
  const worst = form === 'float' ? checked.worst.toExponential(0) : `${checked.worst} steps`
  return `${checked.differ} of ${checked.values} by ${worst}`
}

function engineRow(engine, ours, peaks) {
  if (!engine.us) return [engine.name, engine.failure ?? 'wrong, not timed', '', '', '', checkText(engine)]
  const ratio = range(engine.ratio, 2)
  const gmacs = engine.macs / engine.us.median / 1e3
  const name = engine.refused ? `${engine.name} *` : engine.name
  const peak = peaks[engine.renderer]
  const share = peak ? `${((gmacs / peak) * 100).toFixed(0)} %` : ''
  return [name, range(engine.us, 1), engine === ours ? '' : ratio, gmacs.toFixed(1), share, checkText(engine)]
}

/** A model's engines: microseconds, times slower than the first, rate, share of the peak, outputs against the oracle. */
export function modelText({ model, file, macs, engines }, peaks) {
  const head = ['engine', 'us a run', 'times slower', 'GMAC/s', 'of peak', 'outputs']
  const rows = engines.map((engine) => engineRow(engine, engines[0], peaks))
  const modules = engines.flatMap(({ name, macs: executed, bytes, arenaBytes }) =>
    arenaBytes
      ? [`  ${name}: module ${bytes} bytes, arena ${arenaBytes} bytes, ${millions(executed)} M MACs executed`]
      : [],
  )
  const refused = engines.some((engine) => engine.refused)
  const note = refused ? ['  * refuses the file as it is; timed on one that milliwatt wrote anew'] : []
  return [`\n${model} (${file}): ${millions(macs)} M MACs`, table([head, ...rows]), ...modules, ...note].join('\n')
}

const verdict = ({ goal, reached, standIn }) => {
  if (goal === null) return ''
  return `${reached ? 'reached' : 'missed'}${standIn ? ', by simd128 in its place' : ''}`
}

/** How the goals are met. */
export function classText(rows) {
  if (rows.length === 0) return ''
  const lines = rows.flatMap(({ renderer, kind, cells }) =>
    cells.map((cell) => [
      `${renderer} against ${kind}`,
      cell.model,
      `${cell.rival}${cell.refused ? ' *' : ''}`,
      range(cell.ratio, 2),
      cell.goal === null ? '' : cell.goal.toFixed(1),
      verdict(cell),
    ]),
  )
  const head = ['class', 'model', 'fastest rival', 'times faster', 'goal', '']
  return `\nTimes faster than the fastest rival of a class\n${table([head, ...lines])}`
}

const startRow = ({ name, failure, firstMs, usAlone, firstBytes, warmBytes }) =>
  failure
    ? [name, failure, '', '', '']
    : [name, range(firstMs, 1), usAlone.min.toFixed(1), megabytes(firstBytes), megabytes(warmBytes)]

/** Start and memory of every engine in fresh processes. */
export function startText({ model, starts }) {
  if (starts.length === 0) return ''
  const head = ['engine', 'ms to the first result', 'best us alone', 'MB then', 'MB after 1000 runs']
  return `\n${model}, each in a fresh process\n${table([head, ...starts.map(startRow)])}`
}
