import { isMilliwattError, MilliwattError } from '../core/errors.ts'
import type { Host, SerialSettings } from '../core/host.ts'
import type { Link } from '../core/link.ts'

/**
 * Opens the serial port of a device.
 * @throws MilliwattError DEVICE_NOT_FOUND (nothing is there, or it is no port), METER_BUSY, METER_PERMISSION
 */
export async function openDevicePort(host: Host, path: string, settings: SerialSettings): Promise<Link> {
  try {
    return await host.serial.open(path, settings)
  } catch (error) {
    if (isMilliwattError(error, 'METER_NOT_FOUND') || isMilliwattError(error, 'METER_WRONG'))
      throw new MilliwattError('DEVICE_NOT_FOUND', path, error.detail, error)
    throw error
  }
}
