/** A compiled module: opaque, may be sent to workers and kept. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string
}

/** The part of the WebAssembly JavaScript interface that is used here; the project's types have no DOM. */
export interface WebAssemblyInterface {
  readonly Module: {
    new (bytes: Uint8Array<ArrayBuffer>): WasmModule
    customSections(module: WasmModule, name: string): ArrayBuffer[]
  }
  readonly Instance: new (module: WasmModule) => { readonly exports: Readonly<Record<string, unknown>> }
  validate(bytes: Uint8Array<ArrayBuffer>): boolean
}

/** The host's WebAssembly. */
export const webAssembly: WebAssemblyInterface = (globalThis as unknown as { WebAssembly: WebAssemblyInterface })
  .WebAssembly
