import { type Command, Option } from 'commander'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { openRehearsal } from '../loop/rehearsal.ts'
import { exitCodes } from './exit.ts'
import { interruptSignal } from './interrupt.ts'
import { toPositive } from './options.ts'

interface BenchUpOptions {
  readonly board: string
  readonly model: string
  readonly meter: 'emulated' | 'none'
  readonly folder: string
  readonly seconds?: number
  readonly json?: boolean
}

async function benchUpCommand(host: Host, options: BenchUpOptions): Promise<number> {
  const { signal, release } = interruptSignal()
  const stop = new AbortController()
  signal.addEventListener('abort', () => stop.abort())
  try {
    const folder = host.files.resolve(options.folder)
    await using bench = await openRehearsal(host, { ...options, folder, meter: options.meter === 'emulated' })
    const { board, boardPath, meterPath, models, inputBytes, supplyV } = bench
    const meter = meterPath === null ? '--meter none' : `--meter ppk2:${meterPath} --supply-v ${supplyV}`
    if (options.json)
      process.stdout.write(`${JSON.stringify({ version: 1, board, boardPath, meterPath, models, inputBytes })}\n`)
    else
      process.stdout.write(`${board}: ${boardPath}
models: ${models.join(', ')}
${meterPath === null ? '' : `meter: ${meterPath} (a PPK2 in software; the board's marker pin is on its D0)\n`}
Everything here is emulated: no figure says anything about silicon. In another terminal:
  npx milliwatt run ${options.model} --on ${boardPath} ${meter}${meterPath === null ? '' : ' --marker-channel 0'}
  npx milliwatt mlperf --port ${boardPath} --input-bytes ${inputBytes}${meterPath === null ? '' : ` ${meter} --channel 0`}
Ctrl-C ends it.
`)
    const late = options.seconds === undefined ? [] : [host.clock.sleep(options.seconds, stop.signal)]
    const aborted = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()))
    const end = await Promise.race([bench.ended, aborted, ...late])
    stop.abort()
    if (end?.how === 'lost') throw new MilliwattError('DEVICE_LOST', board, `(${end.reason})`)
    if (!options.json) process.stdout.write(`${bench.windows()} windows of the marker pin\n`)
    return exitCodes.done
  } finally {
    release()
  }
}

/** Adds `bench-up` to the program. */
export function addBenchUpCommand(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('bench-up')
    .description(
      'rehearse a bench without hardware: firmware on an emulated board and an emulated meter, each at a port',
    )
    .option('--board <name>', 'which board: qemu-m3, qemu-m4, qemu-m55', 'qemu-m4')
    .option('--model <name>', 'model whose variants are in the firmware', 'kws')
    .addOption(new Option('--meter <name>', 'meter on the bench').choices(['emulated', 'none']).default('emulated'))
    .option('--folder <path>', 'where the ports appear: board, meter', 'milliwatt-bench')
    .option('--seconds <s>', 'end after so long', toPositive)
    .option('--json', 'print one line of JSON when the bench is up')
    .action(async (options: BenchUpOptions) => finish(await benchUpCommand(host, options)))
}
