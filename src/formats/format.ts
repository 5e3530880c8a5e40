import type { Graph } from '../graph/graph.ts'

/** A file format of models. */
export interface ModelFormat {
  readonly name: string
  /** Tells from the first bytes, never from a file name. */
  detects(bytes: Uint8Array): boolean
  /**
   * Reads a model into the graph form, checked.
   * @param where name for messages
   * @throws MilliwattError MODEL_TRUNCATED, MODEL_NOT_A_MODEL, MODEL_ILLEGAL
   */
  read(bytes: Uint8Array, where: string): Graph
}
