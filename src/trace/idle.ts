import { meanInterval, sampleDeviation } from '../core/stats.ts'
import type { PowerBuffer } from './power-buffer.ts'
import type { WindowEnergy } from './window-energy.ts'

/** Power of a machine that waits. */
export interface IdleLevel {
  readonly meanPowerW: number
  /** Standard deviation of the means over the window's parts, in watts; NaN with fewer than two parts. */
  readonly spreadW: number
  /** Parts of which the spread was taken. */
  readonly parts: number
  /** 95 % interval of the mean over the parts (batch means, not single samples); null with fewer than two. */
  readonly interval95W: readonly [number, number] | null
  readonly durationS: number
  readonly verdict: WindowEnergy['verdict']
}

/**
 * Idle level from a window in which nothing ran.
 * @param parts into how many pieces the window is cut to see its spread
 * @returns null with the reason when the window is not usable
 */
export function idleLevel(
  buffer: PowerBuffer,
  startIndex: number,
  endIndex: number,
  parts = 10,
): { readonly idle: IdleLevel } | { readonly idle: null; readonly reason: string } {
  const whole = buffer.window(startIndex, endIndex)
  if (whole.verdict === 'invalid') return { idle: null, reason: whole.reason ?? 'the idle window is not usable' }
  const means = cut(startIndex, endIndex, parts)
    .map(([from, to]) => buffer.window(from, to).meanPowerW)
    .filter((mean) => !Number.isNaN(mean))
  return {
    idle: {
      meanPowerW: whole.meanPowerW,
      spreadW: sampleDeviation(means),
      interval95W: meanInterval(means).interval95,
      parts: means.length,
      durationS: whole.durationS,
      verdict: whole.verdict,
    },
  }
}

/** Energy above idle of a window, E - P_idle · T over the time that was received, in joules. May be negative. */
export function netEnergyJ(window: WindowEnergy, idlePowerW: number): number {
  if (window.received === 0) return Number.NaN
  const share = window.received / (window.endIndex - window.startIndex)
  return window.energyJ - idlePowerW * window.durationS * share
}

function cut(start: number, end: number, parts: number): readonly (readonly [number, number])[] {
  const step = (end - start) / parts
  return Array.from({ length: parts }, (_, part) => [
    start + part * step,
    part === parts - 1 ? end : start + (part + 1) * step,
  ])
}
