import type { LoadCurve } from './load.ts'

/** The device that the emulated meter pretends to measure. It is a demonstration: no real device was its model. */
export interface DemoLoad {
  readonly supplyV: number
  readonly idleA: number
  /** Mean current while the marker is high. */
  readonly activeA: number
  /** Amplitude and frequency of the ripple on the active current. */
  readonly rippleA: number
  readonly rippleHz: number
  /** Extra current at wake-up, which decays with this time constant. */
  readonly wakeUpA: number
  readonly wakeUpS: number
}

/** What `--meter emulated` draws: 3.3 V, 8 mA idle, 42 mA active. */
export const demoLoad: DemoLoad = {
  supplyV: 3.3,
  idleA: 8e-3,
  activeA: 42e-3,
  rippleA: 1e-3,
  rippleHz: 1000,
  wakeUpA: 15e-3,
  wakeUpS: 0.3e-3,
}

/** The current of a demonstration load as a function of time and marker. */
export function toLoadCurve(load: DemoLoad): LoadCurve {
  return (timeS, markerSinceS) => {
    if (markerSinceS === null) return load.idleA
    const sinceS = timeS - markerSinceS
    const ripple = load.rippleA * Math.sin(2 * Math.PI * load.rippleHz * sinceS)
    return load.activeA + ripple + load.wakeUpA * Math.exp(-sinceS / load.wakeUpS)
  }
}
