import type { Command } from 'commander'
import type { Host } from '../core/host.ts'
import { traceFormats } from '../trace/formats/list.ts'
import { addTraceCompare } from './trace-compare.ts'
import { addTraceConvert } from './trace-convert.ts'
import { addTraceInspect } from './trace-inspect.ts'
import { addTracePlot } from './trace-plot.ts'
import { addTraceRecord } from './trace-record.ts'

/** Adds `trace` with its commands to the program. */
export function addTraceCommand(program: Command, host: Host, finish: (code: number) => void): void {
  const trace = program.command('trace').description('record, read, convert, draw and compare power traces')
  addTraceRecord(trace, host, finish)
  addTraceInspect(trace, host, finish)
  addTracePlot(trace, host, finish)
  addTraceConvert(trace, host, finish)
  addTraceCompare(trace, host, finish)
  const rows = traceFormats.map(({ name, summary, endings, create }) => {
    const writes = create ? `written as ${endings.join(', ')}` : 'read only'
    return `  ${name.padEnd(12)} ${summary} (${writes})`
  })
  trace.addHelpText('after', `\nFormats, told by content:\n${rows.join('\n')}`)
}
