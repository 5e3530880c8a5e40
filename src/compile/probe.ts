import { FunctionBuilder } from './wasm/function.ts'
import { ModuleBuilder } from './wasm/module.ts'
import { webAssembly } from './webassembly.ts'

/** Products of a step, uint8 × int8, that saturating implementations of the relaxed dot product get wrong. */
const cases: readonly { readonly activations: readonly number[]; readonly weights: readonly number[] }[] = [
  { activations: [255, 255, 255, 255], weights: [127, 127, 127, 127] },
  { activations: [255, 255, 255, 255], weights: [-128, -128, -128, -128] },
  { activations: [255, 128, 200, 1], weights: [-127, 127, -1, -128] },
  { activations: [128, 127, 129, 255], weights: [1, -1, 127, -127] },
]

/** Calls after which every tier of the host's compiler has had its turn. */
const turns = 3000

const pack = (bytes: readonly number[]) => bytes.reduce((word, byte, index) => word | ((byte & 255) << (8 * index)), 0)

function probeModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder()
  const f = new FunctionBuilder(['i32', 'i32', 'i32'], ['i32'])
  f.get(1).op('i32x4.splat').get(0).op('i32x4.splat').get(2).op('i32x4.splat')
  f.op('i32x4.relaxed_dot_i8x16_i7x16_add_s').lane('i32x4.extract_lane', 3)
  module.add(f, 'dot')
  return module.bytes(0, [], { name: 'probe', content: new Uint8Array(0) })
}

/** Whether this host knows the relaxed dot product at all, right or wrong. */
export function knowsRelaxedDot(): boolean {
  return webAssembly.validate(probeModule())
}

/**
 * Whether this host computes the relaxed dot product exactly for uint8 × int8. The instruction is
 * implementation-defined: some engines saturate, and some give other results once optimised, so it is tried in a row
 * of calls. False where the instruction is unknown.
 */
export function probeRelaxedDot(): boolean {
  if (!knowsRelaxedDot()) return false
  const { exports } = new webAssembly.Instance(new webAssembly.Module(probeModule()))
  const dot = exports.dot as (activations: number, weights: number, sum: number) => number
  for (let turn = 0; turn < turns; turn++)
    for (const { activations, weights } of cases) {
      const expected = activations.reduce((sum, value, index) => sum + value * weights[index]!, turn)
      if (dot(pack(activations), pack(weights), turn) !== expected) return false
    }
  return true
}
