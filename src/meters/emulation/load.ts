/**
 * Current that a device draws, in amperes. Must not depend on anything but its arguments.
 * @param timeS seconds since the emulator was made
 * @param markerSinceS the same clock when D0 went high, or null while D0 is low
 */
export type LoadCurve = (timeS: number, markerSinceS: number | null) => number

/** What holds from one moment on until the next change. */
export interface LoadState {
  readonly sinceS: number
  /** Constant current on top of the curve, in amperes. */
  readonly extraA: number
  /** Levels of D0 to D7. */
  readonly digital: number
  /** When D0 went high; null while it is low. */
  readonly markerSinceS: number | null
  /** Voltage at the device, in volts; 0 while its power is off. */
  readonly supplyV: number
}

/** The emulated device: what it draws at every moment, known exactly. All times in seconds of the emulator. */
export interface EmulatedLoad {
  /** State that holds at a moment; the search begins at `hint` (an earlier result's index) to stay cheap. */
  stateIndexAt(timeS: number, hint: number): number
  stateAt(index: number): LoadState
  /** The latest state. */
  readonly latest: LoadState
  /** Lets something else hold from a moment on; moments must not go back. */
  change(timeS: number, patch: Partial<Pick<LoadState, 'extraA' | 'digital' | 'supplyV'>>): void
  currentA(timeS: number, state: LoadState): number
  /** Charge in coulombs and energy in joules over a span. */
  integrate(fromS: number, toS: number): { readonly chargeC: number; readonly energyJ: number }
}

/** Step of the midpoint rule that integrates the curve. */
const stepS = 2e-6

/** Makes a device whose power is off and whose inputs are low. */
export function createEmulatedLoad(curve: LoadCurve): EmulatedLoad {
  const states: LoadState[] = [
    { sinceS: Number.NEGATIVE_INFINITY, extraA: 0, digital: 0, markerSinceS: null, supplyV: 0 },
  ]
  const currentA = (timeS: number, state: LoadState) =>
    state.supplyV === 0 ? 0 : curve(timeS, state.markerSinceS) + state.extraA

  const chargeOf = (fromS: number, toS: number, state: LoadState) => {
    if (state.supplyV === 0) return 0
    const steps = Math.max(Math.ceil((toS - fromS) / stepS), 1)
    const width = (toS - fromS) / steps
    let sum = 0
    for (let at = 0; at < steps; at++) sum += curve(fromS + (at + 0.5) * width, state.markerSinceS)
    return sum * width + state.extraA * (toS - fromS)
  }

  return {
    currentA,
    stateAt: (index) => states[index]!,
    get latest() {
      return states[states.length - 1]!
    },
    stateIndexAt: (timeS, hint) => {
      let at = hint
      while (at + 1 < states.length && states[at + 1]!.sinceS <= timeS) at++
      return at
    },
    change: (timeS, patch) => {
      const last = states[states.length - 1]!
      const sinceS = Math.max(timeS, last.sinceS)
      const digital = patch.digital ?? last.digital
      const markerSinceS = digital & 1 ? (last.digital & 1 ? last.markerSinceS : sinceS) : null
      states.push({ ...last, ...patch, sinceS, digital, markerSinceS })
    },
    integrate: (fromS, toS) => {
      let chargeC = 0
      let energyJ = 0
      states.forEach((state, at) => {
        const start = Math.max(fromS, state.sinceS)
        const end = Math.min(toS, states[at + 1]?.sinceS ?? Number.POSITIVE_INFINITY)
        if (!(end > start)) return
        const charge = chargeOf(start, end, state)
        chargeC += charge
        energyJ += charge * state.supplyV
      })
      return { chargeC, energyJ }
    },
  }
}
