import type { Simd, Value } from '../program.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import type { DataSegment, ModuleBuilder } from '../wasm/module.ts'

/** What kernels share while a module is written: arena addresses, constants, helper functions. */
export class EmitContext {
  readonly module: ModuleBuilder
  readonly simd: Simd
  private readonly places: ReadonlyMap<string, number>
  private readonly segments: DataSegment[] = []
  private readonly helpers = new Map<string, number>()
  private readonly widenings: { from: number; to: number; elements: number }[] = []
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

  /** Bytes that lie at an address when the module starts; zeros lie there anyway. */
  preset(address: number, bytes: Uint8Array): void {
    if (bytes.some((byte) => byte !== 0)) this.segments.push({ address, bytes })
  }

  /** Puts constant bytes into the module; returns their address, aligned to 16. */
  constant(data: ArrayBufferView): number {
    const address = Math.ceil(this.end / 16) * 16
    this.segments.push({ address, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) })
    this.end = address + data.byteLength
    return address
  }

  /**
   * Puts int8 constants into the module and reserves room for them as int16: they are widened once, when the module
   * starts. Returns the address of the int16. A whole number of groups of 8.
   */
  widened(data: Int8Array): number {
    const from = this.constant(data)
    const to = Math.ceil(this.end / 16) * 16
    this.end = to + 2 * data.length
    this.widenings.push({ from, to, elements: data.length })
    return to
  }

  /** Writes the function that widens constants; null where there are none. */
  start(): number | null {
    if (this.widenings.length === 0) return null
    const f = new FunctionBuilder([], [])
    const at = f.local('i32')
    for (const { from, to, elements } of this.widenings)
      f.count(at, 0, elements, 8, () => {
        f.get(at).i32(1).op('i32.shl').get(at).at('v128.load8x8_s', from).at('v128.store', to)
      })
    return this.module.add(f)
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
