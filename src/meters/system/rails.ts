import type { Host } from '../../core/host.ts'
import type { SensorReading } from '../host-grid.ts'
import { readNumber } from './sensor-meter.ts'

/** A supply line with a sensor that the kernel reads. */
export interface Rail {
  /** How the user names it: `ina226`, `ina226#2`, `ina3221/VDD_IN`. */
  readonly path: string
  readonly chip: string
  readonly label: string
  /** Files that are read. */
  readonly files: readonly string[]
  /** How often the chip has new values, in seconds, where the driver tells. */
  readonly updateS?: number
  read(): Promise<SensorReading | string>
}

const hwmonRoot = '/sys/class/hwmon'
/** Chips that measure power or current; others (batteries, USB contracts, fans) show files of the same names. */
const chips = /^(ina\d+|sq5\d+|ltc\d+|max\d+|adm1\d+|isl\d+|tps\d+|amdgpu|amd_energy|power_meter)/

/** Files of one channel of a chip, by what they tell. */
interface Channel {
  readonly label: string
  readonly power?: string
  readonly energy?: string
  readonly current?: string
  readonly voltage?: string
}

/** Voltage input that belongs to a current input: the chip with three channels counts alike, the others have the bus at 1. */
function voltageOf(names: ReadonlySet<string>, channel: number): string | undefined {
  return names.has(`in${channel}_input`) ? `in${channel}_input` : undefined
}

async function channelsOf(host: Host, folder: string): Promise<readonly Channel[]> {
  const names = new Set(await host.system.list(folder))
  const channels: Channel[] = []
  for (let at = 1; at <= 8; at++) {
    const power = [`power${at}_input`, `power${at}_average`].find((name) => names.has(name))
    const energy = names.has(`energy${at}_input`) ? `energy${at}_input` : undefined
    const current = names.has(`curr${at}_input`) ? `curr${at}_input` : undefined
    const voltage = voltageOf(names, at)
    if (!power && !energy && !(current && voltage)) continue
    const labels = await Promise.all(
      [`power${at}_label`, `in${at}_label`, `curr${at}_label`].map((name) => host.system.readText(`${folder}/${name}`)),
    )
    channels.push({
      label: labels.find((label) => label) ?? String(at),
      ...(power ? { power } : {}),
      ...(energy ? { energy } : {}),
      ...(current ? { current } : {}),
      ...(voltage ? { voltage } : {}),
    })
  }
  return channels
}

/** Reads a channel: its energy counter, else its power, else current times voltage. */
function readerOf(host: Host, folder: string, channel: Channel): () => Promise<SensorReading | string> {
  const number = async (name: string | undefined, scale: number) => {
    const value = name === undefined ? undefined : await readNumber(host, `${folder}/${name}`)
    return value === undefined ? undefined : value * scale
  }
  return async () => {
    const [currentA, voltageV] = [await number(channel.current, 1e-3), await number(channel.voltage, 1e-3)]
    const shown = { ...(currentA === undefined ? {} : { currentA }), ...(voltageV === undefined ? {} : { voltageV }) }
    const energyJ = await number(channel.energy, 1e-6)
    const atS = host.clock.nowS()
    if (energyJ !== undefined) return { atS, energyJ, ...shown }
    const powerW = (await number(channel.power, 1e-6)) ?? (currentA ?? Number.NaN) * (voltageV ?? Number.NaN)
    return Number.isNaN(powerW) ? `${folder} can no longer be read` : { atS, powerW, ...shown }
  }
}

/** Every rail that hwmon shows, by the chips' names: their numbers change from boot to boot. */
export async function hwmonRails(host: Host): Promise<readonly Rail[]> {
  const rails: Rail[] = []
  const seen = new Map<string, number>()
  for (const entry of await host.system.list(hwmonRoot)) {
    const folder = `${hwmonRoot}/${entry}`
    const chip = (await host.system.readText(`${folder}/name`)) ?? ''
    if (!chips.test(chip)) continue
    const count = (seen.get(chip) ?? 0) + 1
    seen.set(chip, count)
    const updateMs = await readNumber(host, `${folder}/update_interval`)
    const channels = await channelsOf(host, folder)
    for (const channel of channels) {
      const name = `${chip}${count > 1 ? `#${count}` : ''}`
      rails.push({
        path: channels.length > 1 ? `${name}/${channel.label}` : name,
        chip,
        label: channel.label,
        files: [channel.energy, channel.power, channel.current, channel.voltage].flatMap((file) =>
          file === undefined ? [] : [`${folder}/${file}`],
        ),
        ...(updateMs === undefined ? {} : { updateS: updateMs / 1000 }),
        read: readerOf(host, folder, channel),
      })
    }
  }
  return rails
}

const iioRoot = '/sys/bus/i2c/drivers/ina3221x'

/** Rails of older Jetson kernels, which show their monitors under `iio` with names and milliwatts. */
export async function iioRails(host: Host): Promise<readonly Rail[]> {
  const rails: Rail[] = []
  for (const chip of await host.system.list(iioRoot)) {
    for (const device of await host.system.list(`${iioRoot}/${chip}`)) {
      if (!device.startsWith('iio:device')) continue
      const folder = `${iioRoot}/${chip}/${device}`
      for (let at = 0; at < 3; at++) {
        const label = await host.system.readText(`${folder}/rail_name_${at}`)
        const file = `${folder}/in_power${at}_input`
        if (!label || !(await host.system.exists(file))) continue
        const read = async (): Promise<SensorReading | string> => {
          const milliwatts = await readNumber(host, file)
          return milliwatts === undefined
            ? `${file} can no longer be read`
            : { atS: host.clock.nowS(), powerW: milliwatts / 1e3 }
        }
        rails.push({ path: label, chip: 'ina3221', label, files: [file], read })
      }
    }
  }
  return rails
}
