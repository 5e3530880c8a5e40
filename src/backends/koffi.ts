import type { Host } from '../core/host.ts'

/** An address in the process's memory; null is C's. */
export type Address = bigint | null

/** A C function; what it takes and gives stands in its declaration. A wrong declaration crashes the process. */
// biome-ignore lint/suspicious/noExplicitAny: the declaration is text, which TypeScript cannot read.
export type CFunction = (...values: any[]) => any

/** A shared library. */
export interface CLibrary {
  /** @throws when the library has no such function */
  func(declaration: string): CFunction
}

/** The part of koffi that is used here: C functions without a compiler. */
export interface Koffi {
  readonly version?: string
  /** @throws when there is no library at the path, or not one for this machine; null is the process itself */
  load(path: string | null): CLibrary
  address(memory: Uint8Array): bigint
  proto(result: string, parameters: readonly string[]): object
  pointer(type: object): object
  /** Makes a callback that C may call until the process ends, or until it is unregistered. */
  register(callback: CFunction, type: object): bigint
  unregister(callback: bigint): void
  /** Calls the function at an address. */
  call(at: Address, type: object, ...values: readonly unknown[]): unknown
  sizeof(type: string): number
  /** Writes a value so many bytes behind an address. */
  encode(at: Address, offset: number, type: string, value: unknown): void
  readonly decode: {
    /** Reads a value so many bytes behind an address; pointers are addresses. */
    (at: Address, offset: number, type: string): unknown
    string(at: Address): string
  }
}

/** The optional peer koffi; null when it is not installed. */
export async function loadKoffi(host: Host): Promise<Koffi | null> {
  const loaded = (await host.optionalPackage('koffi')) as (Koffi & { readonly default?: Koffi }) | null
  return loaded?.default ?? loaded
}
