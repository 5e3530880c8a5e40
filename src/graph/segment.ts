import type { Graph } from './graph.ts'

/**
 * A part of a model that one backend runs as a unit, here always the whole graph. `source` holds the file it
 * was read from, which a backend that reads this format takes as it is.
 */
export interface Segment {
  readonly graph: Graph
  readonly source: { readonly format: string; readonly bytes: Uint8Array }
}
