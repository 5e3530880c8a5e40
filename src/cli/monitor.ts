import { type Command, Option } from 'commander'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { Monitor } from '../loop/monitor.ts'
import { monitorAnswer } from '../loop/monitor-answer.ts'
import { findMeters } from '../meters/list.ts'
import { exitCodes } from './exit.ts'
import { interruptSignal } from './interrupt.ts'
import { toNumber, toPositive } from './options.ts'
import { plotAssets } from './run-output.ts'

interface MonitorCommandOptions {
  readonly meter: string
  readonly supplyV?: number
  readonly meterMode?: 'source' | 'ampere'
  readonly run?: string
  readonly backend?: readonly string[]
  readonly record?: string
  readonly channel: number
  readonly inferencesPerPulse: number
  readonly address: string
  readonly port: number
  readonly seconds?: number
}

/** The meter that the options name; `auto` takes the first one that is plugged in. */
async function meterSpec(host: Host, { meter }: MonitorCommandOptions): Promise<string> {
  if (meter !== 'auto') return meter
  const [found] = await findMeters(host)
  if (found) return `${found.driver}:${found.path}`
  throw new MilliwattError('METER_NOT_FOUND', 'auto', '(to see the page without one: --meter emulated)')
}

async function monitorCommand(host: Host, options: MonitorCommandOptions): Promise<number> {
  const { signal, release } = interruptSignal()
  const stop = new AbortController()
  signal.addEventListener('abort', () => stop.abort())
  const monitor = new Monitor(host, {
    meter: () => meterSpec(host, options),
    meterOptions: {
      ...(options.supplyV === undefined ? {} : { supplyV: options.supplyV }),
      ...(options.meterMode === undefined ? {} : { mode: options.meterMode }),
    },
    ...(options.run === undefined ? {} : { model: options.run }),
    ...(options.backend ? { backends: options.backend } : {}),
    ...(options.record === undefined ? {} : { traceBase: host.files.resolve(options.record) }),
    channel: options.channel,
    inferencesPerPulse: options.inferencesPerPulse,
    signal: stop.signal,
  })
  try {
    await using server = await host.serve(options, monitorAnswer(monitor, await plotAssets(host)))
    process.stdout.write(`Monitor: ${server.url}   metrics: ${server.url}metrics   (Ctrl-C ends it)\n`)
    if (options.seconds !== undefined) void host.clock.sleep(options.seconds, stop.signal).then(() => stop.abort())
    await monitor.run()
    const { durationS, received, lost } = monitor.state
    process.stdout.write(`${durationS.toFixed(1)} s, ${received} samples, ${lost} lost\n`)
    return signal.aborted ? exitCodes.interrupted : exitCodes.done
  } finally {
    release()
  }
}

/** Adds `monitor` to the program. */
export function addMonitorCommand(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('monitor')
    .description(
      'serve a live page of a meter: power against time, markers, energy per inference; Prometheus at /metrics',
    )
    .option('-m, --meter <name>', 'DRIVER, DRIVER:PATH, or auto: the meter that is plugged in', 'auto')
    .option('--supply-v <v>', 'supply voltage: set in source mode, stated in ampere mode', toPositive)
    .addOption(new Option('--meter-mode <mode>', 'what the meter does').choices(['source', 'ampere']))
    .option('--run <model>', 'run this model meanwhile, in measured windows')
    .option('--backend <name...>', 'plan the model only over these backends')
    .option('--channel <n>', 'digital channel whose high level marks inferences that run elsewhere', toNumber, 0)
    .option('--inferences-per-pulse <n>', 'inferences in one high level of that channel', toPositive, 1)
    .option(
      '--record <path>',
      'also write the power trace to files of this name; a meter that comes back goes on in NAME-2, NAME-3',
    )
    .option('--address <address>', 'where to serve; 0.0.0.0 lets other machines look', '127.0.0.1')
    .option('--port <n>', 'port of the page; 0 takes any free one', toNumber, 7700)
    .option('--seconds <s>', 'end after so many seconds', toPositive)
    .action(async (options: MonitorCommandOptions) => finish(await monitorCommand(host, options)))
}
