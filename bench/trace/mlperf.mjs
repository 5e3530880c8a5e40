// Replays every published energy trace of MLPerf Tiny and prints how its windows compare with what was published.
// node bench/trace/mlperf.mjs [FOLDER]; a folder of rounds, each with a folder a run. Exit code 1 when a figure is missed.
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { nodeHost } from '../../dist/hosts/node.js'
import { rawDecoders } from '../../dist/meters/raw-decoders.js'
import { openTrace } from '../../dist/trace/formats/list.js'
import { inspectTrace } from '../../dist/trace/inspect.js'

const shared = process.env.MILLIWATT_SHARED ?? resolve(import.meta.dirname, '../../../shared')
const root = resolve(process.argv[2] ?? join(shared, 'data/mlperf-tiny/traces'))
if (!existsSync(root)) {
  console.log(`no traces at ${root}: give their folder, or set MILLIWATT_SHARED`)
  process.exit(1)
}

const runs = readdirSync(root).flatMap((round) => readdirSync(join(root, round)).map((run) => join(round, run)))
const differences = []
for (const run of runs) {
  const trace = await openTrace(nodeHost().files, join(root, run), { decoders: rawDecoders })
  const { inspection } = await inspectTrace(trace)
  await trace[Symbol.asyncDispose]()
  const against = inspection.windows.map((window) => Math.abs(window.againstPublished ?? Number.NaN))
  differences.push(...against)
  const worst = Math.max(...against)
  const median = (inspection.medianEnergyPerInferenceJ * 1e6).toFixed(3)
  const published = (inspection.publishedMedianEnergyPerInferenceJ * 1e6).toFixed(3)
  console.log(
    `${run.padEnd(52)} ${median.padStart(10)} µJ (published ${published.padStart(10)})  worst window ${worst.toExponential(1)}`,
  )
}

differences.sort((a, b) => a - b)
const share = (limit) => differences.filter((value) => value <= limit).length / differences.length
const at = (q) => differences[Math.floor(q * (differences.length - 1))].toExponential(1)
console.log(`${runs.length} traces, ${differences.length} windows: median ${at(0.5)}, largest ${at(1)}`)
console.log(
  `within 0.02 %: ${(100 * share(2e-4)).toFixed(1)} % of windows (at least 97); within 0.1 %: ${(100 * share(1e-3)).toFixed(1)} % (all)`,
)
process.exitCode = share(2e-4) >= 0.97 && share(1e-3) === 1 ? 0 : 1
