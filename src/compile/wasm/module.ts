import { join, section, text, unsigned, vector } from './encoding.ts'
import { type FunctionBuilder, valueTypeCode } from './function.ts'

const pageBytes = 65536

/** Bytes that lie in memory from the start. */
export interface DataSegment {
  readonly address: number
  readonly bytes: Uint8Array
}

/** Collects functions and data, then writes one module (WebAssembly spec, "Binary Format", "Modules"). No imports. */
export class ModuleBuilder {
  private readonly functions: FunctionBuilder[] = []
  private readonly exported: { name: string; index: number }[] = []

  /** Adds a function; returns its index, which is valid in calls at once. */
  add(builder: FunctionBuilder, exportAs?: string): number {
    const index = this.functions.push(builder) - 1
    if (exportAs) this.export(exportAs, index)
    return index
  }

  /** Exports a function. */
  export(name: string, index: number): void {
    this.exported.push({ name, index })
  }

  /** The module's bytes: `memory` of a fixed size, the exported functions, and one that runs when it is made. */
  bytes(
    memoryBytes: number,
    data: readonly DataSegment[],
    custom: { readonly name: string; readonly content: Uint8Array },
    start: number | null = null,
  ): Uint8Array<ArrayBuffer> {
    const pages = Math.max(1, Math.ceil(memoryBytes / pageBytes))
    const types = this.functions.map((builder) => [
      0x60,
      ...vector(builder.parameters.map((type) => [valueTypeCode[type]])),
      ...vector(builder.results.map((type) => [valueTypeCode[type]])),
    ])
    const bodies = this.functions.map((builder) => builder.body())
    const exports = [
      [...text('memory'), 0x02, 0x00],
      ...this.exported.map(({ name, index }) => [...text(name), 0x00, ...unsigned(index)]),
    ]
    const segments = data.flatMap(({ address, bytes }) => [
      [0x00, 0x41, ...signedAddress(address), 0x0b, ...unsigned(bytes.length)],
      bytes,
    ])
    return join([
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(1, [vector(types)]),
      ...section(3, [vector(this.functions.map((_, index) => unsigned(index)))]),
      ...section(5, [vector([[0x01, ...unsigned(pages), ...unsigned(pages)]])]),
      ...section(7, [vector(exports)]),
      ...(start === null ? [] : section(8, [unsigned(start)])),
      ...section(10, [unsigned(bodies.length), ...bodies]),
      ...section(11, [unsigned(data.length), ...segments]),
      ...section(0, [text(custom.name), custom.content]),
    ])
  }
}

/** i32.const takes a signed LEB128. */
function signedAddress(address: number): number[] {
  const bytes = unsigned(address)
  if ((bytes.at(-1)! & 0x40) === 0) return bytes
  return [...bytes.slice(0, -1), bytes.at(-1)! | 0x80, 0x00]
}
