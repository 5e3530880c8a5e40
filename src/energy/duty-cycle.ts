/** One inference and what surrounds it. */
export interface DutyCycle {
  /** Gross energy of one inference in joules, and its duration in seconds. */
  readonly energyJ: number
  readonly runS: number
  /** Seconds from the start of one inference to the next. */
  readonly everyS: number
  /** Power between inferences in watts. */
  readonly sleepW: number
}

/** A battery, as far as its charge goes. */
export interface BatteryCharge {
  readonly capacityMah: number
  /** Mean voltage over the discharge. */
  readonly voltageV: number
  /** Part of the capacity that the device can draw before it browns out, 0..1. */
  readonly usableShare: number
}

/** Mean power in watts, P = (E + (T - t)·P_sleep) / T. */
export function meanPowerOf({ energyJ, runS, everyS, sleepW }: DutyCycle): number {
  return (energyJ + (everyS - runS) * sleepW) / everyS
}

/** Energy in joules that can be drawn from a battery. */
export function storedEnergyOf({ capacityMah, voltageV, usableShare }: BatteryCharge): number {
  return capacityMah * 3.6 * voltageV * usableShare
}
