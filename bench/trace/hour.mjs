// Memory of every command on a long recording:
// node bench/trace/hour.mjs [--minutes 60] [--csv-minutes 10] [--limit-mb 200] [--only PATTERN] [--folder FOLDER]
// Each command runs in a process of its own with no limit on its heap. Exit code 1 when one takes more than the limit.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { measured } from './measured.mjs'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    'csv-minutes': { type: 'string', default: '10' },
    'limit-mb': { type: 'string', default: '200' },
    only: { type: 'string', default: '' },
    folder: { type: 'string', default: tmpdir() },
  },
})
const [minutes, csvMinutes, limitMb] = [values.minutes, values['csv-minutes'], values['limit-mb']].map(Number)
const samplesOf = (length) => Math.round(length * 60 * 100_000)
const script = (name) => join(import.meta.dirname, name)
const main = resolve(import.meta.dirname, '../../dist/cli/main.js')
const folder = mkdtempSync(join(values.folder, 'milliwatt-hour-'))
const at = (name) => join(folder, name)
const only = new RegExp(values.only)
const missed = []

/** Runs one command, prints its row; `size` is the file that it wrote. */
async function row(what, args, { size, samples = samplesOf(minutes) } = {}) {
  if (!only.test(what)) return
  const { seconds, megabytes, printedBytes } = await measured(...args)
  if (megabytes > limitMb) missed.push(what)
  const bytes = size === undefined ? printedBytes : statSync(size).size
  const each = size === undefined ? '' : `${(bytes / samples).toFixed(2)} B/sample`
  const amount = `${(bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 0)} MB`
  console.log(
    `${what.padEnd(38)} ${megabytes.toFixed(0).padStart(5)} MB ${seconds.toFixed(1).padStart(7)} s ${amount.padStart(10)}  ${each}${megabytes > limitMb ? '  TOO MUCH' : ''}`,
  )
}

const trace = (what, ...args) => row(`trace ${what}`, [main, 'trace', ...args])

/** Converts a capture, then reads the result. */
async function there(source, ending, length = minutes) {
  const target = at(`out.${ending}`)
  const note = length === minutes ? '' : ` (${length} min)`
  const options = { samples: samplesOf(length) }
  await row(`trace convert to .${ending}${note}`, [main, 'trace', 'convert', source, target], {
    ...options,
    size: target,
  })
  await row(`trace inspect .${ending}${note}`, [main, 'trace', 'inspect', target], options)
  return target
}

async function record(name, length, options) {
  const path = at(`${name}.raw`)
  const args = [script('record.mjs'), at(name), String(samplesOf(length)), JSON.stringify(options)]
  await row(`record ${name}`, args, { size: path, samples: samplesOf(length) })
  return path
}

try {
  console.log(`${minutes} minutes at 100 kS/s: most memory, time, bytes written or printed`)
  const source = await record('whole', minutes, { markEveryS: 10 })
  await trace('inspect', 'inspect', source)
  await trace('inspect --json', 'inspect', source, '--json')
  await trace('inspect --channel 0 --json', 'inspect', source, '--channel', '0', '--json')
  await trace('plot', 'plot', source)
  await trace('plot .html', 'plot', source, '--channel', '0', '-o', at('a.html'))
  await trace('plot .svg', 'plot', source, '-o', at('a.svg'))
  await row('energy of a trace, windows by edges', [script('session.mjs'), source, 'edges'])
  await row('energy of a trace, one long window', [script('session.mjs'), source, 'whole'])
  const parquet = await there(source, 'parquet')
  await trace('compare, capture and .parquet', 'compare', source, parquet, '--channel', '0', '--inferences', '1')
  await row('trace convert .parquet to .ppk2', [main, 'trace', 'convert', parquet, at('b.ppk2')], {
    size: at('b.ppk2'),
  })
  rmSync(parquet, { force: true })
  rmSync(at('b.ppk2'), { force: true })
  rmSync(await there(source, 'ppk2'), { force: true })
  // Ten bytes go to a sample in other formats, forty in a table: a shorter one tells as much where memory does not grow.
  for (const length of [csvMinutes / 10, csvMinutes / 2, csvMinutes]) {
    const part = length === minutes ? source : await record(`${length}-min`, length, { markEveryS: 10 })
    rmSync(await there(part, 'csv', length), { force: true })
    if (part !== source) rmSync(part, { force: true })
  }
  rmSync(source, { force: true })
  // A meter on a host that loses half of every millisecond, as some USB controllers do: a gap for every block.
  const torn = await record('torn', minutes * 0.48, { blockSamples: 48, gapEvery: 1, gapSamples: 52 })
  await trace('inspect, 1000 gaps a second', 'inspect', torn)
  await row('trace convert to .parquet, 1000 gaps/s', [main, 'trace', 'convert', torn, at('c.parquet')], {
    size: at('c.parquet'),
    samples: samplesOf(minutes * 0.48),
  })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(
  missed.length === 0 ? `no command took more than ${limitMb} MB` : `more than ${limitMb} MB: ${missed.join(', ')}`,
)
process.exitCode = missed.length === 0 ? 0 : 1
