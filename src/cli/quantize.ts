import { type Command, Option } from 'commander'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { quantizeJob } from '../loop/quantize-job.ts'
import { type VariantKind, variantKinds } from '../loop/quantize-model.ts'
import { openRuntimeOn } from '../loop/runtime.ts'
import type { WrittenFormat } from '../loop/write-family.ts'
import { findMeters } from '../meters/list.ts'
import { quantizePage } from '../report/quantize-html.ts'
import type { QuantizeReport } from '../report/quantize-report.ts'
import { quantizeSvg } from '../report/quantize-svg.ts'
import { layerTable, quantizeText } from '../report/quantize-text.ts'
import { plainStyle, tableLines } from '../report/table.ts'
import { toCount } from './energy-options.ts'
import { exitCodes } from './exit.ts'
import { interruptSignal } from './interrupt.ts'
import { addDimensions, type DimensionOptions, toNumber, toPositive } from './options.ts'
import { progressLine } from './progress.ts'
import { chosenMeter, type MeterChoice } from './run-meter.ts'
import { addMeterChoice } from './run-options.ts'
import { terminalStyle } from './run-output.ts'

/** Options of `milliwatt quantize`. */
interface QuantizeOptions extends DimensionOptions, MeterChoice {
  readonly calibrate?: string
  readonly dataFree?: boolean
  readonly evaluate?: string
  readonly calibrateSplit?: string
  readonly evaluateSplit?: string
  readonly samples: number
  readonly inputRange: readonly number[]
  readonly maxDrop?: number
  readonly variant?: string
  readonly card?: string
  readonly only: readonly VariantKind[]
  readonly wide: 'int16' | 'float32'
  readonly prune: readonly number[]
  readonly io: 'int8' | 'float32'
  readonly format: readonly WrittenFormat[]
  readonly out?: string
  readonly backend: readonly string[]
  readonly layers?: boolean
  readonly html?: string
  readonly svg?: string
  readonly json?: boolean
}

/** Collects values of an option that may be given several times at once; the first replaces the defaults. */
const collected =
  <T>(parse: (text: string) => T, defaults: readonly T[]) =>
  (text: string, known: readonly T[]): readonly T[] =>
    known === defaults ? [parse(text)] : [...known, parse(text)]

function rangeOf(values: readonly number[]): readonly [number, number] {
  const [low, high] = values
  if (values.length === 2 && high! > low!) return [low!, high!]
  throw new MilliwattError('USAGE', '--input-range', 'Give two numbers, the lower one first.')
}

function checkOptions({ calibrate, dataFree, prune, maxDrop, evaluate }: QuantizeOptions): void {
  if ((calibrate === undefined) === !dataFree)
    throw new MilliwattError('USAGE', 'quantize', 'Give --calibrate FOLDER, or --data-free.')
  if (prune.some((percent) => percent < 1 || percent > 95))
    throw new MilliwattError('USAGE', '--prune', 'Give per cent of the channels to remove, 1 to 95.')
  if (maxDrop !== undefined && maxDrop < 0) throw new MilliwattError('USAGE', '--max-drop', 'Give points, 0 or more.')
  if (maxDrop !== undefined && dataFree && evaluate === undefined)
    throw new MilliwattError('USAGE', '--max-drop', 'Nothing is there to count on: add --evaluate FOLDER.')
}

async function quantizeReport(host: Host, version: string, model: string, options: QuantizeOptions) {
  checkOptions(options)
  const progress = progressLine()
  const { signal, release } = interruptSignal()
  try {
    const without = options.meter === 'auto' && (await findMeters(host)).length === 0
    const meter = without ? {} : await chosenMeter(host, options, () => undefined)
    await using runtime = await openRuntimeOn(host, {
      ...meter,
      backends: options.backend,
      onProgress: progress.on,
      signal,
    })
    const { variant, card, out, evaluate, calibrateSplit, evaluateSplit } = options
    return await quantizeJob({
      ...{ host, runtime, milliwatt: version, model, onProgress: progress.on, signal },
      source: {
        dimensions: options.dimensions,
        ...(variant === undefined ? {} : { variant }),
        ...(card === undefined ? {} : { card }),
      },
      data: {
        calibrate: options.calibrate ?? null,
        most: options.samples,
        range: rangeOf(options.inputRange),
        ...(evaluate === undefined ? {} : { evaluate }),
        ...(calibrateSplit === undefined ? {} : { calibrateSplit }),
        ...(evaluateSplit === undefined ? {} : { evaluateSplit }),
      },
      kinds: options.only,
      maxDrop: options.maxDrop === undefined ? null : options.maxDrop / 100,
      wide: options.wide,
      border: options.io,
      prune: options.prune.map((percent) => percent / 100),
      formats: options.format,
      ...(out === undefined ? {} : { out }),
    })
  } finally {
    progress.stop()
    release()
  }
}

