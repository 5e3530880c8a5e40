import { selectBackends } from '../backends/list.ts'
import type { Host } from '../core/host.ts'
import { ageS, type MachineProfile, type PlaceProfile } from '../cost/machine-profile.ts'
import type { OpFamily } from '../cost/node-work.ts'
import { familyRates } from '../cost/summarise-place.ts'
import { probe } from '../loop/probe.ts'
import { profileMachine } from '../loop/profile-machine.ts'
import { startSession } from '../loop/runtime.ts'
import { formatTime, noFigure } from '../report/format.ts'
import { type Cell, type Column, plainStyle, type Table, tableLines } from '../report/table.ts'
import { exitCodes } from './exit.ts'
import { interruptSignal } from './interrupt.ts'
import { progressLine } from './progress.ts'
import { chosenMeter, type MeterChoice } from './run-meter.ts'
import { terminalStyle } from './run-output.ts'

/** Options of `milliwatt profile` without a model. */
export interface MachineCommandOptions extends MeterChoice {
  readonly backend?: string
  readonly seconds: number
  readonly remeasure?: boolean
  readonly json?: boolean
}

const shownFamilies: readonly OpFamily[] = ['conv 1x1', 'conv kxk', 'depthwise', 'fully connected']
const shownTypes: readonly string[] = ['int8', 'float32']

/** Where there is little room, rates of float32 go first, last families before first. */
const dropOrder = (type: string, family: number): number => 8 - 4 * shownTypes.indexOf(type) - family

const columns: readonly Column[] = [
  { title: 'place', align: 'left' },
  { title: 'dispatch', align: 'right' },
  ...shownTypes.flatMap((type) =>
    shownFamilies.map(
      (family, at): Column => ({ title: `${type} ${family}`, align: 'right', drops: dropOrder(type, at) }),
    ),
  ),
  { title: 'GB/s', align: 'right' },
  { title: 'W', align: 'right' },
  { title: 'age', align: 'right' },
]

function formatAge(seconds: number): string {
  const [unit, length] = seconds < 3600 ? ['min', 60] : seconds < 2 * 86400 ? ['h', 3600] : ['d', 86400]
  return `${Math.round(seconds / (length as number))} ${unit}`
}

function rowOf(id: string, place: PlaceProfile, now: Date): readonly Cell[] {
  const rates = familyRates(place.figures)
  const rate = (dtype: string, family: OpFamily): Cell => {
    const found = rates.find((one) => one.dtype === dtype && one.family === family)
    return { text: found ? (found.macsPerS / 1e9).toFixed(1) : noFigure }
  }
  const { power } = place
  return [
    { text: `${id}${place.complete ? '' : ' (part)'}` },
    { text: formatTime(place.dispatchS.value) },
    ...shownTypes.flatMap((type) => shownFamilies.map((family) => rate(type, family))),
    { text: place.rates.bytesPerS ? (place.rates.bytesPerS.value / 1e9).toFixed(1) : noFigure },
    power ? { text: power.activeW.toPrecision(3), provenance: power.provenance } : { text: noFigure },
    { text: formatAge(ageS(place, now)) },
  ]
}

function textOf({ places }: MachineProfile, now: Date): string {
  const table: Table = { columns, rows: Object.entries(places).map(([id, place]) => rowOf(id, place, now)) }
  const style = process.stdout.isTTY ? terminalStyle : plainStyle
  return [
    'Best rates of microbenchmarks, in 10⁹ multiply-accumulates a second by type and kind of layer:',
    '',
    ...tableLines(table, Math.max(60, process.stdout.columns ?? 160), style),
  ].join('\n')
}

/** Runs `milliwatt profile` without a model and gives the exit code. An interruption keeps what was measured. */
export async function machineCommand(host: Host, options: MachineCommandOptions): Promise<number> {
  const { signal, release } = interruptSignal()
  const progress = progressLine()
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  const session = await startSession(host, await chosenMeter(host, options, say))
  try {
    const profile = await profileMachine({
      host,
      probe: await probe(host),
      backends: selectBackends(options.backend === undefined ? undefined : [options.backend]),
      budgetS: options.seconds,
      remeasure: options.remeasure ?? false,
      session,
      onProgress: progress.on,
      signal,
    })
    progress.stop()
    const text = options.json ? JSON.stringify(profile, null, 2) : textOf(profile, host.clock.wallTime())
    process.stdout.write(`${text}\n`)
    return exitCodes.done
  } finally {
    progress.stop()
    release()
    await session?.[Symbol.asyncDispose]()
  }
}
