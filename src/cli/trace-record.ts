import type { Command } from 'commander'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { type Recording, recordTrace } from '../loop/trace-record.ts'
import { openMeter } from '../meters/list.ts'
import type { MeterInfo } from '../meters/meter.ts'
import { formatCount, formatNumber, formatPower } from '../report/format.ts'
import { exitCodeOf, exitCodes } from './exit.ts'
import { interruptSignal } from './interrupt.ts'
import { toPositive } from './options.ts'
import { progressLine } from './progress.ts'
import { chosenMeter, type MeterChoice } from './run-meter.ts'
import { addMeterChoice } from './run-options.ts'

/** Options of `milliwatt trace record`. */
interface RecordCommandOptions extends MeterChoice {
  readonly durationS?: number
  readonly pulseS?: number
  readonly overwrite?: boolean
  readonly json?: boolean
}

/** Base path of a recording. @throws MilliwattError USAGE for other formats, and where a recording would be lost */
async function baseOf(host: Host, path: string, overwrite: boolean): Promise<string> {
  const ending = /\.(parquet|csv|ppk2)$/i.exec(path)?.[0]
  if (ending) {
    throw new MilliwattError(
      'USAGE',
      path,
      `Record to a .raw file, then: milliwatt trace convert FILE.raw FILE${ending}.`,
    )
  }
  const base = host.files.resolve(path.replace(/\.(raw|json)$/i, ''))
  if (!overwrite && (await host.files.stat(`${base}.raw`))) {
    throw new MilliwattError('USAGE', `${base}.raw`, 'A recording lies there already; --overwrite replaces it.')
  }
  return base
}

function printRecording(recording: Recording, info: MeterInfo, asJson: boolean): void {
  const { problem, ...figures } = recording
  if (asJson) {
    const document = {
      ...figures,
      meter: info,
      provenance: info.provenance,
      problem: problem && { code: problem.code, message: problem.message },
    }
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
    return
  }
  const lines = [
    `${info.model} at ${info.path || info.driver}`,
    `${formatNumber(recording.durationS, 4)} s, ${formatCount(recording.samples)} samples, ${formatCount(recording.lost)} lost, ${formatCount(recording.invalid)} invalid`,
    `mean power ${formatPower(recording.meanPowerW, info.provenance)}`,
    ...info.warnings.map((warning) => `note: ${warning}`),
    ...recording.paths,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

async function recordCommand(host: Host, path: string, options: RecordCommandOptions): Promise<number> {
  const base = await baseOf(host, path, options.overwrite ?? false)
  const progress = progressLine()
  const interrupt = interruptSignal()
  try {
    const tell = (line: string) => process.stderr.write(`${line}\n`)
    const chosen = await chosenMeter(host, options, tell)
    if (typeof chosen.meter !== 'string')
      throw new MilliwattError('USAGE', '--meter', 'There is nothing to record without a meter.')
    await using meter = await openMeter(host, chosen.meter, { ...chosen.meterOptions, signal: interrupt.signal })
    const recording = await recordTrace(host, meter, {
      base,
      signal: interrupt.signal,
      ...(options.durationS === undefined ? {} : { durationS: options.durationS }),
      ...(options.pulseS === undefined ? {} : { pulseS: options.pulseS }),
      onProgress: (seconds) =>
        progress.on({ stage: 'record', done: Math.floor(seconds), total: Math.ceil(options.durationS ?? seconds + 1) }),
    })
    progress.stop()
    printRecording(recording, meter.info, options.json ?? false)
    if (!recording.problem) return exitCodes.done
    process.stderr.write(`${recording.problem.code}: ${recording.problem.message}\n`)
    return exitCodeOf(recording.problem)
  } finally {
    progress.stop()
    interrupt.release()
  }
}

/** Adds `trace record`. */
export function addTraceRecord(trace: Command, host: Host, finish: (code: number) => void): void {
  const command = trace
    .command('record')
    .argument('<file>', 'where to record: FILE.raw and FILE.json')
    .description('record a meter until Ctrl-C or for some seconds; what was recorded stays whatever happens')
  addMeterChoice(command)
    .option('--duration-s <seconds>', 'length of the recording on the clock of the meter', toPositive)
    .option(
      '--pulse-s <seconds>',
      'set the marker line high and low for so long in turn, where there is one',
      toPositive,
    )
    .option('--overwrite', 'replace a recording that lies there')
    .option('--json', 'print one JSON document on standard output and nothing else')
    .action(async (path: string, options: RecordCommandOptions) => {
      finish(await recordCommand(host, path, options))
    })
}
