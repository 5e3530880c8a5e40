import { probeRelaxedDot } from './probe.ts'
import type { Simd } from './program.ts'
import { FunctionBuilder } from './wasm/function.ts'
import { ModuleBuilder } from './wasm/module.ts'
import { webAssembly } from './webassembly.ts'

let known: Simd | undefined

function hasVectors(): boolean {
  const module = new ModuleBuilder()
  const f = new FunctionBuilder([], ['v128'])
  module.add(f.i8x16(1))
  return webAssembly.validate(module.bytes(0, [], { name: 'probe', content: new Uint8Array(0) }))
}

/** The best instructions that this host computes right; probed once. */
export function hostSimd(): Simd {
  known ??= !hasVectors() ? 'scalar' : probeRelaxedDot() ? 'relaxed' : 'simd128'
  return known
}
