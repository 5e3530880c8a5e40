/** Ways to line windows up with samples, the most trusted first. */
export const alignmentMethods = ['marker edges', 'event line', 'device laps', 'host marks', 'found steps'] as const

/** How a window was lined up with the samples. */
export type AlignmentMethod = (typeof alignmentMethods)[number]

/** What trace files call these ways besides their own names. */
const otherNames: Readonly<Record<string, AlignmentMethod>> = {
  "the meter's event line": 'event line',
  'event edges that the runner recorded': 'event line',
}

/** The way that a trace file names for a window; null for one that is not known. */
export function alignmentNamed(method: string): AlignmentMethod | null {
  if (Object.hasOwn(otherNames, method)) return otherNames[method]!
  return alignmentMethods.find((known) => known === method) ?? null
}
