import type { Command } from 'commander'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { convertTrace } from '../loop/trace-convert.ts'
import { formatBytes, formatCount, formatNumber } from '../report/format.ts'
import { exitCodes } from './exit.ts'
import { interruptSignal } from './interrupt.ts'
import { progressLine } from './progress.ts'
import { addReadOptions, openTraceWith, type TraceReadOptions } from './trace-options.ts'

interface TraceConvertOptions extends TraceReadOptions {
  readonly json?: boolean
}

async function convertCommand(host: Host, from: string, to: string, options: TraceConvertOptions): Promise<number> {
  const { resolve } = host.files
  const withoutEnding = (path: string) => resolve(path).replace(/\.(json|raw)$/i, '')
  if (resolve(from) === resolve(to) || (withoutEnding(from) === withoutEnding(to) && /\.raw$/i.test(to))) {
    throw new MilliwattError('USAGE', to, 'The result would replace its source.')
  }
  const progress = progressLine()
  const interrupt = interruptSignal()
  try {
    await using trace = await openTraceWith(host, from, options)
    const result = await convertTrace(host.files, trace, resolve(to), {
      signal: interrupt.signal,
      ...(options.supplyV === undefined ? {} : { supplyV: options.supplyV }),
      onProgress: (samples) => progress.on({ stage: 'convert', done: Math.floor(samples / 1e6), total: 1 }),
    })
    progress.stop()
    const each = result.samples > 0 ? `, ${formatNumber(result.sizeBytes / result.samples, 3)} bytes a sample` : ''
    const lines = [
      `${trace.path}: ${trace.format}, ${formatCount(result.samples)} samples, ${formatCount(result.lost)} lost`,
      ...result.paths,
      `${formatBytes(result.sizeBytes)}${each}`,
      ...(result.incomplete === null ? [] : [`not whole: ${result.incomplete}`]),
    ]
    process.stdout.write(`${options.json ? JSON.stringify(result, null, 2) : lines.join('\n')}\n`)
    return exitCodes.done
  } finally {
    progress.stop()
    interrupt.release()
  }
}

/** Adds `trace convert`. */
export function addTraceConvert(trace: Command, host: Host, finish: (code: number) => void): void {
  const command = trace
    .command('convert')
    .argument('<from>', 'a trace, or a result folder of MLPerf Tiny')
    .argument('<to>', 'the file to write; its ending says the format')
    .description('write a trace in another format: .raw, .parquet, .csv or .ppk2')
    .option('--json', 'print one JSON document on standard output and nothing else')
  addReadOptions(command).action(async (from: string, to: string, options: TraceConvertOptions) => {
    finish(await convertCommand(host, from, to, options))
  })
}
