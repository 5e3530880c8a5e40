import type { Backend } from '../backends/backend.ts'
import type { Device } from '../core/device.ts'

/** A backend on a device. */
export interface Place {
  readonly backend: Backend
  readonly device: Device
}

/** How a place is called in plans, events and reports: `compiled cpu`. */
export function placeId({ backend, device }: Place): string {
  return `${backend.name} ${device.id}`
}
