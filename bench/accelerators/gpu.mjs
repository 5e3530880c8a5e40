// What a GPU gives over the processor of the same machine: every accelerator that onnxruntime-node reaches, in turns with the
// processor, on the same models. Needs the package onnxruntime-node, "npm run build" and, on Linux, a Vulkan loader
// (Debian: libvulkan1) with the GPU's own driver. Models: those of MLPerf Tiny where --data has them, the keyword model
// of the catalogue, and a stack of convolutions that is large enough for a GPU.
//   node bench/accelerators/gpu.mjs [--data FOLDER] [--rounds 25] [--models KWS,VWW] [--software] [--json]
import { existsSync, readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { segmentFor } from '../../dist/backends/backend.js'
import { onnxruntimeNode } from '../../dist/backends/onnxruntime-node.js'
import { describePlacement } from '../../dist/backends/placement.js'
import { describeFinding } from '../../dist/devices/describe.js'
import { readModel } from '../../dist/formats/list.js'
import { nodeHost } from '../../dist/hosts/node.js'
import { sampleInput } from '../../dist/loop/input.js'
import { loadTargets } from '../../dist/targets/load.js'
import { interleave, spread } from '../engines/interleave.mjs'
import { benchModels } from './models.mjs'

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: `${process.env.MILLIWATT_SHARED ?? '../shared'}/data/mlperf-tiny` },
    rounds: { type: 'string', default: '25' },
    models: { type: 'string', default: '' },
    software: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

const host = nodeHost()
const cpu = { id: 'cpu', kind: 'cpu', name: 'processor', facts: {}, sources: [] }
const say = (text) => (options.json ? undefined : console.log(text))
const numbers = (outputs) => Object.values(outputs).flatMap(({ data }) => Array.from(data, Number))

/** Accelerators that ran a model; those that compute on the processor only when they are asked for. */
async function accelerators() {
  const findings = await onnxruntimeNode.devices(host, await loadTargets(host))
  for (const finding of findings) say(describeFinding(finding))
  const found = findings.flatMap((finding) => (finding.status === 'found' ? [finding.device] : []))
  return found.filter(({ facts }) => options.software || !facts.software)
}

/** The native package with all cores: milliwatt itself takes one thread, which would flatter a GPU. */
async function allCores(segment, inputs) {
  const ort = (await host.optionalPackage('onnxruntime-node')).default
  const settings = { executionProviders: ['cpu'], graphOptimizationLevel: 'all', logSeverityLevel: 3 }
  const session = await ort.InferenceSession.create(segment.source.bytes, settings)
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, data, shape }]) => [name, new ort.Tensor(dtype, data, shape)]),
  )
  return { name: `processor, ${cpus().length} threads`, run: () => session.run(feeds), close: () => session.release() }
}

async function engineOn(device, segment, inputs) {
  const started = performance.now()
  const executable = await onnxruntimeNode.prepare(segment, device, host)
  const outputs = numbers(await executable.run(inputs))
  const firstMs = performance.now() - started
  const placement = executable.placement ? describePlacement(executable.placement) : 'processor, 1 thread'
  const close = () => executable[Symbol.asyncDispose]()
  return { name: device.name, placement, outputs, firstMs, run: () => executable.run(inputs), close }
}

async function openAll(devices, segment, inputs) {
  const engines = []
  for (const device of [cpu, ...devices])
    try {
      engines.push(await engineOn(device, segment, inputs))
    } catch (error) {
      say(`  ${device.name}: ${String(error.message).split('\n')[0]}`)
    }
  return [...engines, await allCores(segment, inputs)]
}

async function compare({ name, bytes }, devices) {
  const segment = segmentFor(readModel(bytes, name), onnxruntimeNode)
  const specs = segment.graph.inputs.map((input) => ({ name: input, ...segment.graph.tensors.get(input) }))
  const inputs = sampleInput(specs, 1)
  const engines = await openAll(devices, segment, inputs)
  const [reference] = engines
  const times = await interleave(engines, { rounds: Number(options.rounds), turnMs: 20, warmUps: 20 })
  const best = times[0].map((time, round) => Math.min(time, times.at(-1)[round]))
  const rows = engines.map((engine, index) => ({
    name: engine.name,
    placement: engine.placement ?? engine.name,
    firstMs: engine.firstMs,
    apart: engine.outputs && Math.max(...engine.outputs.map((value, at) => Math.abs(value - reference.outputs[at]))),
    us: spread(times[index]),
    ratio: spread(times[index].map((time, round) => time / best[round])),
  }))
  for (const engine of engines) await engine.close()
  return { model: name, rows }
}

const us = (value) => (value < 100 ? value.toFixed(1) : value.toFixed(0))

function print({ model, rows }) {
  say(`\n${model}`)
  for (const { placement, firstMs, apart, us: time, ratio } of rows) {
    const figures = `${us(time.median)} µs (${us(time.min)}–${us(time.max)})`
    const against = `× ${ratio.median.toFixed(2)} of the best on the processor (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})`
    const more =
      firstMs === undefined
        ? ''
        : `; ready after ${firstMs.toFixed(0)} ms; largest difference ${apart.toExponential(1)}`
    say(`  ${placement}: ${figures}, ${against}${more}`)
  }
}

say(`${host.runtime}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0].toFixed(1)}`)
const devices = await accelerators()
if (devices.length === 0) say('No GPU that onnxruntime-node reaches: nothing to compare. The lines above say why.')
else {
  const wanted = options.models.split(',').filter((name) => name !== '')
  const { models, missing } = benchModels({ data: options.data, exists: existsSync, read: readFileSync })
  for (const line of missing) say(`not here: ${line}`)
  const results = []
  for (const model of models.filter(
    ({ name }) => wanted.length === 0 || wanted.some((each) => name.startsWith(each)),
  )) {
    const result = await compare(model, devices)
    print(result)
    results.push(result)
  }
  if (options.json) console.log(JSON.stringify({ version: 1, devices, results }, null, 2))
}
