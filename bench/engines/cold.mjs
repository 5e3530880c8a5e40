// From a compiled module on disk to the first result, every time in a fresh process. Run after "npm run build":
//   node bench/engines/cold.mjs [MODEL.onnx|MODEL.tflite] [--times 15]
// Counted: reading the file, compiling and instantiating the module, one run. Not counted: the start of Node, and
// importing instantiate.js, which is given beside.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { spread } from './interleave.mjs'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { times: { type: 'string', default: '15' }, child: { type: 'boolean', default: false } },
})

async function child(path) {
  const start = performance.now()
  const { instantiate } = await import('../../dist/compile/instantiate.js')
  const imported = performance.now()
  const bytes = new Uint8Array(readFileSync(path))
  const model = instantiate(bytes)
  const ready = performance.now()
  model.run()
  const first = performance.now()
  model.run()
  const second = performance.now()
  console.log(JSON.stringify([imported - start, ready - imported, first - ready, first - imported, second - first]))
}

async function parent(path) {
  const { compileGraph } = await import('../../dist/compile/compile.js')
  const { hostSimd } = await import('../../dist/compile/host-simd.js')
  const { toCanonical } = await import('../../dist/formats/convert/to-canonical.js')
  const { readModel } = await import('../../dist/formats/list.js')
  const start = performance.now()
  const { graph } = readModel(readFileSync(path), path)
  const onnx = path.endsWith('.onnx')
  const canonical = onnx ? toCanonical(graph) : graph
  const { wasm } = compileGraph(canonical, { simd: hostSimd(), semantics: onnx ? 'fp32' : 'tflm' })
  const compileMs = performance.now() - start
  const folder = mkdtempSync(join(tmpdir(), 'milliwatt-cold-'))
  const file = join(folder, 'model.wasm')
  writeFileSync(file, wasm)
  const runs = Array.from({ length: Number(options.times) }, () =>
    JSON.parse(execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--child', file], { encoding: 'utf8' })),
  )
  rmSync(folder, { recursive: true })
  const column = (index) => {
    const { median, min, max } = spread(runs.map((run) => run[index]))
    return `${median.toFixed(2)} ms (${min.toFixed(2)}-${max.toFixed(2)})`
  }
  console.log(`${path}, Node ${process.version}, ${hostSimd()}, module ${wasm.length} bytes`)
  console.log(`  model file to module      ${compileMs.toFixed(0)} ms, once`)
  console.log(`  import of instantiate.js  ${column(0)}`)
  console.log(`  module ready              ${column(1)}`)
  console.log(`  first run                 ${column(2)}`)
  console.log(`  module to first result    ${column(3)}`)
  console.log(`  second run                ${column(4)}`)
}

await (options.child ? child(positionals[0]) : parent(positionals[0] ?? 'models/kws/ds-cnn-64-int8.onnx'))
