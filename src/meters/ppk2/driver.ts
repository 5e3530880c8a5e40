import type { Host } from '../../core/host.ts'
import type { PortInfo } from '../../core/link.ts'
import { portProblem } from '../../core/port-problem.ts'
import { accuracyOf } from '../accuracy.ts'
import { demoLoad, toLoadCurve } from '../emulation/demo-load.ts'
import { emulatedPort } from '../emulation/port.ts'
import type { Meter, MeterDriver, MeterOptions, MeterSearch, Rehearsal } from '../meter.ts'
import { splitPath } from '../path-settings.ts'
import { checkOptions } from './configure.ts'
import { EmulatedPpk2 } from './emulator.ts'
import { openPpk2Session } from './session.ts'

/** Speed of the port; a USB port ignores it. */
const baudRate = 115_200

const isPpk2 = (port: PortInfo) => port.vendorId === '1915' && port.productId === 'c00a'

/** By place of the USB interface, then by path, digits as numbers. */
function byLocation(a: PortInfo, b: PortInfo): number {
  const numeric = { numeric: true }
  return (
    (a.location ?? '').localeCompare(b.location ?? '', 'en', numeric) || a.path.localeCompare(b.path, 'en', numeric)
  )
}

/** One port for each instrument: of the two that newer firmware shows, the lower one carries the data. */
async function find(host: Host): Promise<MeterSearch> {
  const { ports, reason } = await host.serial.list()
  const dataPorts = new Map<string, PortInfo>()
  for (const port of ports.filter(isPpk2).sort(byLocation)) {
    const instrument = port.serialNumber ?? port.location?.split(':')[0] ?? port.path
    if (!dataPorts.has(instrument)) dataPorts.set(instrument, port)
  }
  const meters = [...dataPorts.values()].map(async ({ path }) => {
    const problem = await portProblem(host, path)
    return { driver: 'ppk2', path, name: 'Nordic PPK2', ...(problem ? { problem } : {}) }
  })
  if (meters.length > 0) return { meters: await Promise.all(meters) }
  return { meters: [], reason: reason ?? 'no serial port shows the USB ids of a PPK2' }
}

async function open(host: Host, options: MeterOptions): Promise<Meter> {
  const { path } = splitPath('ppk2', options.path, {})
  checkOptions(options)
  const accuracy = await accuracyOf(host, 'ppk2')
  const link = await host.serial.open(path, { baudRate })
  const port = (await host.serial.list()).ports.find((candidate) => candidate.path === path)
  return openPpk2Session(link, host.clock, options, {
    driver: 'ppk2',
    model: 'Nordic PPK2',
    provenance: 'measured',
    accuracy,
    ...(port?.serialNumber === undefined ? {} : { serialNumber: port.serialNumber }),
  })
}

/** Plugs an emulated PPK2 with the demonstration load and a marker wire into a port. */
function rehearse(host: Host): Rehearsal {
  const path = 'emulated-ppk2'
  const make = () => new EmulatedPpk2({ clock: host.clock, loadA: toLoadCurve(demoLoad), externalV: demoLoad.supplyV })
  let emulator = make()
  // Closing the port pulls its cable, as far as it knows: each time it is opened another one is plugged in.
  const open = () => {
    emulator = make()
    return emulator.link(path)
  }
  const port = { path, vendorId: '1915', productId: 'c00a', serialNumber: 'EMULATED', location: '1-1:1.1' }
  const marker = { channel: 0, set: (high: boolean) => void emulator.setDigital(0, high) }
  return { host: emulatedPort(host, port, open), path, marker }
}

/**
 * Nordic Power Profiler Kit II on a serial port, 100 000 samples a second.
 *
 * Never switches on a voltage that nobody stated: the default is ampere mode (the device has its own
 * supply, the meter only passes the current), and source mode needs `supplyV`. Ampere mode without
 * `supplyV` takes the voltage that the meter's regulator was last set to, says so in `info.warnings` and
 * has `supplySource: 'assumed'`, for a PPK2 cannot measure voltage. In source mode the device keeps its
 * power between streams and loses it on close.
 */
export const ppk2: MeterDriver = {
  name: 'ppk2',
  summary: 'Nordic Power Profiler Kit II; the path is its serial port (ppk2:/dev/ttyACM0)',
  automatic: true,
  find,
  open,
  rehearse,
}
