import { MilliwattError } from '../../core/errors.ts'
import type { CommandResult, Host } from '../../core/host.ts'
import { createEmulatedDevice } from '../emulation/device.ts'
import type { SensorReading } from '../host-grid.ts'
import type { Meter, MeterDriver, MeterOptions, MeterSearch, Rehearsal } from '../meter.ts'
import { numberSetting, splitPath } from '../path-settings.ts'
import { openSystemSensor } from './sensor-meter.ts'

const defaultRateHz = 5
const minimumWindowS = 10
const timeoutS = 2

/** Current and voltage of the rails, by name. */
export interface PmicRails {
  readonly currentA: ReadonlyMap<string, number>
  readonly voltageV: ReadonlyMap<string, number>
}

/** Reads what `vcgencmd pmic_read_adc` prints: `3V3_SYS_A current(1)=0.08A`, in one of several spellings of the unit. */
export function readPmic(text: string): PmicRails {
  const currentA = new Map<string, number>()
  const voltageV = new Map<string, number>()
  for (const [, rail = '', kind, value] of text.matchAll(
    /(\w+)_([AV])\s+(?:current|volt)\(\d+\)=(\d+(?:\.\d+)?)(?![\d.])/g,
  )) {
    ;(kind === 'A' ? currentA : voltageV).set(rail, Number(value))
  }
  return { currentA, voltageV }
}

/** Power of all rails of which both current and voltage are told, in watts; null when there is none. */
export function pmicPower({ currentA, voltageV }: PmicRails): number | null {
  const both = [...currentA].filter(([rail]) => voltageV.has(rail))
  return both.length === 0 ? null : both.reduce((sum, [rail, current]) => sum + current * voltageV.get(rail)!, 0)
}

const ask = (host: Host) => host.command('vcgencmd', ['pmic_read_adc'], timeoutS)

/** Why the answer is no reading, and the cure; null when it is one. */
function problemOf(result: CommandResult): { reason: string; next: string } | null {
  const said = `${result.stdout}${result.stderr}`
  if (/permission|\/dev\/vcio|VCHI/i.test(said)) {
    return {
      reason: 'this user may not ask the firmware (/dev/vcio)',
      next: 'Run: sudo usermod -aG video $USER, then log in again.',
    }
  }
  return null
}

async function find(host: Host): Promise<MeterSearch> {
  const result = await ask(host)
  if (!result) return { meters: [], reason: 'vcgencmd is not installed: this is no Raspberry Pi' }
  const problem = problemOf(result)
  if (!problem && pmicPower(readPmic(result.stdout)) === null) {
    return { meters: [], reason: 'its firmware tells no currents: only a Raspberry Pi 5 has such a power chip' }
  }
  const meter = { driver: 'rpi-pmic', path: 'pmic', name: 'Raspberry Pi 5 PMIC', covers }
  return { meters: [problem ? { ...meter, problem } : meter] }
}

const covers = "the rails of the Raspberry Pi's power chip, without its losses, the USB ports and the fan"

async function open(host: Host, options: MeterOptions): Promise<Meter> {
  const settings = splitPath('rpi-pmic', options.path, {
    rate: numberSetting(`readings per second; default ${defaultRateHz}`, 0.1, 20),
  })
  const first = await ask(host)
  const where = `rpi-pmic:${settings.path}`
  if (!first) throw new MilliwattError('METER_NOT_FOUND', where, '(vcgencmd is not installed or does not answer)')
  const problem = problemOf(first)
  if (problem) throw new MilliwattError('METER_PERMISSION', where, `(${problem.reason}. ${problem.next})`)
  const read = async (): Promise<SensorReading | string> => {
    const beforeS = host.clock.nowS()
    const result = await ask(host)
    const powerW = result ? pmicPower(readPmic(result.stdout)) : null
    if (powerW === null) return 'vcgencmd pmic_read_adc tells no currents'
    // The conversion lies somewhere within the call.
    return { atS: (beforeS + host.clock.nowS()) / 2, powerW }
  }
  return openSystemSensor(host, {
    driver: 'rpi-pmic',
    model: 'Raspberry Pi 5 PMIC',
    path: settings.path,
    target: 'raspberry-pi-5-pmic',
    covers,
    rateHz: settings.number('rate') ?? defaultRateHz,
    minimumWindowS,
    calibration: { rails: [...readPmic(first.stdout).currentA.keys()].join(' ') },
    read,
  })
}

function rehearse(host: Host): Rehearsal {
  const device = createEmulatedDevice(host.clock)
  const print = () => {
    const nowS = host.clock.nowS()
    const rows = [
      `   3V3_SYS_A current(1)=${device.currentAt(nowS).toFixed(8)}A`,
      `   3V3_SYS_V volt(9)=${device.voltageAt(nowS).toFixed(8)}V`,
      '   EXT5V_V volt(24)=5.10000000V',
    ]
    return { exitCode: 0, stdout: rows.join('\n'), stderr: '' }
  }
  const command: Host['command'] = async (name, args, seconds) =>
    name === 'vcgencmd' ? print() : host.command(name, args, seconds)
  return { host: { ...host, command }, path: 'pmic' }
}

/** The power chip of a Raspberry Pi 5, asked through its firmware. */
export const rpiPmic: MeterDriver = {
  name: 'rpi-pmic',
  summary: 'power chip of a Raspberry Pi 5 (vcgencmd pmic_read_adc); rpi-pmic, rpi-pmic:pmic,rate=5',
  defaultPath: 'pmic',
  automatic: false,
  find,
  open,
  rehearse,
}
