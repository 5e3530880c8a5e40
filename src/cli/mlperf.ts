import { type Command, Option } from 'commander'
import { isMilliwattError, MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { EnergyRecord } from '../energy/record.ts'
import { benchmarkNamed } from '../firmware/mlperf/benchmarks.ts'
import { MlperfClient } from '../firmware/mlperf/client.ts'
import { measureAccuracy, measureThroughput, type WindowOptions } from '../firmware/mlperf/runner.ts'
import { openDevicePort } from '../firmware/open-device.ts'
import { recordOf, toMeter } from '../loop/energy-record.ts'
import { measureDeviceEnergy, pulseListener } from '../loop/mlperf-energy.ts'
import { type RunnerInputs, runnerInputs } from '../loop/mlperf-inputs.ts'
import { startSession } from '../loop/runtime.ts'
import { giveRecord, outputStyle, toCount } from './energy-options.ts'
import { exitCodes } from './exit.ts'
import { interruptSignal } from './interrupt.ts'
import { accuracyText, throughputText } from './mlperf-text.ts'
import { toNumber, toPositive } from './options.ts'
import { printJson } from './print-json.ts'
import { type ProgressLine, progressLine } from './progress.ts'
import { chosenMeter } from './run-meter.ts'
import { addMeterChoice, type RunOptions } from './run-options.ts'

/** What the runner measures. */
type Mode = 'performance' | 'accuracy' | 'energy'

/** Options of `milliwatt mlperf`. */
interface MlperfOptions extends Pick<RunOptions, 'meter' | 'supplyV' | 'meterMode' | 'meterResume'> {
  readonly port: string
  readonly baud?: number
  readonly inputs?: string
  readonly inputBytes?: number
  readonly mode?: Mode
  readonly windows: number
  readonly seconds: number
  readonly warmups: number
  readonly timeout: number
  readonly idleS: number
  readonly channel?: number
  readonly out?: string
  readonly trace?: string
  readonly json?: boolean
}

/** What one call works with. */
interface Job {
  readonly host: Host
  readonly version: string
  readonly options: MlperfOptions
  readonly progress: ProgressLine
  readonly signal: AbortSignal
}

/** What devices run at by the rules: performance and accuracy, energy, anomaly detection. */
const usualBauds = [115_200, 9600, 921_600] as const
/** How often a name is asked for where the rate is given, and where it is one of several. */
const helloTries = { sure: 3, guessed: 2 } as const
/** Longest window of the energy mode: the samples of one window are held at once. */
const longestEnergyS = 12
/** Inputs that the windows take in turn, as the official runner's five. */
const windowInputs = 5

/** Opens the device at its rate, or at the first usual one at which it says its name. */
async function openClient({ host, options, progress, signal }: Job): Promise<MlperfClient> {
  const { port, baud } = options
  const rates = baud === undefined ? usualBauds : [baud]
  const heard: string[] = []
  for (const [at, rate] of rates.entries()) {
    progress.on({ stage: `Asking ${port} for its name at ${rate} baud`, done: at, total: rates.length })
    const link = await openDevicePort(host, port, { baudRate: rate })
    try {
      return await MlperfClient.open(
        link,
        host.clock,
        baud === undefined ? helloTries.guessed : helloTries.sure,
        signal,
      )
    } catch (error) {
      if (!isMilliwattError(error, 'DEVICE_SILENT')) throw error
      heard.push(`${rate} baud ${error.detail}`)
    }
  }
  throw new MilliwattError('DEVICE_SILENT', port, `Tried: ${heard.join(', ')}.`)
}

/** The inputs that windows are measured on. */
async function firstInputs(inputs: RunnerInputs): Promise<readonly Uint8Array[]> {
  const first: Uint8Array[] = []
  for await (const { segments } of inputs.read()) {
    first.push(segments[0]!)
    if (first.length === windowInputs) break
  }
  return first
}

function windowOptions({ options, progress }: Job, words: string): WindowOptions {
  const { windows, seconds, warmups, timeout } = options
  return {
    windows,
    windowS: seconds,
    warmups,
    timeoutS: timeout,
    onWindow: (done, total) => progress.on({ stage: words, done, total }),
  }
}

/** Throughput, and accuracy where labels are given or asked for. */
async function measureByText(job: Job, client: MlperfClient, inputs: RunnerInputs): Promise<number> {
  const { options, progress } = job
  const { mode } = options
  if (mode === 'accuracy' && !inputs.isLabelled)
    throw new MilliwattError('USAGE', 'mlperf', '--mode accuracy takes --inputs with a folder that holds y_labels.csv.')
  const performance =
    mode === 'accuracy'
      ? null
      : await measureThroughput(client, await firstInputs(inputs), windowOptions(job, 'Measuring windows'))
  const accuracy =
    mode === 'performance' || !inputs.isLabelled
      ? null
      : await measureAccuracy(client, inputs.read(), inputs.total, windowOptions(job, 'Classifying'))
  progress.stop()
  const { facts } = client
  if (options.json) {
    await printJson({ version: 1, kind: 'milliwatt-mlperf', port: options.port, device: facts, performance, accuracy })
  } else {
    const { style } = outputStyle()
    process.stdout.write(`${style.strong(`${facts.name}, ${facts.model ?? 'a model that it does not name'}`)}\n`)
    if (performance) process.stdout.write(throughputText(performance))
    if (accuracy) process.stdout.write(accuracyText(accuracy))
  }
  return exitCodes.done
}

/** Energy with a meter on the device's supply: an energy record. */
async function measureByMeter(job: Job, client: MlperfClient, inputs: RunnerInputs): Promise<number> {
  const { host, options, progress, signal } = job
  if (options.seconds > longestEnergyS)
    throw new MilliwattError('USAGE', '--seconds', `In energy mode a window is at most ${longestEnergyS} s long.`)
  const tell = (line: string) => {
    progress.clear()
    process.stderr.write(`${line}\n`)
  }
  const { indexes, hear } = pulseListener()
  const meter = await chosenMeter(host, options, tell)
  const traceBase = options.trace === undefined ? {} : { traceBase: host.files.resolve(options.trace) }
  const power = await startSession(host, { ...meter, ...traceBase, onSamples: hear, signal })
  if (!power) throw new MilliwattError('USAGE', '--meter', 'The energy mode takes a meter.')
  try {
    const measured = await measureDeviceEnergy(host, power, client, await firstInputs(inputs), indexes, {
      ...windowOptions(job, 'Measuring windows'),
      idleS: options.idleS,
      ...(options.channel === undefined ? {} : { channel: options.channel }),
      signal,
    })
    progress.stop()
    for (const reason of measured.passedOver) tell(`Windows were not placed by ${reason}`)
    return await giveRecord(host, energyRecord(job, client, power.meter.info, measured), options)
  } finally {
    await power[Symbol.asyncDispose]()
  }
}

function energyRecord(
  { host, version, options }: Job,
  { facts }: MlperfClient,
  info: Parameters<typeof toMeter>[0],
  measured: Awaited<ReturnType<typeof measureDeviceEnergy>>,
): EnergyRecord {
  return recordOf({
    ...measured,
    milliwatt: version,
    createdAt: host.clock.wallTime(),
    provenance: info.provenance,
    subject: {
      model: facts.model ?? 'unknown',
      variant: '',
      file: null,
      sha256: null,
      engine: facts.profile ?? 'unknown firmware',
      machine: `${facts.name} at ${options.port}`,
    },
    meter: toMeter(info),
    environment: {
      platform: host.platform,
      architecture: host.architecture,
      runtime: host.runtime,
      temperatureC: null,
    },
    trace: null,
  })
}

/** Runs `milliwatt mlperf` and gives the exit code. */
async function mlperfCommand(host: Host, version: string, options: MlperfOptions): Promise<number> {
  const progress = progressLine()
  const { signal, release } = interruptSignal()
  const job: Job = { host, version, options, progress, signal }
  try {
    const mode = options.mode ?? (options.meter === 'none' ? undefined : 'energy')
    await using client = await openClient(job)
    const inputBytes = options.inputBytes ?? benchmarkNamed(client.facts.model ?? '')?.inputBytes ?? null
    const inputs = await runnerInputs(host, options.inputs, inputBytes)
    return await (mode === 'energy' ? measureByMeter(job, client, inputs) : measureByText(job, client, inputs))
  } finally {
    progress.stop()
    release()
  }
}

/** Parses a whole number from 0 on. @throws InvalidArgumentError */
function toWhole(text: string): number {
  return toCount(String(toNumber(text) + 1)) - 1
}

/** Adds the command `mlperf`. */
export function addMlperfCommand(program: Command, host: Host, version: string, finish: (code: number) => void): void {
  const command = program
    .command('mlperf')
    .description('measure a device that speaks the MLPerf Tiny protocol: performance, accuracy, energy')
    .requiredOption('--port <path>', "the device's serial port")
    .option('--baud <rate>', 'its baud rate; without it 115200, 9600 and 921600 are tried', toPositive)
    .option('--inputs <path>', 'a file of raw inputs, or a folder of .bin files, with y_labels.csv for accuracy')
    .option('--input-bytes <n>', 'bytes of one input, where the device names no benchmark', toCount)
    .addOption(
      new Option('--mode <mode>', 'energy with a meter, else performance, and accuracy where there are labels').choices(
        ['performance', 'accuracy', 'energy'],
      ),
    )
    .option('--windows <n>', 'measuring windows; the rules want 5', toCount, 5)
    .option('--seconds <s>', 'least length of a window; the rules want 10', toPositive, 10)
    .option('--warmups <n>', 'inferences before each window', toWhole, 10)
    .option('--timeout <s>', 'how long the device may be silent beyond what its inferences take', toPositive, 30)
    .option('--idle-s <s>', 'idle measured before and after, in energy mode', toPositive, 1)
    .option('--channel <n>', "the meter's digital channel on which the device's timestamp pin lies", toWhole)
    .option('-o, --out <file>', 'the energy record to write, NAME.json')
    .option('--trace <base>', 'keep the power trace as BASE.raw and BASE.json')
    .option('--json', 'print the result as JSON on standard output and nothing else')
  addMeterChoice(command, 'none').action(async (options: MlperfOptions) => {
    finish(await mlperfCommand(host, version, options))
  })
}
