import type { Host } from './host.ts'

/** What a device is to the planner and to the user. */
export type DeviceKind = 'cpu' | 'gpu' | 'npu' | 'board' | 'meter'

/** A fact read off the machine: text, number or list of texts. Numbers name their unit in the key. */
export type DeviceFact = string | number | boolean | readonly string[]

/** A piece of silicon or an instrument that is here. `id` is stable on one machine: `cpu`, `gpu:card0`, `board:/dev/ttyACM0`. */
export interface Device {
  readonly id: string
  readonly kind: DeviceKind
  readonly name: string
  /** Id of the file in `targets/` that describes it, when one does. */
  readonly target?: string
  readonly facts: Readonly<Record<string, DeviceFact>>
  /** Where each statement was read: paths, commands. */
  readonly sources: readonly string[]
}

/**
 * The result of looking for a kind of device: there and usable, there but not usable (why, and what to do
 * next), or absent (what was looked at).
 */
export type Finding =
  | { readonly status: 'found'; readonly kind: DeviceKind; readonly device: Device }
  | {
      readonly status: 'unusable'
      readonly kind: DeviceKind
      readonly device: Device
      readonly reason: string
      readonly next: string
    }
  | { readonly status: 'absent'; readonly kind: DeviceKind; readonly reason: string }

/** Looks for one kind of device. Finding nothing is a value with a reason, never a throw. */
export interface DeviceFinder {
  readonly name: string
  readonly kind: DeviceKind
  find(host: Host): Promise<readonly Finding[]>
}
