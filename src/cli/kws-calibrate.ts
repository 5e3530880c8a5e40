import type { Command } from 'commander'
import type { FeatureStream } from '../audio/stream/feature-stream.ts'
import type { Card, CardCascade, CardDetector } from '../catalogue/card.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Clock, Host } from '../core/host.ts'
import { calibrateCascade } from '../loop/calibrate-cascade.ts'
import { calibrateDetector } from '../loop/calibrate-detector.ts'
import { type CascadeNets, openCascadeNets } from '../loop/cascade-nets.ts'
import { streamCard } from '../loop/listen.ts'
import type { LoadedModel } from '../loop/model.ts'
import { openFrontend } from '../loop/model-frontend.ts'
import { netScorer } from '../loop/net-scorer.ts'
import { openRuntimeOn } from '../loop/runtime.ts'
import { readValidationClips, type ValidationClips } from '../loop/validation-clips.ts'
import { writeDetectors } from '../loop/write-detector.ts'
import type { RocReport, RocVariant } from '../report/roc.ts'
import { rocPage } from '../report/roc-html.ts'
import { rocSvg } from '../report/roc-svg.ts'
import { keywordTable, rocTable } from '../report/roc-text.ts'
import { plainStyle, type Table, tableLines } from '../report/table.ts'
import { toCount } from './energy-options.ts'
import { exitCodes } from './exit.ts'
import { interruptSignal } from './interrupt.ts'
import { toNumber, toPositive } from './options.ts'
import { progressLine } from './progress.ts'
import { terminalStyle, writeReport } from './run-output.ts'

interface CalibrateCommandOptions {
  readonly data: string
  readonly split: string
  readonly noise?: readonly string[]
  readonly falseAlarms: number
  readonly rounds: number
  readonly step: number
  readonly smoothing: number
  readonly refractory: number
  readonly variant?: readonly string[]
  readonly cascade?: readonly string[]
  readonly write?: boolean
  readonly html?: string
  readonly svg?: string
  readonly json?: boolean
}

function print(report: RocReport, json: boolean | undefined): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
    return
  }
  const style = process.stdout.isTTY ? terminalStyle : plainStyle
  const text = (table: Table) => `${tableLines(table, process.stdout.columns ?? 120, style).join('\n')}\n`
  process.stdout.write(text(rocTable(report)))
  for (const variant of report.variants) process.stdout.write(`\n${variant.variant}\n${text(keywordTable(variant))}`)
}

/** The nets of a cascade: a small variant and a large one, or one that has exits. @throws MilliwattError USAGE */
async function cascadeNets(
  names: readonly string[],
  card: Card,
  load: (variant: string) => Promise<LoadedModel>,
  clock: Clock,
): Promise<CascadeNets> {
  const [small, large = small] = names
  if (small === undefined || large === undefined || names.length > 2)
    throw new MilliwattError('USAGE', '--cascade', 'Give a small and a large variant, or one that has exits.')
  const hasExits = card.variants.find(({ name }) => name === large)?.exits !== undefined
  return openCascadeNets(card, { small, large, ...(hasExits ? { exitAt: 0 } : {}) }, load, clock)
}

/** Share of the keywords that a cascade may miss beyond what its large net misses alone. */
const mostMoreMissed = 0.005

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

function cascadeLine({ small, large, margin, passAt, everyLooks, exitAt, speech }: CardCascade): string {
  const times = speech.aloneMacsALook / speech.macsALook
  const first = small === large ? `the first exit of ${small}` : small
  const rest = small === large ? 'the rest of it' : large
  const pace = everyLooks === undefined ? '' : `, one look in ${everyLooks} where it hears nothing`
  const exit = exitAt === undefined ? '' : ` and stops at its first exit below ${exitAt}`
  return `In non-stop speech ${first} looks ${percent(speech.smallShare)} of the time (sound gate of ${margin}${pace}), ${rest} ${percent(speech.largeShare)} (from ${passAt} on${exit}): ${times.toFixed(1)} times fewer multiply-accumulates than ${large} alone.`
}

