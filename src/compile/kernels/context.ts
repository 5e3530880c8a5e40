import type { Simd, Value } from '../program.ts'
import type { DataSegment, ModuleBuilder } from '../wasm/module.ts'

/** What kernels share while a module is written: arena addresses, constants, helper functions. */
export class EmitContext {
  readonly module: ModuleBuilder
  readonly simd: Simd
  private readonly places: ReadonlyMap<string, number>
  private readonly segments: DataSegment[] = []
  private readonly helpers = new Map<string, number>()
  private end: number

  /** @param places arena address by value name @param constantsFrom first address behind the arena */
  constructor(module: ModuleBuilder, simd: Simd, places: ReadonlyMap<string, number>, constantsFrom: number) {
    this.module = module
    this.simd = simd
    this.places = places
    this.end = constantsFrom
  }

  /** Address of a value. */
  addressOf(value: Value): number {
    return this.places.get(value.name)!
  }

  /** Puts constant bytes into the module; returns their address, aligned to 16. */
  constant(data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array): number {
    const address = Math.ceil(this.end / 16) * 16
    this.segments.push({ address, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) })
    this.end = address + data.byteLength
    return address
  }

  /** A helper function that all kernels of a module share; written at its first use. */
  helper(name: string, write: () => number): number {
    const known = this.helpers.get(name)
    if (known !== undefined) return known
    const index = write()
    this.helpers.set(name, index)
    return index
  }

  /** Constants as data segments. */
  get data(): readonly DataSegment[] {
    return this.segments
  }

  /** First address behind the constants. */
  get memoryEnd(): number {
    return this.end
  }
}
