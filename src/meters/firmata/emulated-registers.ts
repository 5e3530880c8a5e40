import type { Clock } from '../../core/host.ts'
import type { EmulatedDevice } from '../emulation/device.ts'

/** Registers of an emulated sensor. */
export interface EmulatedRegisters {
  /** Bytes of a register, high byte first. */
  read(register: number, count: number): number[]
  write(register: number, value: number): void
}

/** A value as so many bytes, high byte first, in two's complement. */
function toBytes(value: number, count: number): number[] {
  const whole = BigInt.asUintN(8 * count, BigInt(Math.round(value)))
  return Array.from({ length: count }, (_, at) => Number((whole >> BigInt(8 * (count - 1 - at))) & 255n))
}

/**
 * Registers of a sensor that measures an emulated device through a shunt: what its data sheet says stands in them, at the
 * steps of its converter.
 */
export function emulatedRegisters(
  sensor: string,
  device: EmulatedDevice,
  clock: Clock,
  shuntOhms: number,
): EmulatedRegisters {
  let configuration = 0x399f
  let energySinceS = clock.nowS()
  const shuntV = () => device.currentAt(clock.nowS()) * shuntOhms
  const busV = () => device.voltageAt(clock.nowS())
  const energyJ = () => device.integrate(energySinceS, clock.nowS()).energyJ
  const ids226 = { 254: () => 0x5449, 255: () => 0x2260 }
  const tables: Readonly<Record<string, Readonly<Record<number, () => number>>>> = {
    ina219: { 0: () => configuration, 1: () => shuntV() / 10e-6, 2: () => Math.round(busV() / 4e-3) << 3 },
    ina226: { ...ids226, 0: () => configuration, 1: () => shuntV() / 2.5e-6, 2: () => busV() / 1.25e-3 },
    ina3221: {
      ...ids226,
      255: () => 0x3220,
      1: () => Math.round(shuntV() / 40e-6) << 3,
      2: () => Math.round(busV() / 8e-3) << 3,
    },
    ina228: {
      62: () => 0x5449,
      63: () => 0x2281,
      4: () => Math.round(shuntV() / 312.5e-9) * 16,
      5: () => Math.round(busV() / 195.3125e-6) * 16,
      9: () => energyJ() / ((16 * 3.2 * 312.5e-9) / shuntOhms),
    },
  }
  const table = tables[sensor] ?? {}
  return {
    read: (register, count) => toBytes(table[register]?.() ?? 0, count),
    write: (register, value) => {
      if (register !== 0) return
      if (sensor === 'ina228' && value & 0x4000) energySinceS = clock.nowS()
      configuration = value
    },
  }
}
