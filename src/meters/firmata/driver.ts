import { MilliwattError, messageOf } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import { firmataPackages, installCommand } from '../../firmware/five-board.ts'
import { meterTarget, toAccuracy } from '../accuracy.ts'
import { emulatedPort } from '../emulation/port.ts'
import type { SensorReading } from '../host-grid.ts'
import type { Meter, MeterDriver, MeterInfo, MeterOptions, MeterSearch, Rehearsal } from '../meter.ts'
import { choiceSetting, numberSetting, type SplitPath, splitPath, textSetting } from '../path-settings.ts'
import { createPolledMeter } from '../polled-meter.ts'
import { powerRecordFormat } from '../power-record.ts'
import { searchUnnamedPort } from '../unnamed-port.ts'
import { EmulatedFirmata } from './emulator.ts'
import { type I2cBoard, openI2cBoard } from './i2c-board.ts'
import { type I2cSensor, i2cSensors, type ReadRegister } from './sensors.ts'

/** Speed of StandardFirmata. */
const baudRate = 57_600
const defaultRateHz = 20
const defaultShuntOhms = 0.1
const minimumWindowS = 1

const settingSpecs = {
  sensor: choiceSetting(
    'sensor on the bus; default: the one that answers',
    i2cSensors.map((sensor) => sensor.name),
  ),
  address: textSetting('I²C address; default 0x40', /^0x[0-7][0-9a-f]$/i),
  shunt: numberSetting('shunt resistor in ohms; default 0.1', 1e-4, 1000),
  tol: numberSetting('its tolerance in percent; default 1', 0, 50),
  channel: numberSetting('channel of an INA3221; default 1', 1, 3),
  rate: numberSetting(`readings per second; default ${defaultRateHz}`, 0.1, 100),
  baud: numberSetting(`speed of the port; default ${baudRate}`, 1200, 1_000_000),
}

/** The sensor that answers at an address. @throws MilliwattError METER_WRONG */
async function detect(read: ReadRegister, asked: string | undefined, path: string): Promise<I2cSensor> {
  for (const sensor of i2cSensors.filter(({ name }) => asked === undefined || name === asked)) {
    if (await sensor.detect(read)) return sensor
  }
  const known = asked ?? i2cSensors.map(({ name }) => name).join(', ')
  throw new MilliwattError('METER_WRONG', path, `(no ${known} answers on the I²C bus: an absent one reads as zeros)`)
}

/** Reads a sensor; where its energy counter began again at zero its range is added. */
function readerOf(host: Host, sensor: I2cSensor, read: ReadRegister, shuntOhms: number, channel: number) {
  const rangeJ = sensor.rangeJ?.(shuntOhms) ?? 0
  let lastJ = 0
  let turnsJ = 0
  return async (): Promise<SensorReading | string> => {
    const beforeS = host.clock.nowS()
    const reading = await sensor.read(read, shuntOhms, channel)
    const atS = (beforeS + host.clock.nowS()) / 2
    if (reading.energyJ === undefined) return { atS, ...reading }
    // Only near its end: a counter that shrinks elsewhere was reset.
    if (reading.energyJ < lastJ && lastJ > rangeJ / 2) turnsJ += rangeJ
    lastJ = reading.energyJ
    return { atS, ...reading, energyJ: reading.energyJ + turnsJ }
  }
}

async function toInfo(
  host: Host,
  settings: SplitPath,
  board: I2cBoard,
  sensor: I2cSensor,
  voltageV: number,
): Promise<MeterInfo> {
  const shunt = { ohms: settings.number('shunt') ?? defaultShuntOhms, tolerance: (settings.number('tol') ?? 1) / 100 }
  const accuracy = toAccuracy(await meterTarget(host, sensor.name), shunt)
  const guessed =
    settings.number('shunt') === undefined ? [`shunt resistor not stated: ${defaultShuntOhms} Ω assumed`] : []
  const holes = sensor.rangeJ
    ? []
    : ['what happens between two readings is not seen: prefer an INA228, which counts energy']
  return {
    driver: 'firmata',
    model: `${sensor.name.toUpperCase()} on ${board.firmware}`,
    path: settings.path,
    provenance: 'measured',
    sampleRateHz: settings.number('rate') ?? defaultRateHz,
    supplyV: voltageV,
    supplySource: 'measured',
    mode: 'ampere',
    gainUncertainty: accuracy.gain,
    accuracy,
    minimumWindowS,
    calibration: { sensor: sensor.name, shuntOhms: shunt.ohms, firmware: board.firmware },
    rawFormat: powerRecordFormat,
    warnings: [...guessed, ...holes],
  }
}

async function open(host: Host, options: MeterOptions): Promise<Meter> {
  const settings = splitPath('firmata', options.path, settingSpecs)
  const link = await host.serial.open(settings.path, { baudRate: settings.number('baud') ?? baudRate })
  try {
    const board = await openI2cBoard(host, link)
    const { read, write } = board.device(Number(settings.text('address') ?? 0x40))
    const sensor = await detect(read, settings.text('sensor'), settings.path)
    await sensor.setUp(write)
    const shuntOhms = settings.number('shunt') ?? defaultShuntOhms
    const ask = readerOf(host, sensor, read, shuntOhms, settings.number('channel') ?? 1)
    const first = await ask()
    const voltageV = typeof first === 'string' ? 0 : (first.voltageV ?? 0)
    const info = await toInfo(host, settings, board, sensor, voltageV)
    let ended: string | null = null
    void link.ended.then((end) => {
      ended = end.how === 'lost' ? end.reason : 'the port was closed'
    })
    const readOrEnd = async () => {
      if (ended !== null) throw new MilliwattError('METER_LOST', settings.path, `(${ended})`)
      return ask()
    }
    return createPolledMeter({ info, clock: host.clock, read: readOrEnd, close: () => board.close() })
  } catch (error) {
    await link.close()
    if (error instanceof MilliwattError) throw error
    throw new MilliwattError('METER_WRONG', settings.path, `(${messageOf(error)})`, error)
  }
}

async function find(host: Host): Promise<MeterSearch> {
  for (const name of firmataPackages) {
    const isThere = await host.optionalPackage(name).catch(() => null)
    if (!isThere) return { meters: [], reason: `${name} is not installed; run: ${installCommand}` }
  }
  return searchUnnamedPort(host, 'Firmata has no USB ids of its own')
}

function rehearse(host: Host): Rehearsal {
  const path = 'emulated-firmata'
  const open = () => new EmulatedFirmata({ clock: host.clock }).link(path)
  // The packages are the real ones, also where the host is a table.
  return { host: emulatedPort(host, { path }, open), path }
}

/** An INA219, INA226, INA228 or INA3221 on the I²C bus of any board with Firmata, through johnny-five. */
export const firmata: MeterDriver = {
  name: 'firmata',
  summary: 'INA219/226/228/3221 on a Firmata board, through johnny-five; firmata:/dev/ttyACM0,shunt=0.1',
  automatic: false,
  packages: firmataPackages,
  find,
  open,
  rehearse,
}
