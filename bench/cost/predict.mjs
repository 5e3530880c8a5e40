// How well latencies of held-out models are predicted: node bench/cost/predict.mjs [--data FILE] [--backends A,B] [--seconds N]
// Profiles the machine, times held-out segments in turns on all places, and compares. With --data the figures are kept in
// a file, or taken from it where it is there already.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { selectBackends } from '../../dist/backends/list.js'
import { graphBorder } from '../../dist/cost/border.js'
import { graphWork } from '../../dist/cost/node-work.js'
import { observationsOf, placeModel } from '../../dist/cost/observe.js'
import { fitPlace, predictWork } from '../../dist/cost/place-model.js'
import { nodeHost } from '../../dist/hosts/node.js'
import { probe } from '../../dist/loop/probe.js'
import { profileMachine } from '../../dist/loop/profile-machine.js'
import { collect } from './collect.mjs'
import { heldOutSegments } from './segments.mjs'

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    backends: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    all: { type: 'boolean', default: false },
  },
})

async function measure() {
  const host = nodeHost()
  const names = values.backends?.split(',')
  const told = (text) => process.stderr.write(`\r${text}   `)
  const profile = await profileMachine({
    host,
    probe: await probe(host),
    backends: selectBackends(names),
    budgetS: Number(values.seconds),
    onProgress: ({ done, total }) => told(`profile ${done}/${total}`),
  })
  const truths = await collect(host, names, (done, total) => told(`segments ${done}/${total}`))
  return { profile, truths }
}

const kept = values.data && existsSync(values.data)
const data = kept ? JSON.parse(readFileSync(values.data, 'utf8')) : await measure()
if (values.data && !kept) writeFileSync(values.data, JSON.stringify(data))
// Kept figures are fitted by the code as it is now.
if (kept) for (const place of Object.values(data.profile.places)) place.fit = fitPlace(observationsOf(place.figures))

const quantile = (list, q) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(q * list.length))]
const percent = (share) => `${(100 * share).toFixed(1)} %`

const segments = heldOutSegments()
const backends = selectBackends(undefined)
const rows = data.truths.flatMap(({ place, segment, latencyS }) => {
  const profile = data.profile.places[place]
  if (!profile) return []
  const { graph } = segments[segment].segment
  const backend = backends.find(({ name }) => name === profile.backend)
  const work = backend.work?.(segments[segment].segment) ?? graphWork(graph)
  const guess = predictWork(placeModel(profile), work, graphBorder(graph))
  const inside = latencyS >= guess.low90S && latencyS <= guess.high90S
  return [{ place, segment, latencyS, guess, inside, error: guess.latencyS / latencyS - 1 }]
})

function line(title, list) {
  const errors = list.map(({ error }) => Math.abs(error))
  const within = errors.filter((error) => error <= 0.1).length / errors.length
  const bias = list.reduce((sum, { error }) => sum + Math.log1p(error), 0) / list.length
  const covered = list.filter(({ inside }) => inside).length / list.length
  console.log(
    `${title.padEnd(26)} n ${String(list.length).padStart(3)}  within 10 %: ${percent(within).padStart(7)}  median ${percent(quantile(errors, 0.5)).padStart(7)}  p90 ${percent(quantile(errors, 0.9)).padStart(7)}  bias ${percent(bias).padStart(7)}  in 90 % interval ${percent(covered).padStart(7)}`,
  )
}

for (const place of [...new Set(rows.map((row) => row.place))])
  line(
    place,
    rows.filter((row) => row.place === place),
  )
line('all', rows)
if (values.all)
  for (const { place, segment, latencyS, guess, error } of rows) {
    const { model, from, to } = segments[segment]
    console.log(
      `${place.padEnd(22)} ${model.padEnd(28)} ${`${from}..${to}`.padEnd(8)} ${(latencyS * 1e6).toFixed(1).padStart(9)} us, predicted ${(guess.latencyS * 1e6).toFixed(1).padStart(9)}, ${percent(error)}`,
    )
  }
