import type { SensorReading } from '../host-grid.ts'

/** Reads so many bytes from a register of a sensor, high byte first. */
export type ReadRegister = (register: number, bytes: number) => Promise<readonly number[]>

/** Writes a register of 16 bits. */
export type WriteRegister = (register: number, value: number) => Promise<void>

/** A current sensor on an I²C bus: how it is told apart, set up and read. Figures after its data sheet. */
export interface I2cSensor {
  readonly name: string
  /** Whether the registers say that it is this one. An absent sensor reads as zeros. */
  detect(read: ReadRegister): Promise<boolean>
  setUp(write: WriteRegister): Promise<void>
  /**
   * Reads once.
   * @param shuntOhms resistance of the shunt
   * @param channel 1 where the sensor has one
   */
  read(read: ReadRegister, shuntOhms: number, channel: number): Promise<Omit<SensorReading, 'atS'>>
  /** Energy at which its counter begins again, in joules; for sensors that count. */
  rangeJ?(shuntOhms: number): number
}

const toNumber = (bytes: readonly number[]) => bytes.reduce((value, byte) => value * 256 + (byte & 255), 0)

/** A number of so many bits in two's complement. */
function toSigned(value: number, bits: number): number {
  return value >= 2 ** (bits - 1) ? value - 2 ** bits : value
}

const unsigned16 = async (read: ReadRegister, register: number) => toNumber(await read(register, 2))

const makerOfIna = 0x5449
const hasIds = async (read: ReadRegister, maker: number, die: number, dieValue: number, shift = 0) =>
  (await unsigned16(read, maker)) === makerOfIna && (await unsigned16(read, die)) >> shift === dieValue

/** A sensor with a shunt and a bus register of 16 bits each. */
interface PlainSensor {
  readonly name: string
  readonly shuntRegister: (channel: number) => number
  readonly shuntShift: number
  readonly shuntLsbV: number
  readonly busShift: number
  readonly busLsbV: number
  readonly configuration: number
  readonly detect: I2cSensor['detect']
}

function plainSensor(chip: PlainSensor): I2cSensor {
  return {
    name: chip.name,
    detect: chip.detect,
    setUp: (write) => write(0, chip.configuration),
    read: async (read, shuntOhms, channel) => {
      const register = chip.shuntRegister(channel)
      const [shunt, bus] = await Promise.all([unsigned16(read, register), unsigned16(read, register + 1)])
      const shuntV = (toSigned(shunt, 16) >> chip.shuntShift) * chip.shuntLsbV
      const voltageV = (bus >> chip.busShift) * chip.busLsbV
      const currentA = shuntV / shuntOhms
      return { currentA, voltageV, powerW: currentA * voltageV }
    },
  }
}

const ina219: I2cSensor = plainSensor({
  name: 'ina219',
  shuntRegister: () => 1,
  shuntShift: 0,
  shuntLsbV: 10e-6,
  busShift: 3,
  busLsbV: 4e-3,
  // 32 V, ±320 mV, 12 bits, both continuously: the value after a reset, by which it is known as well.
  configuration: 0x399f,
  detect: async (read) => (await unsigned16(read, 0)) === 0x399f,
})

const ina226: I2cSensor = plainSensor({
  name: 'ina226',
  shuntRegister: () => 1,
  shuntShift: 0,
  shuntLsbV: 2.5e-6,
  busShift: 0,
  busLsbV: 1.25e-3,
  // 16 averages of 1.1 ms each, both continuously: as long as a reading over Firmata takes.
  configuration: 0x4527,
  detect: (read) => hasIds(read, 0xfe, 0xff, 0x2260),
})

const ina3221: I2cSensor = plainSensor({
  name: 'ina3221',
  shuntRegister: (channel) => 2 * channel - 1,
  shuntShift: 3,
  shuntLsbV: 40e-6,
  busShift: 3,
  busLsbV: 8e-3,
  configuration: 0x7127,
  detect: (read) => hasIds(read, 0xfe, 0xff, 0x3220),
})

/** Step of the INA228's shunt voltage with ADCRANGE 0; with it as current step SHUNT_CAL is 4096 for every shunt. */
const ina228ShuntLsbV = 312.5e-9
const ina228EnergyLsbJ = (shuntOhms: number) => (16 * 3.2 * ina228ShuntLsbV) / shuntOhms

const ina228: I2cSensor = {
  name: 'ina228',
  detect: (read) => hasIds(read, 0x3e, 0x3f, 0x228, 4),
  setUp: async (write) => {
    await write(2, 4096)
    // RSTACC: energy and charge begin at zero.
    await write(0, 0x4000)
  },
  read: async (read, shuntOhms) => {
    const [energy, shunt, bus] = await Promise.all([read(9, 5), read(4, 3), read(5, 3)])
    const currentA = ((toSigned(toNumber(shunt), 24) >> 4) * ina228ShuntLsbV) / shuntOhms
    const voltageV = (toNumber(bus) >> 4) * 195.3125e-6
    return { energyJ: toNumber(energy) * ina228EnergyLsbJ(shuntOhms), currentA, voltageV }
  },
  rangeJ: (shuntOhms) => 2 ** 40 * ina228EnergyLsbJ(shuntOhms),
}

/** Sensors in the order in which they are looked for: those with an identity first. */
export const i2cSensors: readonly I2cSensor[] = [ina226, ina3221, ina228, ina219]
