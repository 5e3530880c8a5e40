import type { Command } from 'commander'
import type { Host } from '../core/host.ts'
import { replayEnergy } from '../loop/energy-replay.ts'
import { giveRecord, type RecordOutput, toShare } from './energy-options.ts'
import { interruptSignal } from './interrupt.ts'
import { toPositive } from './options.ts'
import { addWindowOptions } from './trace-inspect.ts'
import { addReadOptions, openTraceWith, type TraceReadOptions } from './trace-options.ts'

/** Options of `milliwatt energy replay`. */
interface ReplayCommandOptions extends TraceReadOptions, RecordOutput {
  readonly channel?: number
  readonly inferences?: number
  readonly leastS?: number
  readonly label?: string
  readonly gainPercent?: number
  readonly instrument?: string
  readonly model?: string
  readonly machine?: string
  readonly confidence: number
}

/** Runs `milliwatt energy replay TRACE` and gives the exit code. */
async function replayCommand(
  host: Host,
  version: string,
  path: string,
  options: ReplayCommandOptions,
): Promise<number> {
  const { signal, release } = interruptSignal()
  try {
    await using trace = await openTraceWith(host, path, options)
    const { gainPercent, ...rest } = options
    const gain = gainPercent === undefined ? {} : { gain: gainPercent / 100 }
    return await giveRecord(host, await replayEnergy(host, version, trace, { ...rest, ...gain, signal }), options)
  } finally {
    release()
  }
}

/** Adds `replay` to the energy commands. */
export function addReplayCommand(energy: Command, host: Host, version: string, finish: (code: number) => void): void {
  const command = energy
    .command('replay')
    .argument('<trace>', 'a trace in any format, or a result folder of MLPerf Tiny')
    .description('energy per inference of a recorded trace, with its uncertainty; writes an energy record')
  addWindowOptions(addReadOptions(command))
    .option('--label <text>', 'only windows whose label begins so, where the trace states several kinds')
    .option('--instrument <id>', 'the meter of targets/meters whose limits of error hold (lpm01a)')
    .option('--gain-percent <%>', 'limit of error of the reading; without any there is no interval', toPositive)
    .option('--model <file>', 'the model that ran; its name and hash stand in the record')
    .option('--machine <words>', 'what it ran on')
    .option('--confidence <share>', 'confidence of the intervals', toShare, 0.95)
    .option('-o, --out <file>', 'the energy record to write, NAME.json')
    .option('--json', 'print the record on standard output and nothing else')
    .action(async (path: string, options: ReplayCommandOptions) => {
      finish(await replayCommand(host, version, path, options))
    })
}
