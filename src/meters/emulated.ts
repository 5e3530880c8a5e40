import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { type DemoLoad, demoLoad, toLoadCurve } from './emulation/demo-load.ts'
import type { Meter, MeterDriver, MeterOptions, Rehearsal } from './meter.ts'
import { checkOptions } from './ppk2/configure.ts'
import { EmulatedPpk2 } from './ppk2/emulator.ts'
import type { EmulatorFaults } from './ppk2/emulator-options.ts'
import { openPpk2Session } from './ppk2/session.ts'

const demoWarning = 'emulated meter with a demo load: its figures say nothing about real silicon'

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

async function openDemo(host: Host, options: MeterOptions): Promise<Meter> {
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
    marker: { channel: 0, set: (high) => void emulator.setDigital(0, high) },
    warnings: [demoWarning],
    calibration: demo,
  })
}

/** Marks everything that an emulated instrument gives as emulated. */
function asEmulated(meter: Meter, marker: Rehearsal['marker']): Meter {
  const info = {
    ...meter.info,
    driver: 'emulated',
    model: `Emulated ${meter.info.model} (demo load)`,
    provenance: 'emulated' as const,
    warnings: [demoWarning, ...meter.info.warnings],
  }
  return {
    info,
    get counts() {
      return meter.counts
    },
    ...(marker ? { marker } : {}),
    samples: (signal) => meter.samples(signal),
    close: () => meter.close(),
    [Symbol.asyncDispose]: () => meter.close(),
  }
}

/**
 * Instruments in software, through the same driver code as real ones. Every figure is `emulated`.
 *
 * Without a name it is a PPK2 with a marker line wired to D0. Its device is a demo load (`demoLoad`): an idle
 * current, and an active current with ripple and a wake-up peak while the marker is high, whatever this machine really
 * does. The path is optional and holds settings, such as `loss=10,noise=0`. A path that begins with the name of another
 * driver emulates that instrument: `emulated:lpm01a`, `emulated:lpm01a,rate=100000`.
 */
export function createEmulatedDriver(instruments: readonly MeterDriver[]): MeterDriver {
  return {
    name: 'emulated',
    summary: 'instruments in software with a demo load (emulated:NAME; a PPK2 without NAME); no word about silicon',
    defaultPath: '',
    automatic: false,
    find: async () => ({ meters: [], reason: 'it is never here by itself' }),
    rehearse: (host) => ({ host, path: '' }),
    open: async (host, options) => {
      const [name = '', ...settings] = options.path.split(',')
      const driver = instruments.find((candidate) => candidate.name === name)
      if (!driver) return openDemo(host, options)
      const { host: bench, path, marker } = driver.rehearse(host)
      const supplyV = options.supplyV ?? demoLoad.supplyV
      const meter = await driver.open(bench, { ...options, supplyV, path: [path, ...settings].join(',') })
      return asEmulated(meter, marker)
    },
  }
}
