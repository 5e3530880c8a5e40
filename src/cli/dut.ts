import { type Command, Option } from 'commander'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { benchmarkSized } from '../firmware/mlperf/benchmarks.ts'
import { type DutModel, serveDut } from '../firmware/mlperf/dut.ts'
import { openDevicePort } from '../firmware/open-device.ts'
import { type DutAnswer, dutModelOf, whyNoError } from '../loop/dut-model.ts'
import { openEngine } from '../loop/raw-engine.ts'
import { exitCodes } from './exit.ts'
import { interruptSignal } from './interrupt.ts'
import { addDimensions, type DimensionOptions, toPositive } from './options.ts'

/** Options of `milliwatt dut`. */
interface DutCommandOptions extends DimensionOptions {
  readonly port: string
  readonly model: string
  readonly energy?: boolean
  readonly baud?: number
  readonly backend?: readonly string[]
  readonly variant?: string
  readonly answer: DutAnswer
  readonly name?: string
  readonly verbose?: boolean
}

/** What each mode runs at by the rules of MLPerf Tiny. */
const usualBaud = { performance: 115_200, energy: 9600 } as const

/** What `profile` says: the benchmark of these sizes, else the name of the file. */
function modelName(host: Host, path: string, model: DutModel, outputs: number): string {
  const benchmark = benchmarkSized(model.inputBytes, outputs) ?? benchmarkSized(4 * model.inputBytes, outputs)
  return benchmark?.model ?? host.files.basename(path).replace(/\.[^.]*$/, '')
}

/** Runs `milliwatt dut` until it is stopped, and gives the exit code. */
async function dutCommand(host: Host, options: DutCommandOptions): Promise<number> {
  const { signal, release } = interruptSignal()
  const mode = options.energy ? 'energy' : 'performance'
  const baudRate = options.baud ?? usualBaud[mode]
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  try {
    const engine = await openEngine(host, options.model, {
      ...(options.backend ? { backends: options.backend } : {}),
      ...(options.variant === undefined ? {} : { variant: options.variant }),
      dimensions: options.dimensions,
    })
    await using _executable = engine.executable
    const reason = options.answer === 'error' ? whyNoError(engine) : null
    if (reason) throw new MilliwattError('USAGE', '--answer error', `It is not possible: ${reason}.`)
    const model = dutModelOf(engine, options.answer)
    await using link = await openDevicePort(host, options.port, { baudRate })
    model.load(new Uint8Array(model.inputBytes))
    await model.run()
    const name = options.name ?? modelName(host, options.model, model, model.results().length)
    say(
      `${name} on ${engine.backend} as an MLPerf Tiny device, ${mode} mode, at ${options.port} (${baudRate} baud); Ctrl-C ends it`,
    )
    await serveDut(link, model, {
      mode,
      vendor: `milliwatt ${engine.backend}`,
      model: name,
      clock: host.clock,
      signal,
      ...(options.verbose ? { onCommand: say } : {}),
    })
    return exitCodes.done
  } finally {
    release()
  }
}

/** Adds the command `dut`. */
export function addDutCommand(program: Command, host: Host, finish: (code: number) => void): void {
  const command = program
    .command('dut')
    .description('turn a model on this machine into an MLPerf Tiny device on a serial port, until it is stopped')
    .requiredOption('--port <path>', 'serial port or pty')
    .requiredOption('--model <file>', 'model file, its input as raw bytes by "db"')
    .option('--energy', 'say that it is in energy mode; without a pin its timestamps stay text')
    .option('--baud <rate>', 'baud rate (115200; 9600 with --energy)', toPositive)
    .addOption(
      new Option('--answer <what>', "the model's outputs, or their mean squared error from its input (autoencoders)")
        .choices(['outputs', 'error'])
        .default('outputs'),
    )
    .option('--name <model>', 'model in the profile (the benchmark with the same sizes, else the name of the file)')
    .option('-b, --backend <name...>', 'only these backends')
    .option('--variant <name>', 'which variant, where the model has several')
    .option('--verbose', 'print every command that comes in')
  addDimensions(command).action(async (options: DutCommandOptions) => {
    finish(await dutCommand(host, options))
  })
}
