// Time per layer of a model in C: node bench/engines/native-layers.mjs MODEL.tflite|MODEL.onnx [more flags of cc ...]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileC } from '../../dist/compile/c/compile-c.js'
import { toCanonical } from '../../dist/formats/convert/to-canonical.js'
import { readModel } from '../../dist/formats/list.js'

const koffi = createRequire(import.meta.url)('koffi')
const [path, ...more] = process.argv.slice(2)
const read = readModel(readFileSync(path), path).graph
const onnx = path.endsWith('.onnx')
const model = compileC(onnx ? toCanonical(read) : read, { target: 'native', semantics: onnx ? 'fp32' : 'tflm' })
const folder = mkdtempSync(join(tmpdir(), 'milliwatt-layers-'))
for (const [name, text] of model.files) writeFileSync(join(folder, name), text)
const bridge = join(import.meta.dirname, '../../firmware-bridge')
const flags = '-std=gnu99 -O3 -march=native -ffp-contract=off -fno-math-errno -fno-trapping-math -shared -fPIC'.split(
  ' ',
)
const library = join(folder, 'model.so')
const start = performance.now()
const args = [...flags, ...more, '-DMILLIWATT_LAYERS', '-I', bridge, '-o', library, join(folder, 'model.c'), '-lm']
const built = spawnSync('cc', args, { encoding: 'utf8' })
if (built.status !== 0) throw new Error(built.stderr)
const buildS = (performance.now() - start) / 1000
const opened = koffi.load(library)
rmSync(folder, { recursive: true })
const run = opened.func('void model_run(void *arena)')
const runLayer = opened.func('void model_run_layer(void *arena, int32_t layer)')
const arena = new Uint8Array(model.manifest.arenaBytes + 64)
const at = arena.subarray((64 - Number(koffi.address(arena) % 64n)) % 64)

const us = (call, runs) => {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 20; round++) {
    const begin = performance.now()
    for (let i = 0; i < runs; i++) call()
    best = Math.min(best, ((performance.now() - begin) * 1000) / runs)
  }
  return best
}
for (let i = 0; i < 500; i++) run(at)
// A call of a layer that there is not costs what the call alone costs.
const call = us(() => runLayer(at, -1), 1000)
let [index, total] = [0, 0]
for (const layer of model.manifest.layers) {
  if (layer.kernel === 'alias') continue
  const number = index++
  const time = Math.max(0, us(() => runLayer(at, number), 200) - call)
  total += time
  const rate = time > 0 ? layer.macs / time / 1e3 : 0
  console.log(
    `${String(number).padStart(3)} ${layer.kernel.padEnd(22)} ${time.toFixed(2).padStart(8)} us ${rate.toFixed(1).padStart(6)} GMAC/s  ${layer.name}`,
  )
}
console.log(
  `sum ${total.toFixed(1)} us, run ${us(() => run(at), 50).toFixed(1)} us, call ${call.toFixed(2)} us, arena ${model.manifest.arenaBytes}, built in ${buildS.toFixed(1)} s`,
)
