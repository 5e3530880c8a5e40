// Catalogue models: the compiled engine against onnxruntime-web, in one process, in turns. Run after "npm run build":
//   node bench/engines/catalogue.mjs [FOLDER or MODEL.onnx ...]
import { readdirSync, readFileSync } from 'node:fs'
import { compileGraph } from '../../dist/compile/compile.js'
import { hostSimd } from '../../dist/compile/host-simd.js'
import { instantiate } from '../../dist/compile/instantiate.js'
import { toCanonical } from '../../dist/formats/convert/to-canonical.js'
import { readModel } from '../../dist/formats/list.js'
import { spread } from './interleave.mjs'

const given = process.argv.slice(2)
const paths = (given.length > 0 ? given : ['models/kws']).flatMap((path) =>
  path.endsWith('.onnx')
    ? [path]
    : readdirSync(path)
        .filter((file) => file.endsWith('.onnx'))
        .map((file) => `${path}/${file}`),
)

const ort = await import('onnxruntime-web')
ort.env.wasm.numThreads = 1
ort.env.logLevel = 'error'

function compiled(bytes, path, simd, input) {
  const graph = toCanonical(readModel(bytes, path).graph)
  const model = instantiate(compileGraph(graph, { simd, semantics: 'fp32' }).wasm)
  const output = new Float32Array(model.outputs[0].data.length)
  return {
    name: `milliwatt ${simd}`,
    output,
    run: async () => {
      model.inputs[0].data.set(input)
      model.run()
      output.set(model.outputs[0].data)
    },
  }
}

async function onnxruntime(bytes, shape, input) {
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] })
  const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', input, shape) }
  const engine = { name: 'onnxruntime-web', output: null }
  engine.run = async () => {
    engine.output = (await session.run(feeds))[session.outputNames[0]].data
  }
  return engine
}

const figure = ({ median, min, max }) => `${median.toFixed(1)} (${min.toFixed(1)}-${max.toFixed(1)})`
console.log(`Node ${process.version}, V8 ${process.versions.v8}, host ${hostSimd()}`)
for (const path of paths) {
  const bytes = readFileSync(path)
  const { shape } = compileGraph(toCanonical(readModel(bytes, path).graph), { semantics: 'fp32' }).manifest.inputs[0]
  const input = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, at) => 4 * Math.sin(at * at))
  const variants = [...new Set([hostSimd(), 'simd128'])]
  const engines = [
    ...variants.map((simd) => compiled(bytes, path, simd, input)),
    await onnxruntime(bytes, shape, input),
  ]
  for (const { run } of engines) for (let i = 0; i < 300; i++) await run()
  const times = engines.map(() => [])
  for (let round = 0; round < 25; round++)
    for (const [index, { run }] of engines.entries()) {
      const start = performance.now()
      for (let i = 0; i < 40; i++) await run()
      times[index].push(((performance.now() - start) * 1000) / 40)
    }
  console.log(`\n${path}`)
  engines.forEach(({ name, output }, index) => {
    const difference = Math.max(...output.map((value, at) => Math.abs(value - engines[0].output[at])))
    const ratio = spread(times[index].map((time, round) => time / times[0][round]))
    console.log(
      `  ${name.padEnd(20)} ${figure(spread(times[index])).padStart(26)} us   x${figure(ratio)}   differs ${difference.toExponential(1)}`,
    )
  })
}
