import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { segmentIn } from '../../dist/formats/forms.js'
import { readModel } from '../../dist/formats/list.js'
import { writeTflite } from '../../dist/formats/tflite/writer.js'

const shared = process.env.MILLIWATT_SHARED ?? join(import.meta.dirname, '../../../shared')
const mlperf = join(shared, 'data/mlperf-tiny/models')
const shipped = join(import.meta.dirname, '../../models/kws')

/** Models that no microbenchmark knows: MLPerf Tiny, int8 and float, and the shipped keyword spotters. */
const heldOut = [
  ...['kws_ref_model', 'vww_96_int8', 'ad01_int8', 'pretrainedResnet_quant', 'str_ww_ref_model'],
  ...['kws_ref_model_float32', 'vww_96_float', 'ad01_fp32', 'pretrainedResnet'],
].map((name) => join(mlperf, `${name}.tflite`))

function paths() {
  const variants = readdirSync(shipped).filter((name) => name.endsWith('.onnx'))
  return [...heldOut, ...variants.map((name) => join(shipped, name))].filter((path) => existsSync(path))
}

/** Nodes `from` up to `to` of a graph as a graph of their own. */
export function cut(graph, from, to) {
  const nodes = graph.nodes.slice(from, to)
  const made = new Set(nodes.flatMap((node) => node.outputs))
  const read = nodes.flatMap((node) => node.inputs).filter((name) => name !== '')
  const inputs = [...new Set(read)].filter((name) => !made.has(name) && !graph.tensors.get(name).data)
  const later = new Set([...graph.nodes.slice(to).flatMap((node) => node.inputs), ...graph.outputs])
  const outputs = [...made].filter((name) => later.has(name))
  const used = new Set([...read, ...made])
  const tensors = new Map([...graph.tensors].filter(([name]) => used.has(name)))
  return { ...graph, nodes, tensors, inputs, outputs }
}

function randomRanges(count, ranges, seed) {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const found = new Map()
  for (let tries = 0; found.size < ranges && tries < 100; tries++) {
    const [a, b] = [next(), next()].map((value) => Math.floor(value * (count + 1)))
    const [from, to] = [Math.min(a, b), Math.max(a, b)]
    if (to > from && to - from < count) found.set(`${from}..${to}`, [from, to])
  }
  return [...found.values()]
}

/** Whole held-out models and random runs of their nodes, as segments in canonical form. */
export function heldOutSegments(ranges = 4) {
  return paths().flatMap((path, index) => {
    const name = path.split('/').at(-1)
    const whole = segmentIn(readModel(readFileSync(path), name), 'canonical').graph
    const all = [[0, whole.nodes.length], ...randomRanges(whole.nodes.length, ranges, index + 1)]
    return all.map(([from, to]) => {
      const graph = cut(whole, from, to)
      const segment = { graph, source: { format: 'tflite', bytes: writeTflite(graph) } }
      return { model: name, from, to, whole: to - from === whole.nodes.length, segment }
    })
  })
}
