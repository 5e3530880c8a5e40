import type { Command } from 'commander'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { measureLayers } from '../loop/energy-layers.ts'
import { loadVariant } from '../loop/raw-engine.ts'
import { openRuntimeOn } from '../loop/runtime.ts'
import { type LayerReport, layersText } from '../report/energy-layers.ts'
import { outputStyle, toCount, toShare } from './energy-options.ts'
import { exitCodes } from './exit.ts'
import { interruptSignal } from './interrupt.ts'
import { toPositive } from './options.ts'
import { progressLine } from './progress.ts'
import { chosenMeter } from './run-meter.ts'
import { addMeterChoice, type RunOptions } from './run-options.ts'

/** Options of `milliwatt energy layers`. */
interface LayersOptions extends Pick<RunOptions, 'meter' | 'supplyV' | 'meterMode' | 'variant'> {
  readonly rounds: number
  readonly windowMs: number
  readonly confidence: number
  readonly json?: boolean
}

/** Runs `milliwatt energy layers MODEL` and gives the exit code. */
async function layersCommand(host: Host, name: string, options: LayersOptions): Promise<number> {
  const progress = progressLine()
  const { signal, release } = interruptSignal()
  try {
    const variant = await loadVariant(host, name, options.variant === undefined ? {} : { variant: options.variant })
    const meter = await chosenMeter(host, options, (line) => void process.stderr.write(`${line}\n`))
    await using runtime = await openRuntimeOn(host, { ...meter, onProgress: progress.on, signal })
    if (!runtime.session)
      throw new MilliwattError('USAGE', 'energy layers', 'Energy is measured with a meter; give --meter.')
    const { solution, layers, provenance } = await measureLayers(host, runtime.session, variant, {
      rounds: options.rounds,
      windowS: options.windowMs / 1e3,
      confidence: options.confidence,
      onProgress: progress.on,
      signal,
    })
    progress.stop()
    const report: LayerReport = {
      version: 1,
      kind: 'milliwatt-energy-layers',
      model: variant.name,
      provenance,
      solution,
      layers,
    }
    const { width, style } = outputStyle()
    process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : layersText(report, width, style))
    return exitCodes.done
  } finally {
    progress.stop()
    release()
  }
}

/** Adds `layers` to the energy commands. */
export function addLayersCommand(energy: Command, host: Host, finish: (code: number) => void): void {
  const command = energy
    .command('layers')
    .argument('<model>', 'a model file, or a shipped model with --variant')
    .description('measure energy layer by layer on the compiled engine, with intervals')
  addMeterChoice(command)
    .option('--rounds <n>', 'how often each layer is measured, interleaved', toCount, 5)
    .option('--window-ms <ms>', 'measuring window; each layer is repeated to fill it', toPositive, 30)
    .option('--confidence <share>', 'confidence of the intervals', toShare, 0.95)
    .option('--variant <name>', 'the variant of a shipped model')
    .option('--json', 'print one JSON document on standard output and nothing else')
    .action(async (name: string, options: LayersOptions) => finish(await layersCommand(host, name, options)))
}
