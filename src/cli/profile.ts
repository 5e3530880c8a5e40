import { type Command, InvalidArgumentError } from 'commander'
import type { LayerCost } from '../backends/backend.ts'
import type { Host } from '../core/host.ts'
import { type ModelProfile, profileModel } from '../loop/profile-model.ts'
import { columnFormat, formatCount, formatMacs, formatPercent, formatTime, noFigure } from '../report/format.ts'
import { plainStyle, type Table, tableLines } from '../report/table.ts'
import { exitCodes } from './exit.ts'
import { addDimensions, type DimensionOptions, toPositive } from './options.ts'
import { type MachineCommandOptions, machineCommand } from './profile-machine.ts'
import { addMeterChoice } from './run-options.ts'
import { terminalStyle } from './run-output.ts'

/** Options of `milliwatt profile`. */
interface ProfileCommandOptions extends DimensionOptions, MachineCommandOptions {
  readonly repeats: number
  readonly variant?: string
  readonly on?: string
}

const barWidth = 24

/** A bar whose length is this share of the longest, in eighths of a character. */
function bar(value: number, longest: number): string {
  const eighths = longest > 0 ? Math.round((value / longest) * barWidth * 8) : 0
  const rest = eighths % 8
  return '█'.repeat((eighths - rest) / 8) + (rest > 0 ? String.fromCodePoint(0x2590 - rest) : '')
}

const rateOf = ({ macs, latencyS }: LayerCost): number | null =>
  macs > 0 && latencyS > 0 ? macs / latencyS / 1e9 : null

function layerTable({ layers }: ModelProfile): Table {
  const longest = layers.reduce((most, { latencyS }) => Math.max(most, latencyS), 0)
  const micros = columnFormat(
    layers.map(({ latencyS }) => latencyS),
    { unit: 'µs', perSi: 1e6 },
  )
  const row = (layer: LayerCost) => [
    { text: layer.name },
    { text: layer.kernel },
    { text: micros(layer.latencyS) },
    { text: formatPercent(layer.share) },
    { text: layer.macs > 0 ? formatMacs(layer.macs) : noFigure },
    { text: rateOf(layer)?.toFixed(2) ?? noFigure },
    { text: formatCount(layer.constantBytes) },
    { text: formatCount(layer.outputBytes) },
    { text: bar(layer.latencyS, longest) },
  ]
  return {
    columns: [
      { title: 'layer', align: 'left', shrinks: true },
      { title: 'kernel', align: 'left' },
      { title: 'µs', align: 'right' },
      { title: 'share', align: 'right' },
      { title: 'MACs', align: 'right' },
      { title: 'GMAC/s', align: 'right' },
      { title: 'constants B', align: 'right' },
      { title: 'output B', align: 'right' },
      { title: '', align: 'left' },
    ],
    rows: layers.map(row),
  }
}

function textOf(profile: ModelProfile): string {
  const { model, engine, repeats, statistic, wholeS, layersS, overhead, residual, clockS, layers } = profile
  const macs = layers.reduce((sum, layer) => sum + layer.macs, 0)
  const rate = macs > 0 && wholeS > 0 ? `, ${(macs / wholeS / 1e9).toFixed(2)} GMAC/s` : ''
  const style = process.stdout.isTTY ? terminalStyle : plainStyle
  return [
    `${model} on ${engine}: ${formatTime(wholeS)} a run${rate} (${statistic}s of ${formatCount(repeats)} rounds)`,
    `Profiling slows a run by ${formatPercent(overhead)}: ${formatTime(clockS)} a layer for the clock, taken off below. The layers sum to ${formatTime(layersS)}, ${formatPercent(residual)} apart from the whole.`,
    '',
    ...tableLines(layerTable(profile), Math.max(60, process.stdout.columns ?? 140), style),
  ].join('\n')
}

/** Runs `milliwatt profile MODEL` and gives the exit code. */
async function profileCommand(host: Host, model: string, options: ProfileCommandOptions): Promise<number> {
  const { backend, on, repeats, variant, dimensions } = options
  const profile = await profileModel(host, model, {
    repeats,
    dimensions,
    ...(variant === undefined ? {} : { variant }),
    ...(backend ? { backends: [backend] } : {}),
    ...(on === undefined ? {} : { on }),
  })
  process.stdout.write(`${options.json ? JSON.stringify(profile, null, 2) : textOf(profile)}\n`)
  return exitCodes.done
}

function toRounds(text: string): number {
  const rounds = toPositive(text)
  if (!Number.isInteger(rounds) || rounds > 1e6) throw new InvalidArgumentError('Must be a whole number up to 1000000.')
  return rounds
}

/** Adds `profile` to the program. */
export function addProfileCommand(program: Command, host: Host, finish: (code: number) => void): void {
  const command = program
    .command('profile')
    .argument('[model]', 'an .onnx or .tflite file, or a shipped model with --variant; none: the machine')
    .description('time a model layer by layer on this machine, or without a model the machine itself')
    .option('--repeats <n>', 'rounds that are timed', toRounds, 500)
    .option('--backend <name>', 'the engine; it must show its layers')
    .option('--variant <name>', 'the variant of a shipped model')
    .option('--on <device>', 'a device instead of this processor: qemu-m4, or the serial port of a board')
    .option('--seconds <s>', 'without a model: begin nothing new after so long', toPositive, 60)
    .option('--remeasure', 'without a model: measure again what is known')
    .option('--json', 'print one JSON document on standard output and nothing else')
  addMeterChoice(command, 'none')
  addDimensions(command).action(async (model: string | undefined, options: ProfileCommandOptions) => {
    finish(await (model === undefined ? machineCommand(host, options) : profileCommand(host, model, options)))
  })
}