async function writePictures(host: Host, report: QuantizeReport, { html, svg }: QuantizeOptions) {
  const page = html ?? host.files.join(report.folder, 'quantize.html')
  const write = async (path: string, text: string) => {
    try {
      await host.files.write(host.files.resolve(path), text)
    } catch (error) {
      throw new MilliwattError('REPORT_WRITE', path, messageOf(error), error)
    }
    return path
  }
  return [
    await write(page, quantizePage(report)),
    ...(svg === undefined ? [] : [await write(svg, quantizeSvg(report))]),
  ]
}

async function quantizeCommand(host: Host, version: string, model: string, options: QuantizeOptions): Promise<number> {
  const report = await quantizeReport(host, version, model, options)
  const pictures = await writePictures(host, report, options)
  const width = process.stdout.columns ?? 120
  const style = process.stdout.isTTY ? terminalStyle : plainStyle
  if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  else {
    process.stdout.write(quantizeText(report, width, style))
    if (options.layers) process.stdout.write(`\n${tableLines(layerTable(report), width, style).join('\n')}\n`)
    for (const path of pictures) process.stdout.write(`${path}\n`)
  }
  const met = report.rows.some(({ leftOut, how }) => leftOut === null && how !== 'the float model')
  return met ? exitCodes.done : exitCodes.goalNotMet
}

const defaultPrune: readonly number[] = [20, 40]
const defaultRange: readonly number[] = [-1, 1]

/** Adds `quantize` to the program. */
export function addQuantizeCommand(
  program: Command,
  host: Host,
  version: string,
  finish: (code: number) => void,
): void {
  const command = program
    .command('quantize')
    .argument('<model>', 'float .onnx or .tflite file, or a shipped model with --variant')
    .description('make quantised and pruned variants of a float model, and measure what each keeps and costs')
    .option('--calibrate <folder>', 'recordings for a model with a card, .npy or .bin (float32) tensors for any other')
    .option('--data-free', 'make inputs up where there is no data')
    .option('--evaluate <folder>', 'data to judge variants on (default: split val, or what was not calibrated with)')
    .option('--calibrate-split <name>', "clips of the manifest to calibrate with (default: train, where it's there)")
    .option('--evaluate-split <name>', "clips of the manifest to judge on (default: val, where it's there)")
    .option('--samples <n>', 'recordings or tensors to calibrate with, at most', toCount, 200)
    .option(
      '--input-range <low high...>',
      'range of inputs for --data-free',
      collected(toNumber, defaultRange),
      defaultRange,
    )
    .option('--max-drop <points>', 'points of accuracy that a variant may lose; layers become wider for it', toNumber)
    .option('--variant <name>', 'the float variant of a family')
    .option('--card <folder>', 'card whose front end and labels belong to the model (default: that beside it)')
    .addOption(new Option('--only <kind...>', 'kinds of variants').choices(variantKinds).default(variantKinds))
    .addOption(
      new Option('--wide <type>', 'what sensitive layers compute in').choices(['int16', 'float32']).default('int16'),
    )
    .option(
      '--prune <percent...>',
      'shares of the channels to remove',
      collected(toPositive, defaultPrune),
      defaultPrune,
    )
    .addOption(
      new Option('--io <type>', 'type of inputs and outputs of the new models')
        .choices(['int8', 'float32'])
        .default('int8'),
    )
    .addOption(
      new Option('--format <name...>', 'files to write; a card names the first')
        .choices(['tflite', 'onnx'])
        .default(['tflite', 'onnx']),
    )
    .option('-o, --out <folder>', 'where to write the family (default: NAME-quantized)')
    .option('-b, --backend <name...>', 'backends to measure latency on', ['compiled'])
    .option('--layers', 'show how sensitive every layer is')
    .option('--html <file>', 'the page with the picture (default: quantize.html in the folder)')
    .option('--svg <file>', 'write the picture of accuracy against cost')
    .option('--json', 'print one JSON document on standard output and nothing else')
  addDimensions(addMeterChoice(command)).action(async (model: string, options: QuantizeOptions) =>
    finish(await quantizeCommand(host, version, model, options)),
  )
}
