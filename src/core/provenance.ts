/**
 * Where an energy or power figure comes from.
 * - `measured`: a physical meter read it during this run.
 * - `replayed`: a physical meter read it earlier; it is read back from a recorded trace.
 * - `emulated`: a simulated meter or device produced it. It says nothing about real silicon.
 * - `modelled`: computed from a target's published figures; nothing was read.
 *
 * Nothing converts one into another.
 */
export type Provenance = 'measured' | 'replayed' | 'emulated' | 'modelled'

/** All provenances, best evidence first. */
export const provenances: readonly Provenance[] = ['measured', 'replayed', 'emulated', 'modelled']

/** Tells whether a figure of this provenance came from physical silicon (`measured` or `replayed`). */
export function isPhysical(provenance: Provenance): boolean {
  return provenance === 'measured' || provenance === 'replayed'
}
