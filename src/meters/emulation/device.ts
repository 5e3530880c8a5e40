import type { Clock } from '../../core/host.ts'
import { type DemoLoad, demoLoad, toLoadCurve } from './demo-load.ts'
import { createEmulatedLoad, type LoadCurve } from './load.ts'

/** A device under test in software that any emulated instrument can measure. What it draws is known exactly. */
export interface EmulatedDevice {
  readonly supplyV: number
  /** Drives the marker wire from now on. */
  setMarker(high: boolean): void
  /** Switches the device's supply, or another voltage; 0 is off. */
  setSupply(volts: number): void
  /** State of the marker wire at a moment of the host clock. */
  markerAt(timeS: number): boolean
  currentAt(timeS: number): number
  voltageAt(timeS: number): number
  /** Charge in coulombs and energy in joules between two moments of the host clock. */
  integrate(fromS: number, toS: number): { readonly chargeC: number; readonly energyJ: number }
  /** Energy in joules over the `index`-th of many short spans: the middle of the span stands for all of it. */
  meanPowerW(fromS: number, toS: number): number
}

/** How to make an emulated device. */
export interface EmulatedDeviceOptions {
  /** Current in amperes as a function of time (seconds since it was made) and marker. */
  readonly loadA?: LoadCurve
  readonly load?: DemoLoad
  /** Supply from the start; 0 waits for an instrument that feeds it. */
  readonly supplyV?: number
}

/** Makes a device; by default the demonstration load at its own supply. */
export function createEmulatedDevice(clock: Clock, options: EmulatedDeviceOptions = {}): EmulatedDevice {
  const curve = options.loadA ?? toLoadCurve(options.load ?? demoLoad)
  const load = createEmulatedLoad(curve)
  const epochS = clock.nowS()
  const now = () => clock.nowS() - epochS
  let hint = 0
  const stateAt = (timeS: number) => {
    const at = timeS - epochS
    if (load.stateAt(hint).sinceS > at) hint = 0
    hint = load.stateIndexAt(at, hint)
    return load.stateAt(hint)
  }
  load.change(0, { supplyV: options.supplyV ?? options.load?.supplyV ?? demoLoad.supplyV })
  const currentAt = (timeS: number) => load.currentA(timeS - epochS, stateAt(timeS))
  const voltageAt = (timeS: number) => stateAt(timeS).supplyV
  return {
    get supplyV() {
      return load.latest.supplyV
    },
    setMarker: (high) => load.change(now(), { digital: high ? 1 : 0 }),
    setSupply: (volts) => load.change(now(), { supplyV: volts }),
    markerAt: (timeS) => (stateAt(timeS).digital & 1) === 1,
    currentAt,
    voltageAt,
    integrate: (fromS, toS) => load.integrate(fromS - epochS, toS - epochS),
    meanPowerW: (fromS, toS) => {
      const middleS = (fromS + toS) / 2
      return currentAt(middleS) * voltageAt(middleS)
    },
  }
}
