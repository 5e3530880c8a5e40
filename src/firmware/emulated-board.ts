import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { Link } from '../core/link.ts'
import { emulatorArguments } from './emulator.ts'
import type { Port } from './port.ts'

/** A board that this process reaches: bytes both ways and, where it is emulated, the wire of its marker pin. */
export interface BoardLink {
  readonly link: Link
  /** Hears the marker pin; the function given back ends that. Absent where the pin is of metal. */
  readonly onMarker?: (listener: MarkerListener) => () => void
}

/** Hears the marker pin; `atS` is the moment on the host's clock (`Host.clock.nowS`) at which the pin moved. */
export type MarkerListener = (high: boolean, atS: number) => void

/** The emulator for Arm's microcontrollers; MILLIWATT_QEMU_ARM names another. */
export function emulatorCommand(host: Host): string {
  return host.environment.MILLIWATT_QEMU_ARM ?? 'qemu-system-arm'
}

/** A line of the emulator is never read later than this, in seconds. */
const mostAgoS = 0.5

/** QEMU tells of the first LED of the FPGAIO block, which the ports mark windows by. */
const markerTrace = /@(\d+\.\d+):led_change_intensity LED desc:'USERLED0'.*-> (\d+)%/

/**
 * Starts firmware in the emulator, its serial port as the link. Closing the link ends the emulator.
 * @throws MilliwattError EMULATOR_MISSING
 */
export async function startEmulatedBoard(host: Host, port: Port, elf: string): Promise<BoardLink> {
  const listeners = new Set<MarkerListener>()
  let rest = ''
  const hear = (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      const [, wallS, level] = markerTrace.exec(line) ?? []
      if (level === undefined) continue
      const agoS = host.clock.wallTime().getTime() / 1000 - Number(wallS)
      // Wall clocks may be set meanwhile: it was just now.
      const atS = host.clock.nowS() - Math.min(Math.max(agoS, 0), mostAgoS)
      for (const listener of listeners) listener(level !== '0', atS)
    }
  }
  const command = emulatorCommand(host)
  const args = [
    ...emulatorArguments(port, elf, { serial: 'stdio' }),
    '-msg',
    'timestamp=on',
    '-trace',
    'led_change_intensity',
  ]
  const link = await host.startCommand(command, args, hear)
  if (!link) throw new MilliwattError('EMULATOR_MISSING', port.id, `(${command})`)
  return {
    link,
    onMarker: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
