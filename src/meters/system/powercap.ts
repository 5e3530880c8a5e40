import { MilliwattError } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import { createEmulatedDevice } from '../emulation/device.ts'
import type { Meter, MeterDriver, MeterOptions, MeterSearch, Rehearsal } from '../meter.ts'
import { numberSetting, splitPath } from '../path-settings.ts'
import { emulatedTree } from './emulated-tree.ts'
import { openSystemSensor, readNumber } from './sensor-meter.ts'

const root = '/sys/class/powercap'
const defaultRateHz = 100
/** The counter moves once a millisecond: ±1 % over this window. */
const minimumWindowS = 0.2

/** A domain whose energy is counted: `package-0`, `psys`, `core`, `dram`. */
interface Zone {
  readonly id: string
  readonly name: string
  readonly isReadable: boolean
  readonly rangeJ: number
}

/** The zones of the processor's own interface; the memory-mapped twin of a package counts the same energy again. */
async function zonesOf(host: Host): Promise<readonly Zone[]> {
  const ids = (await host.system.list(root)).filter((id) => /^[\w-]+-rapl(-mmio)?:\d+(:\d+)?$/.test(id))
  const own = ids.filter((id) => !id.includes('-mmio:'))
  const zones = (own.length > 0 ? own : ids).map(async (id): Promise<Zone> => {
    const rangeUj = (await readNumber(host, `${root}/${id}/max_energy_range_uj`)) ?? 0
    return {
      id,
      name: (await host.system.readText(`${root}/${id}/name`)) ?? '',
      isReadable: (await readNumber(host, `${root}/${id}/energy_uj`)) !== undefined,
      rangeJ: rangeUj * 1e-6,
    }
  })
  return Promise.all(zones)
}

/** Zones that a path means: an id, or a name. Only zones of the same level are added: parts lie inside their package. */
function chosen(zones: readonly Zone[], path: string): readonly Zone[] {
  const byId = zones.filter((zone) => zone.id === path)
  if (byId.length > 0) return byId
  return zones.filter((zone) => zone.name === path || zone.name.replace(/-\d+$/, '') === path)
}

const cure = {
  reason: 'energy_uj may be read by root alone (since CVE-2020-8694)',
  next: `Run: sudo chmod -R a+r ${root}/intel-rapl:*/ (until the next boot; for good by a tmpfiles.d or udev rule)`,
}

async function find(host: Host): Promise<MeterSearch> {
  const zones = await zonesOf(host)
  const names = [
    ...new Set(zones.filter((zone) => /^(package|psys)/.test(zone.name)).map((zone) => zone.name.replace(/-\d+$/, ''))),
  ]
  const meters = names.map((name) => ({
    driver: 'powercap',
    path: name,
    name: `powercap ${name}`,
    covers: coverOf(name),
    ...(chosen(zones, name).every((zone) => zone.isReadable) ? {} : { problem: cure }),
  }))
  if (meters.length > 0) return { meters }
  const seen = await host.system.exists(root)
  return {
    meters,
    reason: seen ? `${root} has no RAPL zone` : `there is no ${root} (a virtual machine, or not x86 Linux)`,
  }
}

function coverOf(name: string): string {
  if (name.startsWith('package')) return "the processor's package with its cores, caches and integrated graphics"
  if (name === 'psys') return 'the whole platform as far as its maker wired it'
  return `the part "${name}" of the processor`
}

/** Reads the sum of some zones in joules; a counter that began again at zero goes on from its range. */
function counter(host: Host, zones: readonly Zone[]): () => Promise<number | string> {
  const lastJ = new Map<string, number>()
  const turnsJ = new Map<string, number>()
  return async () => {
    let sumJ = 0
    for (const { id, rangeJ } of zones) {
      const microjoules = await readNumber(host, `${root}/${id}/energy_uj`)
      if (microjoules === undefined) return `${root}/${id}/energy_uj can no longer be read`
      const nowJ = microjoules * 1e-6
      if (nowJ < (lastJ.get(id) ?? 0)) turnsJ.set(id, (turnsJ.get(id) ?? 0) + rangeJ)
      lastJ.set(id, nowJ)
      sumJ += nowJ + (turnsJ.get(id) ?? 0)
    }
    return sumJ
  }
}

async function open(host: Host, options: MeterOptions): Promise<Meter> {
  const settings = splitPath('powercap', options.path, {
    rate: numberSetting(`readings per second; default ${defaultRateHz}`, 1, 1000),
  })
  const all = await zonesOf(host)
  const zones = chosen(all, settings.path)
  if (zones.length === 0) {
    const names = all.map((zone) => `${zone.name} (${zone.id})`).join(', ')
    throw new MilliwattError(
      'METER_NOT_FOUND',
      `powercap:${settings.path}`,
      `(${names ? `zones: ${names}` : `no zone in ${root}`})`,
    )
  }
  if (!zones.every((zone) => zone.isReadable)) {
    throw new MilliwattError('METER_PERMISSION', `powercap:${settings.path}`, `(${cure.reason}. ${cure.next})`)
  }
  const readJ = counter(host, zones)
  return openSystemSensor(host, {
    driver: 'powercap',
    model: `Linux powercap (${zones.map((zone) => zone.name).join(' + ')})`,
    path: settings.path,
    target: 'linux-powercap',
    covers: coverOf(settings.path),
    rateHz: settings.number('rate') ?? defaultRateHz,
    minimumWindowS,
    calibration: Object.fromEntries(zones.map((zone) => [`${zone.id}.rangeJ`, zone.rangeJ])),
    read: async () => {
      const energyJ = await readJ()
      return typeof energyJ === 'string' ? energyJ : { atS: host.clock.nowS(), energyJ }
    },
  })
}

function rehearse(host: Host): Rehearsal {
  const device = createEmulatedDevice(host.clock)
  let countedS = host.clock.nowS()
  let countedJ = 0
  // Near the end of its range, so that it begins again soon.
  const rangeUj = 65_532_610_987
  const energyUj = () => {
    const nowS = host.clock.nowS()
    countedJ += device.integrate(countedS, nowS).energyJ
    countedS = nowS
    return Math.floor(countedJ * 1e6 + rangeUj - 1000) % rangeUj
  }
  const files = {
    [`${root}/intel-rapl:0/name`]: () => 'package-0',
    [`${root}/intel-rapl:0/energy_uj`]: () => String(energyUj()),
    [`${root}/intel-rapl:0/max_energy_range_uj`]: () => String(rangeUj),
  }
  return { host: emulatedTree(host, files), path: 'package' }
}

/** Energy counters of the processor (RAPL) as Linux shows them. */
export const powercap: MeterDriver = {
  name: 'powercap',
  summary: 'energy counters of the processor (RAPL) in Linux; powercap:package, powercap:psys,rate=100',
  defaultPath: 'package',
  automatic: false,
  find,
  open,
  rehearse,
}
