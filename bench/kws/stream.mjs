// A stream of an hour that holds no keyword, and one like a day (5 % speech, else a quiet room), heard by the large net
// alone and by the card's cascade: load of one core, time of a hop, heap, false alarms, multiply-accumulates, and energy as
// modelled for a machine that takes 1 W at work and nothing between: seconds of work, then, by the medians of the parts.
// Usage: npm run build && node --expose-gc bench/kws/stream.mjs MODEL_FOLDER DATA_FOLDER [NOISE...]
import { toInt16Samples } from '../../dist/audio/fixed/extractor.js'
import { quietScene } from '../../dist/audio/stream/scene.js'
import { random } from '../../dist/core/random.js'
import { nodeHost, openRuntime } from '../../dist/entries/node.js'
import { KeywordStream } from '../../dist/loop/keyword-stream.js'
import { columnTimeS, listeningPower } from '../../dist/loop/listening-power.js'
import { netScorer } from '../../dist/loop/net-scorer.js'
import { openCascade } from '../../dist/loop/open-cascade.js'
import { largeAlone } from '../../dist/loop/stream-summary.js'
import { readValidationClips } from '../../dist/loop/validation-clips.js'

const [folder, data, ...noises] = process.argv.slice(2)
if (!data) {
  console.error('usage: node --expose-gc bench/kws/stream.mjs MODEL_FOLDER DATA_FOLDER [NOISE...]')
  process.exit(2)
}
const host = nodeHost()
const { clock } = host
const runtime = await openRuntime({ backends: ['compiled'] })
const load = (variant) => runtime.load(folder, { variant })
const { card } = (await runtime.load(folder)).catalogue
if (!card.cascade)
  throw new Error('The card has no cascade: milliwatt kws calibrate MODEL --cascade SMALL LARGE --write')
const choice = { folder: data, split: 'val', ...(noises.length > 0 ? { noises } : {}) }
const clips = await readValidationClips(host, card, choice)
const rate = card.features.sampleRateHz

/** Speech, words and noise without keywords, in pieces, until so many seconds are over. */
function* speech(seconds, seed) {
  for (let round = 0, left = seconds * rate; left > 0; round++)
    for (const { samples } of quietScene(clips.others, clips.noises, rate, seed + round)) {
      if (left <= 0) return
      left -= samples.length
      yield toInt16Samples(samples)
    }
}

/** A room at -60 to -50 dBFS, and for 5 % of the time speech in it. */
function* day(seconds, seed) {
  const next = random(seed)
  const talk = speech(seconds, seed + 1)
  let [all, spoken] = [0, 0]
  while (all < seconds * rate) {
    const level = 32768 * 10 ** ((-60 + 10 * next()) / 20)
    const room = Int16Array.from({ length: 10 * rate }, () => Math.round(level * next.normal()))
    all += room.length
    yield room
    while (spoken < 0.05 * all) {
      const { value } = talk.next()
      if (!value) return
      spoken += value.length
      all += value.length
      yield value
    }
  }
}

const heap = () => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}

function listen(name, settings, scorer, pieces) {
  const stream = new KeywordStream({ card, settings, scorer, clock })
  const heaps = []
  let next = 0
  for (const piece of pieces) {
    stream.push(piece)
    if (stream.facts.audioS < next) continue
    next += 600
    heaps.push(heap().toFixed(1))
  }
  const { facts } = stream
  console.log(
    `${name}: ${(facts.audioS / 3600).toFixed(2)} h, load ${(100 * facts.load).toFixed(3)} % of one core, a hop p99 ${(1e3 * facts.hop.p99S).toFixed(2)} ms, most ${(1e3 * facts.hop.maxS).toFixed(1)} ms, ${facts.events} false alarms, ${(facts.macs / facts.audioS / 1e6).toFixed(2)} MMAC a second; heap in MiB every 10 minutes: ${heaps.join(' ')}`,
  )
  return facts
}

const alone = card.variants.find(({ name }) => name === card.cascade.large)
const large = await load(alone.name)
const settings = alone.detector ?? card.cascade.detector
const one = { activeW: 1, idleW: 0 }
const powerOf = (nets) => listeningPower(one, columnTimeS(card.features, clock), nets)
const cascade = await openCascade({ card, load, clock, powerOf })
const { columnJ } = cascade.power
const micro = (joules) => `${(1e6 * joules).toFixed(1)} µs`
console.log(
  `${cascade.name}: a column ${micro(columnJ)}, a look ${['smallJ', 'earlyJ', 'largeJ'].map((part) => micro(cascade.power[part])).join(', ')}`,
)
const streams = { 'an hour of speech': () => speech(3600, 5000), 'like a day': () => day(3600, 6000) }
for (const [name, pieces] of Object.entries(streams)) {
  const always = listen(
    `${name}, ${large.variant.name}`,
    settings,
    (window) => netScorer(large, window, card.labels),
    pieces(),
  )
  const two = listen(`${name}, ${cascade.name}`, cascade.settings, cascade.scorer, pieces())
  const current = cascade.current()
  const { counts } = current.cascade
  const looks = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const lastedS = looks * settings.stepS
  const alone = largeAlone(cascade, { looks: counts }, card.features.hopS, always)
  const hour = (joules) => ((3600 * joules) / lastedS).toFixed(2)
  const shares = Object.entries(counts).map(([stage, count]) => `${stage} ${((100 * count) / looks).toFixed(1)} %`)
  console.log(
    `${name}: ${(always.macs / two.macs).toFixed(1)} times fewer multiply-accumulates; ${hour(current.governor.energyJ)} in place of ${hour(alone.energyJ)} J an hour at 1 W (modelled), front end ${((3600 * columnJ) / card.features.hopS).toFixed(2)} of it; looks ${shares.join(', ')}`,
  )
}
await runtime.dispose()
