// What it costs to run a model in two segments, and what several inputs in flight gain: microseconds per input, in turns
// within one process, as ratios to the whole model in the caller's thread. Build first; node bench/plan/pipeline.mjs [FOLDER]
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { compiled } from '../../dist/backends/compiled.js'
import { emulatedBackend } from '../../dist/backends/emulated.js'
import { onnxruntimeNode } from '../../dist/backends/onnxruntime-node.js'
import { cutSegment, cuttable } from '../../dist/formats/cut-segment.js'
import { readModel } from '../../dist/formats/list.js'
import { nodeFacts } from '../../dist/graph/facts.js'
import { nodeHost } from '../../dist/hosts/node.js'
import { sampleInput } from '../../dist/loop/input.js'
import { preparePartition } from '../../dist/loop/partitioned.js'
import { spread } from '../engines/interleave.mjs'

const shared = process.env.MILLIWATT_SHARED ?? resolve(import.meta.dirname, '../../../shared')
const folder = process.argv[2] ?? join(shared, 'data/mlperf-tiny/models')
const names = ['kws_ref_model', 'pretrainedResnet_quant', 'vww_96_int8', 'ad01_int8']
const host = nodeHost()
const cpu = { id: 'cpu', kind: 'cpu', name: 'cpu', facts: {}, sources: [] }
const here = { backend: compiled, device: cpu }
const rounds = 15
const inputs = 64

/** Places by node: the first half of the multiply-accumulates in one segment, the others in the second. */
function halves(graph) {
  const macs = nodeFacts(graph).map((facts) => facts.macs ?? 0)
  const half = macs.reduce((a, b) => a + b, 0) / 2
  let done = 0
  return macs.map((each) => {
    const place = done < half ? 'first' : 'second'
    done += each
    return place
  })
}

const parts = (model, choose) =>
  cutSegment(model, halves(model.graph)).map(({ segment }, index) => ({ segment, ...choose(index) }))

async function oneByOne(executable, given) {
  for (const input of given) await executable.run(input)
}

async function inFlight(executable, given) {
  for await (const _ of executable.runMany(given));
}

/** Two workers with the whole model each, which share the inputs. */
async function sharedOut([a, b], given) {
  const each = (executable, first) =>
    oneByOne(
      executable,
      given.filter((_, index) => index % 2 === first),
    )
  await Promise.all([each(a, 0), each(b, 1)])
}

async function ways(model) {
  const whole = { segment: model }
  const open = (list) => preparePartition(host, model, list)
  const single = await open([{ ...whole, place: here }])
  const linked = await open(parts(model, () => ({ place: here })))
  const workers = await open(parts(model, () => ({ place: here, inWorker: true })))
  const pool = [
    await open([{ ...whole, place: here, inWorker: true }]),
    await open([{ ...whole, place: here, inWorker: true }]),
  ]
  const all = [
    ['whole, this thread', (given) => oneByOne(single, given)],
    ['2 segments, this thread', (given) => oneByOne(linked, given)],
    ['2 segments, 2 workers, one by one', (given) => oneByOne(workers, given)],
    ['2 segments, 2 workers, pipeline', (given) => inFlight(workers, given)],
    ['whole, 2 workers share the inputs', (given) => sharedOut(pool, given)],
  ]
  const closing = [single, linked, workers, ...pool]
  const { ok } = await onnxruntimeNode.available(host)
  if (ok) {
    const ort = { backend: onnxruntimeNode, device: cpu }
    const mixed = await open(parts(model, (index) => ({ place: index === 0 ? ort : here })))
    all.push(['onnxruntime-node, then compiled', (given) => oneByOne(mixed, given)])
    all.push(['the same, pipeline', (given) => inFlight(mixed, given)])
    closing.push(mixed)
  }
  const device = (id) => ({ backend: emulatedBackend({ engine: compiled, latencyS: 0.002 }), device: { ...cpu, id } })
  const apart = await open(parts(model, (index) => ({ place: device(`npu:${index}`) })))
  all.push(['2 devices, 2 ms each, one by one', (given) => oneByOne(apart, given)])
  all.push(['2 devices, 2 ms each, pipeline', (given) => inFlight(apart, given)])
  closing.push(apart)
  return { all, close: () => Promise.all(closing.map((each) => each[Symbol.asyncDispose]())) }
}

for (const name of names) {
  const path = join(folder, `${name}.tflite`)
  if (!existsSync(path)) {
    console.log(`${name}: not in ${folder}`)
    continue
  }
  const model = cuttable(readModel(readFileSync(path), name))
  const { all, close } = await ways(model)
  const specs = model.graph.inputs.map((input) => model.graph.tensors.get(input))
  const given = Array.from({ length: inputs }, (_, seed) => sampleInput(specs, seed + 1))
  for (const [, run] of all) for (let turn = 0; turn < 20; turn++) await run(given)
  const times = all.map(() => [])
  for (let round = 0; round < rounds; round++)
    for (const [index, [, run]] of all.entries()) {
      const start = performance.now()
      await run(given)
      times[index].push(((performance.now() - start) * 1000) / inputs)
    }
  console.log(name)
  for (const [index, [title]] of all.entries()) {
    const { median, min } = spread(times[index])
    const ratio = spread(times[index].map((time, round) => time / times[0][round])).median
    console.log(
      `  ${title.padEnd(36)} ${median.toFixed(1).padStart(8)} µs (min ${min.toFixed(1)})  ${ratio.toFixed(2)} × whole`,
    )
  }
  await close()
}
