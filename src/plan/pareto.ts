import { type Candidate, whyUnusable } from './candidate.ts'

/** Figures of which less is better; null where one is not known. */
export type Standing = readonly (number | null)[]

function standingOf({ accuracy, latency, energy, modelBytes }: Candidate): Standing {
  return [accuracy === null ? null : -accuracy, latency!.medianS, energy?.energyJ ?? null, modelBytes]
}

/** No worse in anything and better in something. What is not known can neither be better nor worse; two unknowns stand equal. */
export function dominates(a: Standing, b: Standing): boolean {
  const isNoWorse = a.every((value, index) => {
    const other = b[index]!
    return value === null || other === null ? value === other : value <= other
  })
  return isNoWorse && a.some((value, index) => value !== b[index])
}

/**
 * The candidates that no other one beats: none is at least as good in accuracy, median latency, energy and bytes and better
 * in one of them. Energies of different provenance are not compared, so a candidate beats only those whose energy has its own.
 */
export function paretoFront(candidates: readonly Candidate[]): ReadonlySet<Candidate> {
  const usable = candidates.filter((candidate) => whyUnusable(candidate) === null)
  const standings = new Map(usable.map((candidate) => [candidate, standingOf(candidate)]))
  const beats = (a: Candidate, b: Candidate) =>
    a.energy?.provenance === b.energy?.provenance && dominates(standings.get(a)!, standings.get(b)!)
  return new Set(usable.filter((candidate) => !usable.some((other) => beats(other, candidate))))
}
