// Inference engines side by side, in one process, in turns. Run after "npm run build":
//   node bench/engines/run.mjs [--peers FOLDER] [--data FOLDER] [--models a,b] [--json]
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { compileGraph } from '../../dist/compile/compile.js'
import { instantiate } from '../../dist/compile/instantiate.js'
import { probeRelaxedDot } from '../../dist/compile/probe.js'
import { readModel } from '../../dist/formats/list.js'
import { interleave } from './interleave.mjs'
import { tfjsTflite } from './tfjs-tflite.mjs'

const { values: options } = parseArgs({
  options: {
    peers: { type: 'string', default: process.env.MILLIWATT_PEERS ?? '.' },
    data: { type: 'string', default: '../shared/data/mlperf-tiny' },
    models: { type: 'string', default: 'kws_ref_model,vww_96_int8,ad01_int8,pretrainedResnet_quant,str_ww_ref_model' },
    rounds: { type: 'string', default: '25' },
    json: { type: 'boolean', default: false },
  },
})

function compiled(graph, simd, input) {
  const model = instantiate(compileGraph(graph, { simd }).wasm)
  const [to, from] = [model.inputs[0].data, model.outputs[0].data]
  const output = new Int8Array(from.length)
  return {
    name: `milliwatt ${simd}`,
    manifest: model.manifest,
    output,
    run: () => {
      to.set(input)
      model.run()
      output.set(from)
    },
  }
}

const tflite = await tfjsTflite(options.peers)
const relaxed = probeRelaxedDot()
const results = []
for (const name of options.models.split(',')) {
  const bytes = readFileSync(`${options.data}/models/${name}.tflite`)
  const { graph } = readModel(bytes, name)
  const golden = new Int8Array(readFileSync(`${options.data}/golden/${name}.in.bin`))
  const variants = relaxed ? ['relaxed', 'simd128'] : ['simd128']
  const size = compileGraph(graph).manifest.inputs[0].shape.reduce((a, b) => a * b, 1)
  const input = golden.slice(0, size)
  const engines = [...variants.map((simd) => compiled(graph, simd, input)), tflite?.(bytes, input)].filter(Boolean)
  const macs = engines[0].manifest.layers.reduce((sum, layer) => sum + layer.macs, 0)
  const runs = macs > 5e6 ? 30 : macs > 1e6 ? 80 : 300
  results.push({ model: name, macs, engines: interleave(engines, { rounds: Number(options.rounds), runs }) })
}

const figure = ({ median, min, max }) => `${median.toFixed(1)} (${min.toFixed(1)}-${max.toFixed(1)})`
if (options.json) console.log(JSON.stringify({ node: process.version, v8: process.versions.v8, relaxed, results }))
else {
  console.log(`Node ${process.version}, V8 ${process.versions.v8}, relaxed dot ${relaxed ? 'proved' : 'not used'}`)
  for (const { model, macs, engines } of results) {
    console.log(`\n${model}: ${(macs / 1e6).toFixed(2)} M MACs`)
    for (const { name, us, ratio } of engines)
      console.log(
        `  ${name.padEnd(20)} ${figure(us).padStart(26)} us   x${figure(ratio)}   ${(macs / us.median / 1e3).toFixed(1)} GMAC/s`,
      )
  }
}
