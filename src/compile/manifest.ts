import type { DataType } from '../graph/graph.ts'
import type { Semantics, Simd } from './program.ts'

/** Name of the custom section that carries the manifest. */
export const manifestSection: string = 'milliwatt'

/** Where an input or output lies in a module's memory, and what its numbers mean. */
export interface ManifestTensor {
  readonly name: string
  readonly dtype: DataType
  readonly shape: readonly number[]
  readonly offset: number
  readonly scale: number
  readonly zeroPoint: number
}

/** What one layer costs, and by which kernel it runs. */
export interface ManifestLayer {
  readonly name: string
  readonly op: string
  readonly kernel: string
  readonly macs: number
  /** Constants of this layer: weights and tables. */
  readonly constantBytes: number
  /** Output activations. */
  readonly outputBytes: number
  readonly scratchBytes: number
}

/** All that is needed to run a compiled module without the compiler. Readers refuse other versions. */
export interface Manifest {
  readonly version: 1
  readonly name: string
  readonly semantics: Semantics
  readonly simd: Simd
  readonly inputs: readonly ManifestTensor[]
  readonly outputs: readonly ManifestTensor[]
  readonly layers: readonly ManifestLayer[]
  readonly arenaBytes: number
  /** No plan of these buffers can be smaller. */
  readonly arenaLowerBoundBytes: number
  readonly constantBytes: number
  /** The model keeps state in its memory from one run to the next. */
  readonly stateful?: true
  /** Where the values between layers lie during `run`; a later layer may write over them. */
  readonly values: Readonly<Record<string, number>>
}
