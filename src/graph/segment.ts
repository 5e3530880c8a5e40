import type { Graph } from './graph.ts'

/**
 * A part of a model that one backend runs as a unit, here always the whole graph. `source` holds the file it
 * was read from, which a backend that reads this format takes as it is. A segment that was converted names in
 * `origin` the format it was first read from, which decides how its integers are rounded.
 */
export interface Segment {
  readonly graph: Graph
  readonly source: { readonly format: string; readonly bytes: Uint8Array }
  readonly origin?: string
}

/** The format that a model was first read from, before any conversion. */
export function originOf(segment: Segment): string {
  return segment.origin ?? segment.source.format
}
