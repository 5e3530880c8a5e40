import type { Command } from 'commander'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { EnergyRecord } from '../energy/record.ts'
import { measureEnergy } from '../loop/energy-measure.ts'
import { hashOfFile, toEnergyRecord } from '../loop/energy-record.ts'
import { openRuntimeOn, type Runtime } from '../loop/runtime.ts'
import { giveRecord, toCount, toShare } from './energy-options.ts'
import { exitCodes } from './exit.ts'
import { interruptSignal } from './interrupt.ts'
import { toPositive } from './options.ts'
import { type ProgressLine, progressLine } from './progress.ts'
import { chosenMeter } from './run-meter.ts'
import { addMeterChoice, type RunOptions } from './run-options.ts'

/** Options of `milliwatt energy measure`. */
interface MeasureOptions extends Pick<RunOptions, 'meter' | 'supplyV' | 'meterMode' | 'variant' | 'backend'> {
  readonly windows: number
  readonly windowS: number
  readonly idleS: number
  readonly confidence: number
  readonly out?: string
  readonly trace?: string
  readonly json?: boolean
}

/** Longest window: the samples of one window are held at once. */
const longestWindowS = 15

async function openRuntime(
  host: Host,
  options: MeasureOptions,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<Runtime> {
  const meter = await chosenMeter(host, options, (line) => {
    progress.clear()
    process.stderr.write(`${line}\n`)
  })
  progress.on({ stage: 'probe', done: 0, total: 1 })
  return openRuntimeOn(host, {
    ...meter,
    ...(options.trace === undefined ? {} : { traceBase: host.files.resolve(options.trace) }),
    ...(options.backend ? { backends: options.backend } : {}),
    onProgress: progress.on,
    signal,
  })
}

/** A record, and why its trace is not whole: the figures need no trace, so they are not thrown away with it. */
interface Measured {
  readonly record: EnergyRecord
  readonly problem: MilliwattError | null
}

/** Measures, ends the trace, and puts the record together: only a trace that is closed has a lasting hash. */
async function measure(
  host: Host,
  version: string,
  name: string,
  options: MeasureOptions,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<Measured> {
  const runtime = await openRuntime(host, options, progress, signal)
  try {
    const { session } = runtime
    if (!session) throw new MilliwattError('USAGE', 'energy measure', 'Energy is measured with a meter; give --meter.')
    const model = await runtime.load(name, options.variant === undefined ? {} : { variant: options.variant })
    const measurement = await measureEnergy(host, session, model, { ...options, onProgress: progress.on, signal })
    await session[Symbol.asyncDispose]()
    const { capture } = session
    const problem = capture?.problem ?? null
    const trace = capture && !problem ? await hashOfFile(host, capture.rawPath) : null
    const { probe } = runtime
    const record = toEnergyRecord({ host, version, probe, model, meter: session.meter.info, measurement, trace })
    return { record, problem }
  } finally {
    await runtime[Symbol.asyncDispose]()
  }
}

/** Runs `milliwatt energy measure MODEL` and gives the exit code. */
async function measureCommand(host: Host, version: string, name: string, options: MeasureOptions): Promise<number> {
  if (options.windowS > longestWindowS)
    throw new MilliwattError('USAGE', '--window-s', `A window is at most ${longestWindowS} s long.`)
  const progress = progressLine()
  const { signal, release } = interruptSignal()
  try {
    const { record, problem } = await measure(host, version, name, options, progress, signal)
    progress.stop()
    const code = await giveRecord(host, record, options)
    if (problem) process.stderr.write(`${problem.code}: ${problem.message}\n`)
    return problem ? exitCodes.failed : code
  } finally {
    progress.stop()
    release()
  }
}

/** Adds `measure` to the energy commands. */
export function addMeasureCommand(energy: Command, host: Host, version: string, finish: (code: number) => void): void {
  const command = energy
    .command('measure')
    .argument('<model>', 'name of a shipped model (kws), a folder with a card.json, or a model file')
    .description('measure energy per inference with its uncertainty; writes an energy record')
  addMeterChoice(command)
    .option('--windows <n>', 'measuring windows', toCount, 10)
    .option('--window-s <s>', 'length of a window; the inference is repeated to fill it', toPositive, 0.3)
    .option('--idle-s <s>', 'idle measured before and after', toPositive, 1)
    .option('--confidence <share>', 'confidence of the intervals', toShare, 0.95)
    .option('--variant <name>', 'plan only over this variant')
    .option('-b, --backend <name...>', 'plan only over these backends')
    .option('-o, --out <file>', 'the energy record to write, NAME.json')
    .option('--trace <base>', 'keep the power trace as BASE.raw and BASE.json; its hash stands in the record')
    .option('--json', 'print the record on standard output and nothing else')
    .action(async (model: string, options: MeasureOptions) => {
      finish(await measureCommand(host, version, model, options))
    })
}
