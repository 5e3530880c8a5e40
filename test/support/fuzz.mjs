// Reads mutated model files and, where one is still a legal graph, brings it into canonical form, checks its shapes,
// compiles it and interprets it if it is small. Prints one JSON document: outcomes by stage, whatever was thrown that is
// no MilliwattError, the slowest case and the peak of memory. The number of the case that runs stands in a file, so
// that a case that hangs or kills the process can be found.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { basename } from 'node:path'
import { segmentSpecs } from '../../dist/backends/backend.js'
import { compileGraph } from '../../dist/compile/compile.js'
import { MilliwattError } from '../../dist/core/errors.js'
import { segmentIn } from '../../dist/formats/forms.js'
import { readModel } from '../../dist/formats/list.js'
import { checkShapes } from '../../dist/graph/check-shapes.js'
import { modelFacts } from '../../dist/graph/facts.js'
import { interpret } from '../../dist/graph/reference/interpret.js'
import { arrayTypes, knownShape, sampleInput } from '../../dist/loop/input.js'

const [log, firstSeed, cases, ...paths] = process.argv.slice(2)
const originals = paths.map((path) => ({ name: basename(path), bytes: readFileSync(path) }))

/** Above this many multiply-accumulates the interpreter is left out: it would only be slow. */
const mostMacs = 3e5

function generator(seed) {
  let state = (seed * 2654435761) >>> 0
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) >>> 0
    return ((state ^ (state >>> 13)) >>> 0) % below
  }
}

const interesting = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 64, 127, 128, 254, 255]

/** Structure lies at the ends of a file more often than in its weights. */
function place(next, length) {
  const near = Math.min(length, 4096)
  const kind = next(3)
  if (kind === 0) return next(length)
  return kind === 1 ? next(near) : length - 1 - next(near)
}

const mutations = [
  (bytes, next) => {
    bytes[place(next, bytes.length)] ^= 1 << next(8)
    return bytes
  },
  (bytes, next) => {
    bytes[place(next, bytes.length)] = interesting[next(interesting.length)]
    return bytes
  },
  (bytes, next) => {
    const at = place(next, bytes.length - 4)
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, [0, 0xffffffff, 0x7fffffff, 0x80000000][next(4)], true)
    return bytes
  },
  (bytes, next) => (next(10) === 0 ? bytes.slice(0, 1 + next(bytes.length - 1)) : bytes),
  (bytes, next) => {
    const length = 1 + next(64)
    const from = place(next, bytes.length - length)
    bytes.copyWithin(place(next, bytes.length - length), from, from + length)
    return bytes
  },
  (bytes, next) => {
    const at = place(next, bytes.length)
    const cut = 1 + next(16)
    return next(2) === 0
      ? Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + cut)])
      : Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(0, cut), ...bytes.subarray(at)])
  },
]

function mutated(seed) {
  const next = generator(seed)
  const { name, bytes: original } = originals[seed % originals.length]
  let bytes = Uint8Array.from(original)
  for (let edit = next(3); edit >= 0 && bytes.length > 80; edit--)
    bytes = mutations[next(mutations.length)](bytes, next)
  return { name, bytes }
}

function inputsOf(graph) {
  const { inputs } = segmentSpecs({ graph, source: { format: '', bytes: new Uint8Array(0) } })
  const small = inputs.every((spec) => arrayTypes[spec.dtype] && knownShape(spec).reduce((a, b) => a * b, 1) < 1e6)
  if (!small) return null
  const values = sampleInput(inputs)
  return graph.inputs.map((input) => values[input].data)
}

/** The stage that a model reached, and the code of its refusal if there was one. */
function tryModel({ name, bytes }) {
  let stage = 'read'
  try {
    const segment = readModel(bytes, name)
    stage = 'facts'
    modelFacts(segment.graph)
    stage = 'canonical'
    const { graph } = segmentIn(segment, 'canonical')
    stage = 'shapes'
    checkShapes(graph, name)
    stage = 'compile'
    compileGraph(graph, { simd: 'scalar' })
    stage = 'interpret'
    const inputs = (modelFacts(graph).macs ?? Number.POSITIVE_INFINITY) < mostMacs ? inputsOf(graph) : null
    if (inputs) interpret(graph, inputs, 'tflm')
    return 'done'
  } catch (error) {
    const { cause } = error
    const bug = cause instanceof TypeError || cause instanceof ReferenceError || (stage === 'compile' && cause)
    if (error instanceof MilliwattError && !bug) return `${stage} ${error.code}`
    throw Object.assign(bug ? cause : error, { stage })
  }
}

const outcomes = {}
const faults = []
let slowest = { seed: -1, milliseconds: 0 }
const file = openSync(log, 'w')
for (let seed = Number(firstSeed); seed < Number(firstSeed) + Number(cases); seed++) {
  writeSync(file, String(seed).padEnd(12), 0)
  const model = mutated(seed)
  const start = performance.now()
  let outcome
  try {
    outcome = tryModel(model)
  } catch (error) {
    outcome = 'fault'
    faults.push({ seed, model: model.name, stage: error.stage, error: String(error.stack).split('\n').slice(0, 4) })
  }
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  const milliseconds = performance.now() - start
  if (milliseconds > slowest.milliseconds) slowest = { seed, milliseconds, model: model.name, outcome }
}
closeSync(file)
const peakMb = process.resourceUsage().maxRSS / 1024
process.stdout.write(JSON.stringify({ outcomes, faults: faults.slice(0, 20), count: faults.length, slowest, peakMb }))
