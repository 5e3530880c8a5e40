import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { rawRun } from '../loop/raw-run.ts'
import { formatCount, formatTime } from '../report/format.ts'
import { exitCodes } from './exit.ts'
import { interruptSignal } from './interrupt.ts'
import type { RunOptions } from './run-options.ts'

/** Whether the options ask for raw tensors instead of recordings. */
export function isRawRun({ rawInput, rawOutput }: RunOptions): boolean {
  return rawInput !== undefined || rawOutput !== undefined
}

/** Both paths. @throws MilliwattError USAGE if one is missing or recordings are named as well */
function pathsOf({ rawInput, rawOutput, input }: RunOptions): { readonly input: string; readonly output: string } {
  if (rawInput === undefined || rawOutput === undefined)
    throw new MilliwattError('USAGE', 'run', '--raw-input and --raw-output belong together.')
  if (input !== undefined) throw new MilliwattError('USAGE', 'run', 'Give --raw-input or --input, not both.')
  return { input: rawInput, output: rawOutput }
}

/** Runs `milliwatt run MODEL --raw-input … --raw-output …` and gives the exit code. */
export async function rawRunCommand(host: Host, model: string, options: RunOptions): Promise<number> {
  const paths = pathsOf(options)
  const { signal, release } = interruptSignal()
  const run = await rawRun(host, model, {
    ...paths,
    ...(options.backend ? { backends: options.backend } : {}),
    ...(options.on?.[0] === undefined ? {} : { on: options.on[0] }),
    ...(options.variant === undefined ? {} : { variant: options.variant }),
    dimensions: options.dimensions,
    signal,
  }).finally(release)
  const { backend, inferences, inputBytes, outputBytes, latencyS } = run
  const text = options.json
    ? JSON.stringify({ version: 1, kind: 'milliwatt-raw-run', ...run }, null, 2)
    : [
        `${formatCount(inferences)} inferences on ${backend}: ${formatCount(inputBytes)} bytes in, ${formatCount(outputBytes)} bytes out`,
        `latency ${formatTime(latencyS.median)} median, ${formatTime(latencyS.p95)} p95`,
        paths.output,
      ].join('\n')
  process.stdout.write(`${text}\n`)
  return exitCodes.done
}
