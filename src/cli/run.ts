import type { Command } from 'commander'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { accuracyOf, answerPerClip } from '../loop/accuracy.ts'
import type { ClipSource } from '../loop/clips.ts'
import { feedBack } from '../loop/feedback.ts'
import type { LoadedModel } from '../loop/model.ts'
import { cascadeOf } from '../loop/open-cascade.ts'
import { type KeywordRun, keywordCard, runKeywords } from '../loop/run-keywords.ts'
import { runReport } from '../loop/run-report.ts'
import { runStream } from '../loop/run-stream.ts'
import { GoalNotMet, openRuntimeOn, type Runtime } from '../loop/runtime.ts'
import { toJson } from '../report/json.ts'
import type { RunReport } from '../report/report.ts'
import type { StreamReport } from '../report/stream-report.ts'
import { plainStyle } from '../report/table.ts'
import { toText } from '../report/text.ts'
import { exitCodes } from './exit.ts'
import { toGoal } from './goal-options.ts'
import { interruptSignal } from './interrupt.ts'
import { withDelegates } from './options.ts'
import { type ProgressLine, progressLine } from './progress.ts'
import { isRawRun, rawRunCommand } from './raw-run.ts'
import { runClips } from './run-input.ts'
import { chosenMeter } from './run-meter.ts'
import { addRunOptions, type RunOptions } from './run-options.ts'
import { terminalStyle, writeReports } from './run-output.ts'

/** What one run of the command has at hand. */
interface Job {
  readonly host: Host
  readonly version: string
  readonly model: string
  readonly options: RunOptions
  readonly progress: ProgressLine
  readonly signal: AbortSignal
  readonly outFolder: string | null
}

/** Length of the measuring window: long against the uncertainty of its edges, and what the meter needs at least. */
function windowS(runtime: Runtime, options: RunOptions): number {
  if (options.windowMs !== undefined) return options.windowMs / 1e3
  if (!runtime.session) return 0.005
  const { marker, info } = runtime.session.meter
  return Math.max(marker ? 0.03 : 0.3, 1.05 * (info.minimumWindowS ?? 0))
}

function outFolderOf(host: Host, model: string, options: RunOptions): string | null {
  if (options.out !== undefined) return host.files.resolve(options.out)
  if (options.json) return null
  const stamp = host.clock.wallTime().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')
  return host.files.resolve(host.files.join('milliwatt-out', `${host.files.basename(model)}-${stamp}`))
}

async function openRuntime(job: Job): Promise<Runtime> {
  const { host, options, progress, signal, outFolder } = job
  const meter = await chosenMeter(host, options, (line) => {
    progress.clear()
    process.stderr.write(`${line}\n`)
  })
  progress.on({ stage: 'probe', done: 0, total: 1 })
  return openRuntimeOn(host, {
    ...meter,
    ...(outFolder === null ? {} : { traceBase: host.files.join(outFolder, 'trace') }),
    ...(options.backend ? { backends: options.backend } : {}),
    ...(options.on === undefined ? {} : { on: options.on }),
    ...(options.markerChannel === undefined ? {} : { markerChannel: options.markerChannel }),
    onProgress: progress.on,
    signal,
  })
}

async function measure(
  job: Job,
  runtime: Runtime,
  model: LoadedModel,
  clips: readonly ClipSource[],
): Promise<KeywordRun> {
  const { host, options, progress, signal } = job
  progress.on({ stage: 'idle', done: 0, total: 1 })
  await runtime.measureIdle(1)
  return runKeywords({
    host,
    runtime,
    model,
    clips,
    windowS: windowS(runtime, options),
    stepS: options.step,
    onProgress: progress.on,
    signal,
  })
}

