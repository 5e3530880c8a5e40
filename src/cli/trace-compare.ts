import type { Command } from 'commander'
import type { Host } from '../core/host.ts'
import { plainStyle } from '../report/table.ts'
import { compareText } from '../report/trace-compare-text.ts'
import { compareTraces } from '../trace/compare.ts'
import { exitCodes } from './exit.ts'
import { terminalStyle } from './run-output.ts'
import { addWindowOptions, inspectAt, type TraceInspectOptions } from './trace-inspect.ts'
import { addReadOptions } from './trace-options.ts'

async function compareCommand(host: Host, pathA: string, pathB: string, options: TraceInspectOptions): Promise<number> {
  const { inspection: a } = await inspectAt(host, pathA, options)
  const { inspection: b } = await inspectAt(host, pathB, options)
  const comparison = compareTraces(a, b)
  const style = process.stdout.isTTY ? terminalStyle : plainStyle
  const width = Math.max(60, process.stdout.columns ?? 120)
  const text = options.json
    ? JSON.stringify(
        { a: { path: a.path, provenance: a.provenance }, b: { path: b.path, provenance: b.provenance }, ...comparison },
        null,
        2,
      )
    : compareText(a, b, comparison, width, style)
  process.stdout.write(`${text}\n`)
  return exitCodes.done
}

/** Adds `trace compare`. */
export function addTraceCompare(trace: Command, host: Host, finish: (code: number) => void): void {
  const command = trace
    .command('compare')
    .argument('<a>', 'a trace, or a result folder of MLPerf Tiny')
    .argument('<b>', 'the other one')
    .description('set two traces side by side and say what the difference is worth')
    .option('--json', 'print one JSON document on standard output and nothing else')
  addWindowOptions(addReadOptions(command)).action(async (a: string, b: string, options: TraceInspectOptions) => {
    finish(await compareCommand(host, a, b, options))
  })
}
