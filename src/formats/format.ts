import type { Graph } from '../graph/graph.ts'

/** Files beside a model that hold its weights, by the names that the model gives them. */
export type ExternalFiles = ReadonlyMap<string, Uint8Array>

/** A file format of models. */
export interface ModelFormat {
  readonly name: string
  /** Tells from the first bytes, never from a file name. */
  detects(bytes: Uint8Array): boolean
  /**
   * Reads a model into the graph form, checked.
   * @param where name for messages
   * @param files what `externalFiles` names
   * @throws MilliwattError MODEL_TRUNCATED, MODEL_NOT_A_MODEL, MODEL_ILLEGAL, MODEL_DATA
   */
  read(bytes: Uint8Array, where: string, files: ExternalFiles): Graph
  /** Names of the files that a model keeps weights in; empty for bytes that cannot be read. */
  externalFiles?(bytes: Uint8Array): readonly string[]
  /** Writes a graph of this format with everything inside. @throws MilliwattError OP_UNSUPPORTED */
  write(graph: Graph): Uint8Array
}
