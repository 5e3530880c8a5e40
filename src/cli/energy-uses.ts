import type { Command } from 'commander'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { batteryOf } from '../energy/battery.ts'
import { carbonOf } from '../energy/carbon.ts'
import { toEnergyLabel } from '../report/energy-label.ts'
import { batteryText, carbonText } from '../report/energy-uses.ts'
import { loadRecord, outputStyle, toCount, writeText } from './energy-options.ts'
import { exitCodes } from './exit.ts'
import { type GridOptions, gridOf, gridRegions } from './grid-options.ts'
import { toNumber, toPositive } from './options.ts'

interface CarbonOptions extends GridOptions {
  readonly inferences: number
  readonly json?: boolean
}

interface BatteryOptions {
  readonly capacityMah: number
  readonly voltageV: number
  readonly usable: number
  readonly every: number
  readonly sleepUw?: number
  readonly json?: boolean
}

async function carbonCommand(host: Host, path: string, options: CarbonOptions): Promise<number> {
  const record = await loadRecord(host, path)
  const result = carbonOf(record, gridOf(options, host.clock.wallTime()), options.inferences)
  if (!result) throw new MilliwattError('RECORD_INVALID', path, `It holds no figure: ${record.reasons.join('; ')}.`)
  const { width, style } = outputStyle()
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : carbonText(result, width, style))
  return exitCodes.done
}

async function batteryCommand(host: Host, path: string, options: BatteryOptions): Promise<number> {
  const { capacityMah, voltageV, usable, every, sleepUw } = options
  if (!(usable > 0 && usable <= 1)) throw new MilliwattError('USAGE', '--usable', 'It is a share from 0 to 1.')
  const result = batteryOf(await loadRecord(host, path), {
    capacityMah,
    voltageV,
    usableShare: usable,
    everyS: every,
    ...(sleepUw === undefined ? {} : { sleepW: sleepUw / 1e6 }),
  })
  if ('reason' in result) throw new MilliwattError('USAGE', 'energy battery', `Not possible: ${result.reason}.`)
  const { width, style } = outputStyle()
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : batteryText(result, width, style))
  return exitCodes.done
}

async function labelCommand(host: Host, path: string, out: string): Promise<number> {
  const record = await loadRecord(host, path)
  if (!record.gross)
    throw new MilliwattError('RECORD_INVALID', path, `It holds no figure: ${record.reasons.join('; ')}.`)
  await writeText(host, out, toEnergyLabel(record))
  process.stdout.write(`${out}\n`)
  return exitCodes.done
}

/** Adds `carbon`, `battery` and `label` to the energy commands. */
export function addUseCommands(energy: Command, host: Host, finish: (code: number) => void): void {
  energy
    .command('carbon')
    .argument('<record>', 'an energy record')
    .description('greenhouse gases of the electricity of inferences')
    .option('--grid <region>', `average of a grid: ${gridRegions}`, 'world')
    .option('--intensity <g/kWh>', 'intensity of your own grid instead', toPositive)
    .option('--inferences <n>', 'how many', toCount, 1)
    .option('--json', 'print one JSON document on standard output and nothing else')
    .action(async (path: string, options: CarbonOptions) => finish(await carbonCommand(host, path, options)))
  energy
    .command('battery')
    .argument('<record>', 'an energy record')
    .description('how long a battery lasts')
    .requiredOption('--capacity-mah <mAh>', 'capacity of the battery', toPositive)
    .requiredOption('--voltage-v <V>', 'its mean voltage', toPositive)
    .requiredOption('--every <s>', 'seconds from one inference to the next', toPositive)
    .option('--usable <share>', 'part of the capacity that can be drawn', toNumber, 1)
    .option('--sleep-uw <µW>', "power between inferences (default: the record's idle power)", toNumber)
    .option('--json', 'print one JSON document on standard output and nothing else')
    .action(async (path: string, options: BatteryOptions) => finish(await batteryCommand(host, path, options)))
  energy
    .command('label')
    .argument('<record>', 'an energy record')
    .description('draw an energy label (SVG); it always says where the figure comes from')
    .requiredOption('-o, --out <file>', 'the label to write, NAME.svg')
    .action(async (path: string, { out }: { readonly out: string }) => finish(await labelCommand(host, path, out)))
}
