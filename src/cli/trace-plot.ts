import type { Command } from 'commander'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { powerPicture } from '../report/power-picture.ts'
import { traceHtml } from '../report/trace-html.ts'
import { traceSvg } from '../report/trace-svg.ts'
import { writeProblem } from '../trace/capture.ts'
import type { InspectedTrace } from '../trace/inspect.ts'
import { exitCodes } from './exit.ts'
import { toNumber, toPositive } from './options.ts'
import { plotAssets } from './run-output.ts'
import { addWindowOptions, inspectAt, type TraceInspectOptions } from './trace-inspect.ts'
import { addReadOptions } from './trace-options.ts'

interface PlotOptions extends TraceInspectOptions {
  readonly output?: string
  readonly fromS?: number
  readonly toS?: number
}

/** Columns of a page, where the reader can zoom, and of a picture. */
const [pageColumns, pictureColumns] = [8192, 900] as const

/** Writers by the ending of the file. */
const plots: Readonly<Record<string, (host: Host, trace: InspectedTrace) => Promise<string>>> = {
  '.html': async (host, { inspection, columns }) => traceHtml(inspection, columns(pageColumns), await plotAssets(host)),
  '.svg': async (_, { inspection, columns }) => traceSvg(inspection, columns(pictureColumns)),
}

async function plotCommand(host: Host, path: string, options: PlotOptions): Promise<number> {
  const { output } = options
  const ending = /\.[^./\\]+$/.exec(output ?? '')?.[0].toLowerCase() ?? ''
  const write = plots[ending]
  if (output !== undefined && !write) {
    throw new MilliwattError('USAGE', output, `Its name must end in ${Object.keys(plots).join(' or ')}.`)
  }
  const trace = await inspectAt(host, path, options)
  if (output === undefined || !write) {
    const width = Math.min(160, Math.max(60, process.stdout.columns ?? 100))
    const lines = powerPicture(trace.columns(width - 10), 12, trace.inspection.windows)
    const head = `${trace.inspection.path}: power ${trace.inspection.provenance}, mean █, peaks ░`
    process.stdout.write(`${[head, ...lines].join('\n')}\n`)
    return exitCodes.done
  }
  const file = host.files.resolve(output)
  await host.files.write(file, await write(host, trace)).catch((error: unknown) => {
    throw writeProblem(file, error)
  })
  process.stdout.write(`${file}\n`)
  return exitCodes.done
}

/** Adds `trace plot`. */
export function addTracePlot(trace: Command, host: Host, finish: (code: number) => void): void {
  const command = trace
    .command('plot')
    .argument('<path>', 'a trace, or a result folder of MLPerf Tiny')
    .description('draw power over time: on the terminal, as a page that zooms (.html), or as a picture (.svg)')
    .option('-o, --output <file>', 'the file to write, .html or .svg; without it the terminal')
    .option('--from-s <seconds>', 'begin there', toNumber)
    .option('--to-s <seconds>', 'end there', toPositive)
  addWindowOptions(addReadOptions(command)).action(async (path: string, options: PlotOptions) => {
    finish(await plotCommand(host, path, options))
  })
}
