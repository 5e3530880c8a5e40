import { MilliwattError } from '../../core/errors.ts'
import type { MeterOptions } from '../meter.ts'
import { choiceSetting, type SplitPath, splitPath, textSetting } from '../path-settings.ts'
import type { WireFormat } from './values.ts'

/** Rates that the meter knows, in samples per second. */
const ratesHz: readonly number[] = [
  100_000, 50_000, 20_000, 10_000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1,
]
/** Above this rate the text format does not run without end; below it the binary format gains nothing. */
const fastestTextHz = 5000
/** Highest rate of the energy output that newer firmware documents. */
const fastestEnergyHz = 10_000
const supplyLimitsV: readonly [number, number] = [1.8, 3.3]

/** How an LPM01A is to be used. */
export interface Lpm01aSetup {
  readonly path: string
  readonly rateHz: number
  /** `energy`: joules of each sample period, integrated in the meter; `current`: amperes. */
  readonly output: 'energy' | 'current'
  /** `dyn`: to 50 mA at any rate; `stat`: 2 nA to 200 mA, slow. */
  readonly mode: 'dyn' | 'stat'
  readonly format: WireFormat
  readonly supplyV: number
}

const rateSetting = textSetting(`samples per second (one of ${ratesHz.join(', ')}; default 1000)`, /^\d+k?$/)

const specs = {
  rate: rateSetting,
  output: choiceSetting('what the meter sends; default energy up to 10000 samples/s, else current', [
    'energy',
    'current',
  ]),
  mode: choiceSetting('acquisition mode; default dyn', ['dyn', 'stat']),
}

function rateOf(settings: SplitPath, where: string): number {
  const text = settings.text('rate') ?? '1000'
  const rateHz = Number(text.replace('k', '')) * (text.endsWith('k') ? 1000 : 1)
  if (ratesHz.includes(rateHz)) return rateHz
  throw new MilliwattError('USAGE', where, `(rate=${text}: the meter knows ${ratesHz.join(', ')} samples/s)`)
}

/**
 * Reads path and options.
 * @throws MilliwattError USAGE for an unknown setting, a rate that the meter has not got, no voltage or one outside
 *   1.8 to 3.3 V, or ampere mode (this meter always feeds the device)
 */
export function toSetup(options: MeterOptions): Lpm01aSetup {
  const settings = splitPath('lpm01a', options.path, specs)
  const where = `lpm01a:${options.path}`
  const usage = (detail: string) => new MilliwattError('USAGE', where, `(${detail})`)
  if (options.mode === 'ampere') throw usage('an LPM01A always feeds the device: there is only source mode')
  const { supplyV } = options
  if (supplyV === undefined) throw usage('state the supply voltage: the meter will feed the device')
  if (!(supplyV >= supplyLimitsV[0] && supplyV <= supplyLimitsV[1])) {
    throw usage(`${supplyV} V is outside the ${supplyLimitsV.join(' to ')} V of an LPM01A`)
  }
  const rateHz = rateOf(settings, where)
  const output = settings.text('output') ?? (rateHz <= fastestEnergyHz ? 'energy' : 'current')
  if (output === 'energy' && rateHz > fastestEnergyHz) throw usage('the energy output ends at 10000 samples/s')
  return {
    path: settings.path,
    rateHz,
    output: output === 'energy' ? 'energy' : 'current',
    mode: settings.text('mode') === 'stat' ? 'stat' : 'dyn',
    format: rateHz <= fastestTextHz ? 'text' : 'binary',
    supplyV,
  }
}

const short = (value: number) => (value >= 1000 && value % 1000 === 0 ? `${value / 1000}k` : String(value))

/** A command of the set-up; `optional`: older firmware refuses it, and the measurement can do without. */
export interface SetupCommand {
  readonly text: string
  readonly optional?: string
}

/**
 * The commands that set an LPM01A up, in the order of the MLPerf Tiny runner. The target is off while its supply is
 * set, and on in the end.
 */
export function setupCommands(setup: Lpm01aSetup): readonly SetupCommand[] {
  return [
    { text: 'pwr off', optional: 'the firmware does not know "pwr off" (older than 1.0.6)' },
    { text: 'acqtime inf' },
    { text: `acqmode ${setup.mode}` },
    { text: 'trigdelay 0' },
    { text: 'trigsrc sw' },
    { text: 'eventsrc d7 fal', optional: 'the firmware sends no event lines (older than 1.0.6)' },
    { text: `output ${setup.output}` },
    { text: `format ${setup.format === 'text' ? 'ascii_dec' : 'bin_hexa'}` },
    { text: `freq ${short(setup.rateHz)}` },
    { text: `volt ${Math.round(setup.supplyV * 1000)}m` },
    { text: 'pwr on nostatus', optional: 'the target power follows start and stop (firmware older than 1.0.6)' },
  ]
}
