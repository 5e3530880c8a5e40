import { FunctionBuilder } from '../../dist/compile/wasm/function.js'
import { ModuleBuilder } from '../../dist/compile/wasm/module.js'

/** Sums in flight: enough to hide the latency of a product, few enough to stay in registers. */
const sums = 12
const weights = 3
const turns = 20000

/** One step of a convolution without the rest of it: `activations` and a weight on the stack become a sum. */
const steps = {
  simd128: { macs: 8, step: (f, sum) => f.op('i32x4.dot_i16x8_s').get(sum).op('i32x4.add').set(sum) },
  relaxed: { macs: 16, step: (f, sum) => f.get(sum).op('i32x4.relaxed_dot_i8x16_i7x16_add_s').set(sum) },
}

function peakModule({ step }) {
  const f = new FunctionBuilder([], ['v128'])
  const address = f.local('i32')
  const locals = (count) => Array.from({ length: count }, () => f.local('v128'))
  const [sum, weight, activations] = [locals(sums), locals(weights), f.local('v128')]
  for (const [index, local] of weight.entries())
    f.i32(16 * index)
      .at('v128.load')
      .set(local)
  f.count(address, 0, turns, 1, () => {
    for (let row = 0; row < sums / weights; row++) {
      // Another address every turn, so that no product can be taken out of the loop.
      f.get(address)
        .at('v128.load', 64 + 16 * row)
        .set(activations)
      for (let column = 0; column < weights; column++) {
        f.get(activations).get(weight[column])
        step(f, sum[row * weights + column])
      }
    }
  })
  f.get(sum[0])
  for (const local of sum.slice(1)) f.get(local).op('i32x4.add')
  const run = new FunctionBuilder([], ['i32'])
  const module = new ModuleBuilder()
  run.call(module.add(f)).lane('i32x4.extract_lane', 0)
  module.add(run, 'run')
  return module.bytes(65536, [], { name: 'peak', content: new Uint8Array(0) })
}

/**
 * Multiply-accumulates a second, in 1e9, of a loop that does nothing else: what one core's 128 bit of WebAssembly allow.
 * The best of many turns, since a peak is asked for.
 */
export function peakGmacs(simd) {
  const { macs } = steps[simd]
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(peakModule(steps[simd])))
  for (let i = 0; i < 50; i++) exports.run()
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < 100; i++) {
    const start = performance.now()
    exports.run()
    best = Math.min(best, performance.now() - start)
  }
  return (turns * sums * macs) / best / 1e6
}
