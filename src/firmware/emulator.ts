import type { Port } from './port.ts'

/** Nanoseconds that an instruction takes, as a power of two, where instructions are counted by the clock. */
const countShift = 6

/** Arguments of `qemu-system-arm` that run firmware without a window. With `count` the clock counts instructions. */
export function emulatorArguments(port: Port, elf: string, count = false): readonly string[] {
  const clock = count ? ['-icount', `shift=${countShift}`] : []
  const still = ['-display', 'none', '-monitor', 'none', '-serial', 'none', '-no-reboot']
  return ['-M', port.machine ?? 'none', ...still, ...clock, '-kernel', elf]
}

/** Instructions that took so many ticks of the board's clock, where `count` was given. */
export function instructionsOf(port: Port, ticks: number): number {
  return Math.round((ticks / port.clockHz) * (1e9 / 2 ** countShift))
}
