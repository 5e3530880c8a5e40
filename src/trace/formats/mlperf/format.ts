import { MilliwattError } from '../../../core/errors.ts'
import type { OpenedTrace, TraceFormat, TraceSource } from '../format.ts'
import { openEembcRun } from './eembc.ts'
import { type RunFiles, runIn, runsBelow } from './locate.ts'
import { openRunnerJson } from './runner-json.ts'

/** Names of files of a run that stand for the whole run. */
const runFile = /-energy\.bin$|timestamps.*\.json$|^results?\.(txt|json)$/i

async function runsAt({ files, path, kind }: TraceSource): Promise<readonly RunFiles[]> {
  if (kind === 'folder') return runsBelow(files, path)
  const run = await runIn(files, files.dirname(path), files.basename(path))
  return run ? [run] : []
}

async function open(source: TraceSource): Promise<OpenedTrace> {
  const runs = await runsAt(source)
  const withSamples = runs.some((run) => run.bin) ? runs.filter((run) => run.bin) : runs
  const energyFirst = withSamples.filter((run) => !/(performance|accuracy)$/i.test(run.folder))
  const chosen = energyFirst.length > 0 ? energyFirst : withSamples
  if (chosen.length > 1) {
    const folders = chosen.slice(0, 4).map((run) => run.folder)
    const more = chosen.length > 4 ? ` and ${chosen.length - 4} more` : ''
    throw new MilliwattError(
      'TRACE_INVALID',
      source.path,
      `It holds several traces, give one: ${folders.join(', ')}${more}.`,
    )
  }
  const [run] = chosen
  if (!run) throw new MilliwattError('TRACE_INVALID', source.path, 'No energy run of MLPerf Tiny lies there.')
  return run.bin ? openEembcRun(source.files, run) : openRunnerJson(source.files, run)
}

/** Energy traces as submissions to MLPerf Tiny publish them, of both runners; read only. */
export const mlperfTiny: TraceFormat = {
  name: 'mlperf-tiny',
  summary: 'a result folder of MLPerf Tiny: trace1-energy.bin with its timestamps, or results.json since 1.3',
  endings: [],
  detects: async (source) => {
    if (source.kind === 'folder') return (await runsAt(source)).length > 0
    return runFile.test(source.files.basename(source.path)) && (await runsAt(source)).length > 0
  },
  open,
}
