import type { Semantics, Simd } from '../compile/program.ts'
import type { DataType, Dimension } from '../graph/graph.ts'
import type { Quantization } from '../graph/quantization.ts'
import type { BoardFit } from './board-fit.ts'

/** An input or output of the model, as the file says it. */
export interface InspectedTensor {
  readonly name: string
  readonly dtype: DataType
  readonly shape: readonly Dimension[] | null
  /** Which of the lengths the file leaves open (`?`); absent where it leaves none open besides those in `shape`. */
  readonly signature?: readonly Dimension[]
  /** How its integers stand for reals; null for plain numbers. */
  readonly quantization: Quantization | null
}

/** One node, in the order in which the file runs them. */
export interface InspectedNode {
  readonly op: string
  readonly domain: string
  readonly version: number
  readonly name: string
  /** Shape and type of the first output; null where the file does not tell them. */
  readonly shape: readonly Dimension[] | null
  readonly dtype: DataType | null
  /** How the first output's integers stand for reals; null for plain numbers and where nodes do it (ONNX QDQ). */
  readonly quantization: Quantization | null
  readonly macs: number | null
  readonly weightBytes: number
}

/** The model in the compiled engine, or why it is not there. */
export type InspectedEngine =
  | {
      readonly ok: true
      readonly semantics: Semantics
      readonly simd: Simd
      readonly moduleBytes: number
      readonly arenaBytes: number
      /** No plan of the same buffers can have less. */
      readonly arenaLowerBoundBytes: number
      readonly constantBytes: number
      /** Multiply-accumulates that are left after channels which are proved constant were taken out. */
      readonly macs: number
    }
  | { readonly ok: false; readonly reason: string }

/** A backend on this processor: ready to run the model, or the first reason why not. */
export interface InspectedBackend {
  readonly name: string
  readonly ok: boolean
  readonly engine: string | null
  readonly reason: string | null
}

/** All that the file of a model says, and what of it runs here. */
export interface Inspection {
  readonly version: 1
  readonly kind: 'milliwatt-inspect'
  readonly name: string
  readonly file: string
  readonly sha256: string
  readonly bytes: number
  readonly format: string
  /** Versions of the operator sets by domain; for TFLite that of the schema. */
  readonly opsets: Readonly<Record<string, number>>
  readonly ops: readonly { readonly op: string; readonly version: number; readonly count: number }[]
  readonly inputs: readonly InspectedTensor[]
  readonly outputs: readonly InspectedTensor[]
  readonly nodes: readonly InspectedNode[]
  readonly totals: {
    /** What the heavy operators compute in. */
    readonly dtype: string
    readonly parameters: number
    readonly weightBytes: number
    readonly macs: number | null
    /** Arena of the compiled engine; null when it does not compile. */
    readonly arenaBytes: number | null
  }
  readonly compiled: InspectedEngine
  readonly backends: readonly InspectedBackend[]
  /** Whether it fits the board that was asked for; absent where none was. */
  readonly board?: BoardFit
}
