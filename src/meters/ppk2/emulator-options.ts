import type { Clock } from '../../core/host.ts'
import type { LoadCurve } from '../emulation/load.ts'
import type { Calibration } from './calibration.ts'

/** Faults of an emulated PPK2. Times are seconds of a stream: 0 is its first sample. */
export interface EmulatorFaults {
  /** Samples that are taken but never sent. */
  readonly lose?: readonly { readonly atS: number; readonly count: number }[]
  /** Random bytes put into the stream, which shift its framing. */
  readonly garbage?: readonly { readonly atS: number; readonly bytes: number }[]
  /** Cuts everything that is sent into chunks of 1 to 7 bytes more than a multiple of 64. */
  readonly oddChunks?: boolean
  /** Is still streaming when it is opened, and has so many bytes of that waiting. */
  readonly staleBytes?: number
  /** Goes silent, without the link ending. */
  readonly silentAtS?: number
  /** The link ends. */
  readonly unplugAtS?: number
  /** What it answers to the metadata command. `silent`: nothing. */
  readonly metadata?:
    | 'absurd shunts'
    | 'one absurd shunt'
    | 'not numbers'
    | 'truncated'
    | 'silent'
    | { readonly text: string }
  /** Puts this range code (5 to 7 are not legal) into every sample from `atS` on, `count` times. */
  readonly badRange?: { readonly atS: number; readonly count: number; readonly range: number }
}

/** How to make an emulated PPK2. */
export interface EmulatorOptions {
  readonly clock: Clock
  /** Current of the device; 0 when left out. */
  readonly loadA?: LoadCurve
  /** Voltage of the device's own supply, which holds in ampere mode; 3.3 V when left out. */
  readonly externalV?: number
  /** Regulator voltage before a host sets it, in mV; 3741 (a real unit) when left out. */
  readonly regulatorMv?: number
  readonly calibration?: Calibration
  /** Standard deviation of the noise in ADC codes; 0.7 when left out (dithers the quantisation away). */
  readonly noiseLsb?: number
  readonly seed?: number
  /** How often samples are sent, in seconds; 0.005 when left out. */
  readonly tickS?: number
  readonly faults?: EmulatorFaults
  /** Says in its metadata that it is emulated, so that drivers of other processes mark its figures. */
  readonly saysEmulated?: boolean
}

/** Constants read from a real unit (public document). */
export const realCalibration: Calibration = {
  r: [1003.3506, 101.5865, 10.3027, 0.9636, 0.0564],
  gs: [0, 112.789, 18.0115, 2.4217, 0.0729],
  gi: [1, 0.9695, 0.9609, 0.9519, 0.9582],
  o: [112.942, 75.4627, 64.602, 50.4983, 87.2177],
  s: [4.8e-8, 5.96e-7, 5.281e-6, 6.2577e-5, 2.940743e-3],
  i: [-1.04e-7, -1.443e-6, 3.6439e-5, -3.74119e-4, -9.388455e-3],
  ug: [1, 1, 1, 1, 1],
}
