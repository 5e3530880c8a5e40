import type { EmitContext } from './context.ts'

/** A kernel chosen for one step: what it needs, and how it is written. */
export interface ChosenKernel {
  /** Named in the manifest. */
  readonly name: string
  /** Bytes of the arena that only this step needs. */
  readonly scratchBytes: number
  /** Writes the step as a function without parameters; returns its index. */
  emit(context: EmitContext, scratch: number): number
}