/** The cascade on all recordings in one stream, where that is asked; null also where the user stops it. */
async function streamOf(
  job: Job,
  runtime: Runtime,
  loaded: LoadedModel,
  clips: readonly ClipSource[],
): Promise<StreamReport | null> {
  const { host, options, progress, signal, model } = job
  if (!options.stream || signal.aborted) return null
  const common = { host, runtime, model, loaded, clips, windowS: windowS(runtime, options), signal }
  try {
    return await runStream({ ...common, onProgress: progress.on })
  } catch (error) {
    if (signal.aborted) return null
    throw error
  }
}

async function runJob(job: Job): Promise<RunReport> {
  const { host, options } = job
  if (options.stream && options.on !== undefined)
    throw new MilliwattError('USAGE', '--stream', 'The cascade runs on this machine: leave --on out.')
  const startedAt = host.clock.wallTime().toISOString()
  const startS = host.clock.nowS()
  await using runtime = await openRuntime(job)
  const model = await runtime.load(job.model, {
    goal: toGoal(options, host.clock.wallTime()),
    ...(options.variant === undefined ? {} : { variant: options.variant }),
    remeasure: options.remeasure ?? false,
  })
  const card = keywordCard(model)
  if (options.stream) cascadeOf(card)
  const clips = await runClips(host, options, card, model.catalogue.folder)
  const run = await measure(job, runtime, model, clips)
  const stream = await streamOf(job, runtime, model, clips)
  const answers = answerPerClip(run.rows, [card.otherLabel, card.silenceLabel])
  await runtime.session?.capture?.flush()
  const report = runReport({
    version: job.version,
    startedAt,
    durationS: host.clock.nowS() - startS,
    probe: runtime.probe,
    runtime: host.runtime,
    model,
    rows: run.rows,
    accuracy: accuracyOf(answers, card.labels, model.variant.accuracy),
    stream,
    session: runtime.session,
    idlePowerW: runtime.idlePowerW,
    problems: run.problems,
    interrupted: run.interrupted || job.signal.aborted,
  })
  await feedBack(host, runtime.probe.fingerprint, model, report.summary)
  return report
}

function print(report: RunReport, options: RunOptions, files: readonly string[]): void {
  if (options.json) {
    process.stdout.write(toJson(report))
    return
  }
  const style = process.stdout.isTTY ? terminalStyle : plainStyle
  process.stdout.write(toText(report, { width: process.stdout.columns ?? 120, style, files }))
}

/** Without a run there is still the plan to tell: every candidate with the limit that it breaks. */
function printUnmet(error: GoalNotMet, options: RunOptions): void {
  if (!options.json) return
  const document = { version: 1, kind: 'milliwatt-run', status: 'goal not met', plan: error.plan, inferences: [] }
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
}

/** Runs `milliwatt run MODEL` and gives the exit code. */
async function runCommand(host: Host, version: string, model: string, options: RunOptions): Promise<number> {
  const progress = progressLine()
  const { signal, release } = interruptSignal()
  const outFolder = outFolderOf(host, model, options)
  try {
    const report = await runJob({ host, version, model, options, progress, signal, outFolder })
    progress.stop()
    const files = outFolder === null ? [] : await writeReports(host, outFolder, report)
    print(report, options, files)
    for (const problem of report.problems) process.stderr.write(`${problem.code}: ${problem.message}\n`)
    return report.status === 'interrupted' ? exitCodes.interrupted : exitCodes.done
  } catch (error) {
    progress.stop()
    if (error instanceof GoalNotMet) printUnmet(error, options)
    throw error
  } finally {
    progress.stop()
    release()
  }
}

/** Adds `run` to the program. */
export function addRunCommand(program: Command, host: Host, version: string, finish: (code: number) => void): void {
  const command = program
    .command('run')
    .argument('<model>', 'name of a shipped model (kws), a folder with a card.json, a model file, or a compiled .wasm')
    .description('pick a variant for this machine, run it over recordings, and measure energy per inference')
  addRunOptions(command).action(async (model: string, options: RunOptions) => {
    const given = withDelegates(host, options)
    finish(
      await (isRawRun(options) ? rawRunCommand(given, model, options) : runCommand(given, version, model, options)),
    )
  })
}
