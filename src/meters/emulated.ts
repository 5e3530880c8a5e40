import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { type DemoLoad, demoLoad, toLoadCurve } from './demo-load.ts'
import type { Meter, MeterDriver, MeterOptions } from './meter.ts'
import { checkOptions } from './ppk2/configure.ts'
import { EmulatedPpk2 } from './ppk2/emulator.ts'
import type { EmulatorFaults } from './ppk2/emulator-options.ts'
import { openPpk2Session } from './ppk2/session.ts'

/** Settings that the path can hold, as `loss=10,noise=0`. */
const settingHelp = {
  loss: 'samples lost 1 s into each stream',
  garbage: 'random bytes inserted 1 s into each stream',
  unplug: 'seconds of streaming after which the meter goes away',
  silent: 'seconds of streaming after which the meter stops answering',
  noise: 'standard deviation of the noise in converter codes (0.7)',
  seed: 'seed of the noise (1)',
  idle: 'idle current of the demo device in mA (8)',
  active: 'active current of the demo device in mA (42)',
} as const

type Settings = { -readonly [name in keyof typeof settingHelp]?: number }

/** @throws MilliwattError USAGE for an unknown setting or a value that is no number >= 0 */
function readSettings(path: string): Settings {
  const settings: Settings = {}
  for (const part of path.split(',').filter((text) => text !== '' && text !== 'emulated')) {
    const [name = '', text = ''] = part.split('=')
    const value = Number(text || Number.NaN)
    if (!(name in settingHelp) || !(value >= 0 && value < 1e9)) {
      const known = Object.entries(settingHelp).map(([key, what]) => `${key}: ${what}`)
      throw new MilliwattError('USAGE', `emulated:${path}`, `("${part}" is no setting; known: ${known.join('; ')})`)
    }
    settings[name as keyof Settings] = value
  }
  return settings
}

function toFaults(settings: Settings): EmulatorFaults {
  return {
    ...(settings.loss === undefined ? {} : { lose: [{ atS: 1, count: settings.loss }] }),
    ...(settings.garbage === undefined ? {} : { garbage: [{ atS: 1, bytes: settings.garbage }] }),
    ...(settings.unplug === undefined ? {} : { unplugAtS: settings.unplug }),
    ...(settings.silent === undefined ? {} : { silentAtS: settings.silent }),
  }
}

function toLoad(settings: Settings, supplyV: number): DemoLoad {
  return {
    ...demoLoad,
    supplyV,
    idleA: settings.idle === undefined ? demoLoad.idleA : settings.idle / 1000,
    activeA: settings.active === undefined ? demoLoad.activeA : settings.active / 1000,
  }
}

async function open(host: Host, options: MeterOptions): Promise<Meter> {
  const settings = readSettings(options.path)
  const supplyV = options.supplyV ?? demoLoad.supplyV
  const asked: MeterOptions = { ...options, mode: options.mode ?? 'source', supplyV }
  checkOptions(asked)
  const load = toLoad(settings, supplyV)
  const emulator = new EmulatedPpk2({
    clock: host.clock,
    loadA: toLoadCurve(load),
    externalV: supplyV,
    faults: toFaults(settings),
    ...(settings.noise === undefined ? {} : { noiseLsb: settings.noise }),
    ...(settings.seed === undefined ? {} : { seed: settings.seed }),
  })
  const demo = Object.fromEntries(Object.entries(load).map(([name, value]) => [`demo.${name}`, value as number]))
  return openPpk2Session(emulator.link(options.path || 'emulated'), host.clock, asked, {
    driver: 'emulated',
    model: 'Emulated PPK2 (demo load)',
    provenance: 'emulated',
    marker: { channel: 0, set: (high) => emulator.setDigital(0, high) },
    warnings: ['emulated meter with a demo load: its figures say nothing about real silicon'],
    calibration: demo,
  })
}

/**
 * A PPK2 in software, through the same driver code as a real one, with a marker line wired to D0. Its
 * device is a demo load (`demoLoad`): an idle current, and an active current with ripple and a wake-up
 * peak while the marker is high, whatever this machine really does. Every figure is `emulated`.
 * The path is optional and holds settings, such as `loss=10,noise=0`.
 */
export const emulated: MeterDriver = {
  name: 'emulated',
  summary: 'a PPK2 in software with a demo load, for trying things out; figures say nothing about silicon',
  defaultPath: '',
  find: async () => [],
  open,
}
