// A real slow-down: another process takes half of the core on which an adaptive model runs (both are pinned by taskset). Counts the inferences until it is noticed
// and undone, and the switches. node bench/plan/adapt.mjs [episodes] (default 5). Build first. Exit code 1 when a figure misses.
//
// Both variants take longer than the scheduler's slices (some milliseconds), which else hide the slow-down from single inferences. The limit on
// latency is 1.5 times what the large one takes alone at the 95th percentile, and accuracy is to be made large.
import { spawn, spawnSync } from 'node:child_process'
import { median } from '../../dist/core/stats.js'
import { chainGraph } from '../../dist/cost/bench-graph.js'
import { writeTflite } from '../../dist/formats/tflite/writer.js'
import { nodeHost } from '../../dist/hosts/node.js'
import { AdaptiveModel } from '../../dist/loop/adaptive.js'
import { sampleInput } from '../../dist/loop/input.js'
import { openRuntimeOn } from '../../dist/loop/runtime.js'
import { choose } from '../../dist/plan/choose.js'

const pinned = 'MILLIWATT_PINNED'
if (!process.env[pinned]) {
  const again = spawnSync('taskset', ['-c', '0', process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [pinned]: '1' },
  })
  if (again.error) console.error(`taskset is needed: ${again.error.message}`)
  process.exit(again.status ?? 1)
}

const episodes = Number(process.argv[2] ?? 5)
const { clock } = nodeHost()
const runtime = await openRuntimeOn(nodeHost(), { backends: ['compiled'] })
const layer = (size, channels) => ({
  op: 'conv_2d',
  height: size,
  width: size,
  channels,
  outputs: channels,
  filterH: 3,
  filterW: 3,
  stride: 1,
})
const networks = {
  large: { accuracy: 0.97, layers: Array(6).fill(layer(64, 64)) },
  small: { accuracy: 0.9, layers: Array(3).fill(layer(64, 64)) },
}

async function open(name) {
  const model = await runtime.load(writeTflite(chainGraph(networks[name].layers, 'int8')), {
    remeasure: true,
    goal: { minimize: 'latency' },
  })
  const { latencyS, latencyP95S } = model.plan.chosen
  return { model, latency: { medianS: latencyS, p95S: latencyP95S, n: 100 } }
}

const opened = { large: await open('large'), small: await open('small') }
const candidates = Object.keys(networks).map((key) => ({
  key,
  variant: key,
  places: [{ backend: 'compiled', device: 'cpu' }],
  accuracy: networks[key].accuracy,
  modelBytes: 1,
  arenaBytes: null,
  macs: null,
  latency: opened[key].latency,
  energy: null,
  idle: null,
}))
const goal = { minimize: 'accuracy', maxLatencyS: 1.5 * opened.large.latency.p95S }
const { judged } = choose(candidates, goal)
const adaptive = new AdaptiveModel({
  clock,
  judged,
  goal,
  first: opened.large.model,
  load: async (key) => opened[key].model,
})
const input = (model) =>
  Object.fromEntries(Object.entries(sampleInput(model.inputs)).map(([name, tensor]) => [name, tensor.data]))

const startHog = () => spawn('taskset', ['-c', '0', process.execPath, '-e', 'for (;;);'])
const runs = async (count) => {
  for (let run = 0; run < count; run++) await adaptive.run(input)
}
/** Inferences until the model of this name runs; null if it does not within so many. */
async function until(name, most) {
  for (let run = 0; run < most; run++) {
    if (adaptive.model === opened[name].model) return run
    await adaptive.run(input)
  }
  return null
}

const told = (values) => `median ${median(values)} (${values.join(', ')})`
const [noticed, undone] = [[], []]
await runs(60)
console.log(
  `alone: large ${(opened.large.latency.medianS * 1e3).toFixed(1)} ms, small ${(opened.small.latency.medianS * 1e3).toFixed(1)} ms; limit ${(goal.maxLatencyS * 1e3).toFixed(1)} ms`,
)
const before = adaptive.switches.length
for (let episode = 0; episode < episodes; episode++) {
  const hog = startHog()
  noticed.push((await until('small', 200)) ?? Number.POSITIVE_INFINITY)
  await runs(100)
  hog.kill()
  undone.push((await until('large', 2000)) ?? Number.POSITIVE_INFINITY)
  await runs(200)
}
for (const { after, to, reason } of adaptive.switches) console.log(`  after ${after}: ${to.split(' ')[0]}, ${reason}`)
const switches = adaptive.switches.length - before
const ok = noticed.every((count) => count <= 20) && undone.every(Number.isFinite) && switches === 2 * episodes
console.log(`noticed after ${told(noticed)} inferences (goal ≤ 20), undone after ${told(undone)}`)
console.log(
  `${switches} switches in ${episodes} episodes (goal ${2 * episodes})${before > 0 ? `, and ${before} before` : ''}`,
)
await runtime.dispose()
process.exit(ok ? 0 : 1)