async function calibrateCommand(
  host: Host,
  version: string,
  name: string,
  options: CalibrateCommandOptions,
): Promise<number> {
  const progress = progressLine()
  const { signal, release } = interruptSignal()
  const startedAt = host.clock.wallTime().toISOString()
  try {
    await using runtime = await openRuntimeOn(host, { backends: ['compiled'], signal, onProgress: progress.on })
    const first = await runtime.load(name, options.variant?.[0] === undefined ? {} : { variant: options.variant[0] })
    const card = streamCard(first)
    const noises = options.noise ? { noises: options.noise } : {}
    const choice = { folder: options.data, split: options.split, ...noises }
    const clips: ValidationClips = await readValidationClips(host, card, choice)
    const rows: RocVariant[] = []
    const detectors = new Map<string, CardDetector>()
    const shared = {
      ...{ card, clips, clock: host.clock, split: options.split, falseAlarmsPerHour: options.falseAlarms },
      ...{ rounds: options.rounds, stepS: options.step, smoothing: options.smoothing, refractoryS: options.refractory },
      ...{ onProgress: progress.on, signal, frontend: await openFrontend(host, first.catalogue.folder, card.features) },
    }
    const load = (variant: string) => runtime.load(name, { variant })
    const usual = options.cascade ? [] : card.variants.map((each) => each.name)
    for (const variant of options.variant ?? usual) {
      const model = await load(variant)
      const scorer = (window: FeatureStream) => netScorer(model, window, card.labels)
      const { detector, row } = calibrateDetector({ ...shared, variant, scorer })
      rows.push(row)
      detectors.set(variant, detector)
      await model.dispose()
    }
    const nets = options.cascade && (await cascadeNets(options.cascade, card, load, host.clock))
    const cascade = nets && calibrateCascade({ ...shared, nets, mostMore: mostMoreMissed })
    if (cascade) rows.push(...(detectors.has(cascade.alone.variant) ? [] : [cascade.alone]), cascade.row)
    progress.stop()
    const report: RocReport = {
      version: 1,
      kind: 'milliwatt-roc',
      milliwatt: version,
      model: card.name,
      startedAt,
      data: host.files.basename(options.data),
      split: options.split,
      wantedFalseAlarmsPerHour: options.falseAlarms,
      variants: rows,
    }
    if (options.html !== undefined) await writeReport(host, options.html, rocPage(report))
    if (options.svg !== undefined) await writeReport(host, options.svg, rocSvg(report))
    print(report, options.json)
    if (cascade && !options.json) process.stdout.write(`\n${cascadeLine(cascade.cascade)}\n`)
    if (options.write) {
      const path = await writeDetectors(host, first.catalogue.folder, detectors, cascade?.cascade)
      const what = [
        ...(detectors.size > 0 ? [`thresholds of ${detectors.size} variants`] : []),
        ...(cascade ? ['the cascade'] : []),
      ]
      process.stderr.write(`${path}: ${what.join(' and ')}\n`)
    }
    return exitCodes.done
  } finally {
    progress.stop()
    release()
  }
}

/** Adds `kws calibrate` below `kws`. */
export function addKwsCalibrateCommand(
  kws: Command,
  host: Host,
  version: string,
  finish: (code: number) => void,
): void {
  kws
    .command('calibrate')
    .argument('<model>', 'name of a shipped model (kws), or a folder with a card.json')
    .requiredOption('--data <folder>', 'recordings with a manifest.csv: path, split, kind, label, kw_start, kw_end')
    .description(
      'set a threshold a keyword by validation audio, at a wanted rate of false alarms; show the whole trade',
    )
    .option('--split <name>', 'clips to use', 'val')
    .option(
      '--noise <name...>',
      'noise files to use, by the beginnings of their names (default: those of the split, else all)',
    )
    .option('--false-alarms <n>', 'false alarms an hour at most, on speech and noise without keywords', toNumber, 0.5)
    .option('--rounds <n>', 'rounds through the clips without keywords, each mixed anew', toCount, 8)
    .option('--step <s>', 'time from one look of the net to the next', toPositive, 0.1)
    .option('--smoothing <n>', 'looks that are averaged', toCount, 5)
    .option('--refractory <s>', 'no event for so long after one', toPositive, 1)
    .option('--variant <name...>', 'only these variants')
    .option(
      '--cascade <name...>',
      'a small and a large variant, or one that has exits: set the sound gate, how often the small one looks, and when the large one does',
    )
    .option('--write', 'write the thresholds into the card')
    .option('--html <file>', 'the trade and all figures as a page')
    .option('--svg <file>', 'the trade as a picture')
    .option('--json', 'print one JSON document on standard output and nothing else')
    .action(async (model: string, options: CalibrateCommandOptions) =>
      finish(await calibrateCommand(host, version, model, options)),
    )
}
