import type { Port } from './port.ts'

/** Nanoseconds that an instruction takes, as a power of two, where instructions are counted by the clock. */
const countShift = 6

/** How firmware is emulated. */
export interface Emulation {
  /** The clock counts instructions. */
  readonly count?: boolean
  /** What QEMU connects the board's serial port to: `stdio`, `unix:PATH,server=on`; nothing by default. */
  readonly serial?: string
}

/** Arguments of `qemu-system-arm` that run firmware without a window. */
export function emulatorArguments(
  port: Port,
  elf: string,
  { count, serial = 'none' }: Emulation = {},
): readonly string[] {
  const clock = count ? ['-icount', `shift=${countShift}`] : []
  const still = ['-display', 'none', '-monitor', 'none', '-serial', serial, '-no-reboot']
  const files = ['-semihosting-config', 'enable=on,target=native']
  return ['-M', port.machine ?? 'none', ...still, ...clock, ...files, '-kernel', elf]
}

/** Instructions that took so many ticks of the board's clock, where `count` was given. */
export function instructionsOf(port: Port, ticks: number): number {
  return Math.round((ticks / port.clockHz) * (1e9 / 2 ** countShift))
}
