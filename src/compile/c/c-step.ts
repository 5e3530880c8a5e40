import type { CWriter } from './c-writer.ts'

/** A step as C: what it needs, and how it is written. */
export interface CStep {
  /** Kernel by which it runs; named in the manifest. */
  readonly kernel: string
  /** Bytes of the arena that only this step needs. */
  readonly scratchBytes: number
  /** Writes the constants and returns the statements, which see `uint8_t *arena`. */
  render(writer: CWriter): string
}

/** A step that is one call of a kernel without scratch. */
export function kernelStep(kernel: string, values: (writer: CWriter) => readonly (string | number)[]): CStep {
  return { kernel, scratchBytes: 0, render: (writer) => writer.call(kernel, ...values(writer)) }
}
