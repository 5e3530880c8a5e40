import { type Command, Option } from 'commander'
import { toCount } from './energy-options.ts'
import { addGoalOptions, type GoalOptions } from './goal-options.ts'
import {
  addDelegates,
  addDimensions,
  type DelegateOptions,
  type DimensionOptions,
  toNumber,
  toPositive,
} from './options.ts'

/** Options of `milliwatt run`. */
export interface RunOptions extends GoalOptions, DimensionOptions, DelegateOptions {
  readonly input?: string
  readonly rawInput?: string
  readonly rawOutput?: string
  readonly split?: string
  readonly rate: number
  readonly channels: number
  readonly encoding: 's16le' | 'f32le'
  readonly step: number
  readonly meter: string
  readonly supplyV?: number
  readonly meterMode?: 'source' | 'ampere'
  readonly meterResume?: number
  readonly windowMs?: number
  readonly variant?: string
  readonly backend?: readonly string[]
  readonly on?: readonly string[]
  readonly markerChannel?: number
  readonly stream?: boolean
  readonly remeasure?: boolean
  readonly out?: string
  readonly json?: boolean
}

function addInput(command: Command): void {
  command
    .option('-i, --input <path>', 'WAV or FLAC file, a folder of them, or - for raw PCM on standard input')
    .option('--split <name>', "take only the clips of this split of the folder's manifest.csv")
    .option('--rate <hz>', 'sample rate of raw PCM', toPositive, 16000)
    .option('--channels <n>', 'channels of raw PCM', toCount, 1)
    .addOption(new Option('--encoding <name>', 'layout of raw PCM').choices(['s16le', 'f32le']).default('s16le'))
    .option('--step <s>', 'step between windows of a long recording, in seconds', toPositive, 0.5)
}

function addRaw(command: Command): void {
  addDimensions(command)
    .option(
      '--raw-input <file>',
      "raw input tensors one after another, in the model's own type; no recordings, no meter",
    )
    .option('--raw-output <file>', 'where the output tensors go, in the same layout')
}

/** What `--on` takes. */
export const devicesHelp: string =
  'only these devices: ids of "milliwatt devices" (cpu, qemu-m4), or the serial port of a board'

/** Gives a command the options that choose a meter. */
export function addMeterChoice(command: Command, usual: 'auto' | 'none' = 'auto'): Command {
  return command
    .option(
      '-m, --meter <name>',
      'DRIVER, DRIVER:PATH, none, or auto: the meter that is plugged in, else an emulated one',
      usual,
    )
    .option('--supply-v <v>', 'supply voltage: set in source mode, stated in ampere mode', toPositive)
    .addOption(new Option('--meter-mode <mode>', 'feed the device or only measure').choices(['source', 'ampere']))
    .option('--meter-resume <s>', 'wait so long for a meter that was unplugged, and go on with a gap', toPositive)
}

function addMeter(command: Command): void {
  addMeterChoice(command).option(
    '--window-ms <ms>',
    'measuring window; each inference is repeated to fill it',
    toPositive,
  )
}

/** Gives a command the options of a run. */
export function addRunOptions(command: Command): Command {
  addInput(command)
  addRaw(command)
  addGoalOptions(command)
  addMeter(command)
  addDelegates(command)
  return command
    .option('--variant <name>', 'plan only over this variant')
    .option('-b, --backend <name...>', 'plan only over these backends')
    .option('--on <device...>', devicesHelp)
    .option('--marker-channel <n>', "the meter's digital channel that a board's marker pin is wired to", toNumber)
    .option(
      '--stream',
      "also run the card's cascade over the recordings in one stream: what ran when, energy of every event",
    )
    .option('--remeasure', 'measure latencies again even if they are in the cache')
    .option(
      '-o, --out <folder>',
      'where report and trace go (default: milliwatt-out/<model>-<time>; nowhere with --json)',
    )
    .option('--json', 'print one JSON document on standard output and nothing else')
}
