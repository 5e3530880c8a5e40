import type { Command } from 'commander'
import type { Host } from '../core/host.ts'
import { plainStyle } from '../report/table.ts'
import { traceText } from '../report/trace-text.ts'
import { type InspectedTrace, inspectTrace } from '../trace/inspect.ts'
import { exitCodes } from './exit.ts'
import { interruptSignal } from './interrupt.ts'
import { toPositive } from './options.ts'
import { printJson } from './print-json.ts'
import { terminalStyle } from './run-output.ts'
import { addReadOptions, openTraceWith, type TraceReadOptions, toChannel, toCount } from './trace-options.ts'

/** Options of the commands that inspect a trace. */
export interface TraceInspectOptions extends TraceReadOptions {
  readonly channel?: number
  readonly inferences?: number
  readonly leastS?: number
  readonly fromS?: number
  readonly toS?: number
  readonly json?: boolean
}

/** Gives a command the options that say which windows a trace has. */
export function addWindowOptions(command: Command): Command {
  return command
    .option('--channel <n>', 'digital channel whose high level draws the windows', toChannel)
    .option('--inferences <count>', 'inferences in each window, where the trace does not say', toCount)
    .option(
      '--least-s <seconds>',
      'shortest window, where only steps in the power tell them (default: 0.1)',
      toPositive,
    )
}

/** Opens and inspects a trace as the options say. */
export async function inspectAt(host: Host, path: string, options: TraceInspectOptions): Promise<InspectedTrace> {
  const interrupt = interruptSignal()
  try {
    await using trace = await openTraceWith(host, path, options)
    const { channel, inferences, leastS, fromS, toS } = options
    return await inspectTrace(trace, {
      signal: interrupt.signal,
      now: host.clock.wallTime(),
      ...(channel === undefined ? {} : { channel }),
      ...(inferences === undefined ? {} : { inferences }),
      ...(leastS === undefined ? {} : { leastS }),
      ...(fromS === undefined ? {} : { fromS }),
      ...(toS === undefined ? {} : { toS }),
    })
  } finally {
    interrupt.release()
  }
}

async function inspectCommand(host: Host, path: string, options: TraceInspectOptions): Promise<number> {
  const inspected = await inspectAt(host, path, options)
  if (options.json) {
    await printJson(inspected.inspection)
    return exitCodes.done
  }
  const style = process.stdout.isTTY ? terminalStyle : plainStyle
  const width = Math.max(60, process.stdout.columns ?? 120)
  process.stdout.write(`${traceText(inspected, width, style)}\n`)
  return exitCodes.done
}

/** Adds `trace inspect`. */
export function addTraceInspect(trace: Command, host: Host, finish: (code: number) => void): void {
  const command = trace
    .command('inspect')
    .argument('<path>', 'a trace, or a result folder of MLPerf Tiny')
    .description('show what is in a trace: samples, gaps, windows, energy per inference, verdict')
    .option('--json', 'print one JSON document on standard output and nothing else')
  addWindowOptions(addReadOptions(command)).action(async (path: string, options: TraceInspectOptions) => {
    finish(await inspectCommand(host, path, options))
  })
}
