import type { Command } from 'commander'
import { selectBackends } from '../backends/list.ts'
import type { Host } from '../core/host.ts'
import { readMachineProfile } from '../loop/machine-profile-store.ts'
import { profileMachine } from '../loop/profile-machine.ts'
import { openRuntimeOn, type Runtime } from '../loop/runtime.ts'
import { findMeters } from '../meters/list.ts'
import { placementSvg } from '../report/placement-svg.ts'
import type { PlanDocument } from '../report/plan-document.ts'
import { planPage } from '../report/plan-html.ts'
import { planText } from '../report/plan-text.ts'
import { plainStyle } from '../report/table.ts'
import { exitCodes } from './exit.ts'
import { addGoalOptions, type GoalOptions, toGoal } from './goal-options.ts'
import { interruptSignal } from './interrupt.ts'
import { addDimensions, type DimensionOptions, toNumber } from './options.ts'
import { type ProgressLine, progressLine } from './progress.ts'
import { chosenMeter } from './run-meter.ts'
import { addMeterChoice, devicesHelp } from './run-options.ts'
import { terminalStyle } from './run-output.ts'

/** Options of `milliwatt plan`. */
interface PlanOptions extends GoalOptions, DimensionOptions {
  readonly meter: string
  readonly supplyV?: number
  readonly meterMode?: 'source' | 'ampere'
  readonly meterResume?: number
  readonly whatIf?: readonly string[]
  readonly backend?: readonly string[]
  readonly on?: readonly string[]
  readonly markerChannel?: number
  readonly variant?: string
  readonly remeasure?: boolean
  readonly profileS: number
  readonly html?: string
  readonly svg?: string
  readonly json?: boolean
}

/** Measures this machine's places where that was not done yet, so that layers can be spread over them. */
async function ensureProfile(
  host: Host,
  runtime: Runtime,
  options: PlanOptions,
  signal: AbortSignal,
  progress: ProgressLine,
) {
  const { probe, session } = runtime
  const kept = await readMachineProfile(host, probe.fingerprint)
  const isHere = probe.devices.some(({ kind }) => kind !== 'board')
  if (!isHere || Object.keys(kept.places).length > 0 || options.profileS === 0) return
  await profileMachine({
    host,
    probe,
    backends: selectBackends(options.backend),
    session,
    budgetS: options.profileS,
    onProgress: progress.on,
    signal,
  })
}

async function planJob(host: Host, version: string, model: string, options: PlanOptions): Promise<PlanDocument> {
  const progress = progressLine()
  const { signal, release } = interruptSignal()
  const startedAt = host.clock.wallTime().toISOString()
  try {
    // No emulated meter stands in here: what it makes up says nothing about where a layer should run.
    const without = options.meter === 'auto' && (await findMeters(host)).length === 0
    const meter = without ? {} : await chosenMeter(host, options, () => undefined)
    await using runtime = await openRuntimeOn(host, {
      ...meter,
      ...(options.backend ? { backends: options.backend } : {}),
      ...(options.on ? { on: options.on } : {}),
      ...(options.markerChannel === undefined ? {} : { markerChannel: options.markerChannel }),
      ...(options.whatIf ? { whatIf: options.whatIf } : {}),
      onProgress: progress.on,
      signal,
    })
    await ensureProfile(host, runtime, options, signal, progress)
    const planned = await runtime.plan(model, {
      goal: toGoal(options, host.clock.wallTime()),
      ...(options.variant === undefined ? {} : { variant: options.variant }),
      dimensions: options.dimensions,
      remeasure: options.remeasure ?? false,
    })
    const machine = { name: runtime.probe.machine, runtime: host.runtime }
    return { version: 1, kind: 'milliwatt-plan', milliwatt: version, startedAt, model, machine, ...planned }
  } finally {
    progress.stop()
    release()
  }
}

async function writePictures(
  host: Host,
  document: PlanDocument,
  { html, svg }: PlanOptions,
): Promise<readonly string[]> {
  const files: string[] = []
  const write = async (path: string, text: string) => {
    await host.files.write(host.files.resolve(path), text)
    files.push(path)
  }
  if (html !== undefined) await write(html, planPage(document))
  if (svg !== undefined && document.placement) await write(svg, placementSvg(document.placement))
  return files
}

/** Adds `plan` to the program. */
export function addPlanCommand(program: Command, host: Host, version: string, finish: (code: number) => void): void {
  const command = program
    .command('plan')
    .argument('<model>', 'name of a shipped model (kws), a folder with a card.json, or a model file')
    .description('tell which variant to run and which layer to run where, and why; nothing is run but measurements')
    .option('--what-if <target...>', 'consider accelerators that are not here, by their declared model (ethos-u55-128)')
    .option('--variant <name>', 'plan only over this variant')
    .option('-b, --backend <name...>', 'plan only over these backends')
    .option('--on <device...>', devicesHelp)
    .option('--marker-channel <n>', "the meter's digital channel that a board's marker pin is wired to", toNumber)
    .option('--remeasure', 'measure latencies again even if they are in the cache')
    .option('--profile-s <s>', 'most seconds to profile this machine where that was not done; 0: never', toNumber, 10)
    .option('--html <file>', 'write the plan as a page')
    .option('--svg <file>', 'write the picture of layers and places')
    .option('--json', 'print one JSON document on standard output and nothing else')
  addDimensions(addGoalOptions(addMeterChoice(command))).action(async (model: string, options: PlanOptions) => {
    const document = await planJob(host, version, model, options)
    const files = await writePictures(host, document, options)
    const style = process.stdout.isTTY ? terminalStyle : plainStyle
    const width = process.stdout.columns ?? 120
    process.stdout.write(options.json ? `${JSON.stringify(document, null, 2)}\n` : planText(document, width, style))
    if (!options.json) for (const file of files) process.stdout.write(`${file}\n`)
    finish(document.plan.chosen ? exitCodes.done : exitCodes.goalNotMet)
  })
}
