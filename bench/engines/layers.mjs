// Time per layer of a compiled model: node bench/engines/layers.mjs MODEL.tflite|MODEL.onnx [simd128|relaxed|scalar]
// The sum differs from a whole run's time by the calls in between.
import { readFileSync } from 'node:fs'
import { compileGraph } from '../../dist/compile/compile.js'
import { toCanonical } from '../../dist/formats/convert/to-canonical.js'
import { readModel } from '../../dist/formats/list.js'

const [path, simd = 'simd128'] = process.argv.slice(2)
const read = readModel(readFileSync(path), path).graph
const graph = path.endsWith('.onnx') ? toCanonical(read) : read
const { wasm, manifest } = compileGraph(graph, {
  simd,
  semantics: path.endsWith('.onnx') ? 'fp32' : 'tflm',
  layers: true,
  keepAll: true,
  prune: true,
})
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm))
for (let i = 0; i < 1000; i++) exports.run()
const us = (call, runs) => {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 20; round++) {
    const start = performance.now()
    for (let i = 0; i < runs; i++) call()
    best = Math.min(best, ((performance.now() - start) * 1000) / runs)
  }
  return best
}
let total = 0
manifest.layers.forEach((layer, index) => {
  const call = exports[`layer ${index}`]
  const time = call ? us(call, 100) : 0
  total += time
  const rate = time > 0 ? layer.macs / time / 1e3 : 0
  console.log(
    `${String(index).padStart(3)} ${layer.kernel.padEnd(22)} ${time.toFixed(2).padStart(8)} us ${rate.toFixed(1).padStart(6)} GMAC/s  ${layer.name}`,
  )
})
console.log(
  `sum ${total.toFixed(1)} us, run ${us(exports.run, 50).toFixed(1)} us, arena ${manifest.arenaBytes}, module ${wasm.length}, node ${process.version}`,
)
