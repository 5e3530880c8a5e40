import { type Command, Option } from 'commander'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { openMeter, surveyMeters } from '../meters/list.ts'
import type { Meter, MeterInfo } from '../meters/meter.ts'
import { exitCodes } from './exit.ts'
import { interruptSignal } from './interrupt.ts'
import { type MeterReading, meterListText, meterReadingText } from './meters-text.ts'
import { toPositive } from './options.ts'

interface MetersOptions {
  readonly json?: boolean
  readonly seconds: number
  readonly supplyV?: number
  readonly meterMode?: 'source' | 'ampere'
}

/** Lists what is here as `version: 1` JSON or as text. */
async function list(host: Host, json: boolean | undefined): Promise<string> {
  const reports = await surveyMeters(host)
  if (!json) return meterListText(reports)
  const drivers = reports.map(({ driver, meters, reason }) => ({
    driver: driver.name,
    summary: driver.summary,
    meters,
    ...(reason === undefined ? {} : { reason }),
  }))
  return JSON.stringify({ version: 1, drivers }, null, 2)
}

/** Streams for some seconds; what went wrong on the way is part of the result. */
async function readFor(host: Host, meter: Meter, seconds: number, signal: AbortSignal): Promise<MeterReading> {
  const { info } = meter
  const stop = new AbortController()
  const abort = () => stop.abort()
  signal.addEventListener('abort', abort)
  let sumW = 0
  let count = 0
  let samples = 0
  let lowestW = Number.POSITIVE_INFINITY
  let highestW = Number.NEGATIVE_INFINITY
  const marks: string[] = []
  const deadline = host.clock.sleep(seconds, stop.signal).then(abort)
  let problem: MilliwattError | null = null
  try {
    for await (const event of meter.samples(stop.signal)) {
      if (event.kind === 'gap') continue
      samples += event.powerW.length
      for (const mark of event.marks ?? []) marks.push(mark.label)
      for (const powerW of event.powerW) {
        if (Number.isNaN(powerW)) continue
        sumW += powerW
        count++
        lowestW = Math.min(lowestW, powerW)
        highestW = Math.max(highestW, powerW)
      }
    }
  } catch (error) {
    if (!(error instanceof MilliwattError)) throw error
    problem = error
  } finally {
    stop.abort()
    signal.removeEventListener('abort', abort)
    await deadline
  }
  return {
    info,
    counts: meter.counts,
    durationS: samples / info.sampleRateHz,
    power: count === 0 ? null : { meanW: sumW / count, lowestW, highestW },
    marks,
    problem,
  }
}

async function read(host: Host, spec: string, options: MetersOptions): Promise<MeterReading> {
  const { signal, release } = interruptSignal()
  const { supplyV, meterMode: mode } = options
  try {
    const chosen = { ...(supplyV === undefined ? {} : { supplyV }), ...(mode === undefined ? {} : { mode }), signal }
    await using meter = await openMeter(host, spec, chosen)
    return await readFor(host, meter, options.seconds, signal)
  } finally {
    release()
  }
}

/** JSON of a reading; `provenance` stands beside every figure. */
function readingJson({ info, counts, durationS, power, marks, problem }: MeterReading): string {
  const { provenance }: MeterInfo = info
  return JSON.stringify(
    {
      version: 1,
      meter: info,
      durationS,
      power: power && { ...power, provenance },
      counts,
      marks,
      problem: problem?.message ?? null,
    },
    null,
    2,
  )
}

/** Adds `meters` to the program. */
export function addMetersCommand(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('meters')
    .description('show the power meters that are here and why others are not usable; or read one for some seconds')
    .argument('[meter]', 'DRIVER or DRIVER:PATH to read; emulated:NAME rehearses any driver without its instrument')
    .option('--seconds <s>', 'how long to read', toPositive, 2)
    .option('--supply-v <volts>', 'supply voltage: set by a meter that feeds the device, else stated', toPositive)
    .addOption(new Option('--meter-mode <mode>', 'feed the device or only measure').choices(['source', 'ampere']))
    .option('--json', 'print one JSON document on standard output and nothing else')
    .action(async (spec: string | undefined, options: MetersOptions) => {
      if (spec === undefined) {
        process.stdout.write(`${await list(host, options.json)}\n`)
        return finish(exitCodes.done)
      }
      const reading = await read(host, spec, options)
      process.stdout.write(`${options.json ? readingJson(reading) : meterReadingText(reading)}\n`)
      finish(reading.problem ? exitCodes.failed : exitCodes.done)
    })
}
