// Overhead of milliwatt's run() over the raw engine call on the same kind of session, interleaved in one process,
// and growth of the heap over 10,000 runs. Build first (npm run bench does).
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as ort from 'onnxruntime-web'
import { openRuntime } from '../dist/entries/node.js'

const rounds = 40
const runsPerRound = 50

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]
const spread = (values) => {
  const sorted = values.toSorted((a, b) => a - b)
  return [sorted[Math.floor(values.length * 0.25)], sorted[Math.floor(values.length * 0.75)]]
}
const microseconds = (ms) => (ms * 1e3).toFixed(1)

const folder = join(import.meta.dirname, '..', 'models', 'kws')
const card = JSON.parse(readFileSync(join(folder, 'card.json'), 'utf8'))
const variant = card.variants.find((entry) => entry.dtype === 'int8')

const runtime = await openRuntime({ backends: ['onnxruntime-web'] })
const model = await runtime.load(folder, { variant: variant.name })
ort.env.wasm.numThreads = 1
const session = await ort.InferenceSession.create(readFileSync(join(folder, variant.file)), {
  executionProviders: ['wasm'],
  graphOptimizationLevel: 'all',
  intraOpNumThreads: 1,
  logSeverityLevel: 3,
})

const { name, shape } = model.inputs[0]
const length = shape.reduce((a, b) => a * b, 1)
const features = Float32Array.from({ length }, (_, i) => Math.sin(i))

const raw = () => session.run({ [name]: new ort.Tensor('float32', features, shape) })
const ours = () => model.run(features)

async function timed(call) {
  const startMs = performance.now()
  await call()
  return performance.now() - startMs
}

for (let i = 0; i < 200; i++) {
  await raw()
  await ours()
}
const differences = []
const rawTimes = []
for (let round = 0; round < rounds; round++) {
  const a = []
  const b = []
  for (let run = 0; run < runsPerRound; run++) {
    a.push(await timed(raw))
    b.push(await timed(ours))
  }
  rawTimes.push(median(a))
  differences.push(median(b) - median(a))
}

globalThis.gc?.()
const heapBefore = process.memoryUsage().heapUsed
for (let run = 0; run < 10_000; run++) await ours()
globalThis.gc?.()
const heapAfter = process.memoryUsage().heapUsed

const [low, high] = spread(differences)
console.log(
  `variant ${variant.name}, ${rounds} rounds of ${runsPerRound} interleaved runs, node ${process.versions.node}`,
)
console.log(`raw session.run()        median ${microseconds(median(rawTimes))} µs`)
console.log(
  `overhead of model.run()  median ${microseconds(median(differences))} µs (quartiles ${microseconds(low)} to ${microseconds(high)})`,
)
console.log(
  `heap over 10,000 runs    ${((heapAfter - heapBefore) / 1024).toFixed(0)} KiB${globalThis.gc ? '' : ' (run node with --expose-gc for a true figure)'}`,
)
await runtime[Symbol.asyncDispose]()
await session.release()
