// Inference engines side by side, in one process, in turns. Run after "npm run build", also with another Node:
//   node bench/engines/run.mjs [--data FOLDER] [--models KWS,VWW] [--engines TEXT,TEXT] [--rounds 25] [--starts 5] [--json]
import { existsSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { check } from './check.mjs'
import { classTable } from './goals.mjs'
import { interleave, spread } from './interleave.mjs'
import { loadModel, modelFiles } from './model.mjs'
import { peakGmacs } from './peak.mjs'
import { findEngines } from './peers/list.mjs'
import { classText, modelText, startText } from './print.mjs'
import { measureStart } from './start.mjs'

const shared = process.env.MILLIWATT_SHARED ?? '../shared'
const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: `${shared}/data/mlperf-tiny` },
    models: { type: 'string', default: Object.keys(modelFiles).join(',') },
    engines: { type: 'string', default: '' },
    rounds: { type: 'string', default: '25' },
    starts: { type: 'string', default: '5' },
    'turn-ms': { type: 'string', default: '4' },
    'warm-ups': { type: 'string', default: '300' },
    json: { type: 'boolean', default: false },
  },
})

const messageOf = (error) => String(error?.message ?? error).split('\n')[0]

/** Opens an engine; one that refuses a file may have a second form of it, which is noted. */
async function openOn({ file, secondFile, open }, form) {
  try {
    const bytes = await file(form)
    return { engine: await open(bytes, form), bytes: bytes.length }
  } catch (error) {
    if (!secondFile) throw error
    const bytes = secondFile(form)
    return { engine: await open(bytes, form), bytes: bytes.length, refused: messageOf(error) }
  }
}

/** An engine, opened and checked; when it fails or computes wrong it stays in the list without times. */
async function prepare(candidate, model) {
  const { name, rival, renderer, kind, version, semantics } = candidate
  const facts = { name, rival, renderer, kind, version, form: candidate.form, semantics }
  const form = candidate.form === 'float' ? model.float() : model.int8
  try {
    const { engine, bytes, refused } = await openOn(candidate, form)
    const checked = await check(engine, form, semantics)
    const { layers, arenaBytes } = engine.manifest ?? {}
    const macs = layers ? layers.reduce((sum, layer) => sum + layer.macs, 0) : model.macs
    return { facts: { ...facts, bytes, arenaBytes, refused, macs, checked }, engine, right: checked.right }
  } catch (error) {
    return { facts: { ...facts, failure: messageOf(error) }, right: false }
  }
}

async function compareOn(name, candidates) {
  const model = loadModel(options.data, name)
  const prepared = []
  for (const candidate of candidates) prepared.push(await prepare(candidate, model))
  const right = prepared.filter((each) => each.right)
  const settings = {
    rounds: Number(options.rounds),
    turnMs: Number(options['turn-ms']),
    warmUps: Number(options['warm-ups']),
  }
  const times = await interleave(
    right.map(({ engine }) => engine),
    settings,
  )
  const engines = prepared.map(({ facts, engine }) => {
    const at = right.findIndex((each) => each.engine === engine)
    if (!engine || at < 0) return facts
    const ratio = spread(times[at].map((time, round) => time / times[0][round]))
    return { ...facts, us: spread(times[at]), ratio, times: times[at] }
  })
  for (const { engine } of prepared) await engine?.close()
  return { model: name, file: model.file, macs: model.macs, engines }
}

/** In KWS, the model of the goals. */
async function compareStarts(candidates) {
  const times = Number(options.starts)
  const model = loadModel(options.data, 'KWS')
  const starts = []
  for (const candidate of times > 0 ? candidates : []) {
    if (candidate.form === 'float') continue
    const { name } = candidate
    try {
      starts.push({ name, ...(await measureStart(candidate, model.int8, times)) })
    } catch (error) {
      starts.push({ name, failure: messageOf(error) })
    }
  }
  return { model: 'KWS', starts }
}

if (!existsSync(options.data)) {
  console.error(`There is no folder ${options.data}: name the one with MLPerf Tiny's models/ and golden/ by --data.`)
  process.exit(2)
}
const { engines: found, missing } = await findEngines()
const wanted = options.engines.split(',')
const candidates = found.filter(({ name }) => wanted.some((text) => name.includes(text)))
const simds = candidates.map(({ renderer }) => renderer).filter((renderer) => ['simd128', 'relaxed'].includes(renderer))
const peaks = Object.fromEntries(simds.map((simd) => [simd, peakGmacs(simd)]))
const timed = candidates.filter(({ startOnly }) => !startOnly)
const machine = { node: process.version, v8: process.versions.v8, cpu: cpus()[0]?.model, load: loadavg()[0] }
const print = (text) => options.json || text === '' || console.log(text)

print(`Node ${machine.node}, V8 ${machine.v8}, ${machine.cpu}, load ${machine.load.toFixed(1)}`)
print(`relaxed SIMD dot ${peaks.relaxed ? 'proved' : 'not right or not known here, not used'}`)
for (const [simd, gmacs] of Object.entries(peaks)) print(`peak of one core's ${simd}: ${gmacs.toFixed(1)} GMAC/s`)
for (const [name, next] of Object.entries(missing)) print(`left out: ${name} (${next})`)
const models = []
for (const name of options.models.split(',')) {
  models.push(await compareOn(name, timed))
  print(modelText(models.at(-1), peaks))
}
const classes = classTable(models)
print(classText(classes))
const starts = await compareStarts(candidates)
print(startText(starts))
if (options.json) {
  const withoutTurns = models.map((each) => ({ ...each, engines: each.engines.map(({ times, ...engine }) => engine) }))
  console.log(JSON.stringify({ version: 1, ...machine, peaks, missing, models: withoutTurns, classes, starts }))
}
process.exit(0)
