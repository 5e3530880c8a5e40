import type { EnergyFigure } from './profile.ts'

/** Published power of a board, in watts. */
export interface PublishedPower {
  readonly activeW: number
  readonly idleW: number | null
}

/**
 * Energy of an inference from a board's published active power: E = P·t. It is as coarse as the figure it
 * rests on, and marked `modelled`.
 */
export function modelledEnergy(latencyS: number, power: PublishedPower): EnergyFigure {
  return { energyJ: latencyS * power.activeW, provenance: 'modelled' }
}
