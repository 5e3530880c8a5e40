import { meanInterval, sampleDeviation } from '../core/stats.ts'
import type { PowerBuffer } from './power-buffer.ts'
import type { WindowEnergy } from './window-energy.ts'
import type { WindowBorders } from './window-sums.ts'

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
  const cut = partsOf(startIndex, endIndex, parts)
  return idleOf(
    buffer.window(startIndex, endIndex),
    cut.map((part) => buffer.window(part.startIndex, part.endIndex)),
  )
}

/**
 * Idle level from a stretch in which nothing ran and its parts, as `partsOf` cuts it.
 * @returns null with the reason when the stretch is not usable
 */
export function idleOf(
  whole: WindowEnergy,
  parts: readonly WindowEnergy[],
): { readonly idle: IdleLevel } | { readonly idle: null; readonly reason: string } {
  if (whole.verdict === 'invalid') return { idle: null, reason: whole.reason ?? 'the idle window is not usable' }
  const means = parts.map(({ meanPowerW }) => meanPowerW).filter((mean) => !Number.isNaN(mean))
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

/** Equal parts of an idle stretch, by which its scatter shows. */
export function partsOf(startIndex: number, endIndex: number, parts = 10): readonly WindowBorders[] {
  const step = (endIndex - startIndex) / parts
  return Array.from({ length: parts }, (_, part) => ({
    startIndex: startIndex + part * step,
    endIndex: part === parts - 1 ? endIndex : startIndex + (part + 1) * step,
  }))
}
