// A word more from five recordings: how many of its other recordings a stream then gives, how often other speech is taken
// for it, what the old keywords lose, how long it takes. Words of the data that are no keywords, several draws each; the
// recordings of the word stay out of the windows that it is told from.
// Usage: npm run build && node bench/kws/enrol.mjs DATA_FOLDER [VARIANT] [DRAWS] [JSON_FILE]
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { decodeAudio } from '../../dist/audio/decode.js'
import { createFeatureExtractor } from '../../dist/audio/features.js'
import { toInt16Samples } from '../../dist/audio/fixed/extractor.js'
import { KeywordDetector } from '../../dist/audio/stream/detector.js'
import { FeatureStream } from '../../dist/audio/stream/feature-stream.js'
import { quietScene, spokenScene } from '../../dist/audio/stream/scene.js'
import { findWord } from '../../dist/audio/word-span.js'
import { detectorSettings } from '../../dist/catalogue/detector-settings.js'
import { loadCatalogue } from '../../dist/catalogue/load.js'
import { random } from '../../dist/core/random.js'
import { nodeHost } from '../../dist/entries/node.js'
import { openEmbedder } from '../../dist/loop/enrol/embedder.js'
import { learnWord } from '../../dist/loop/enrol/learn-word.js'
import { readOthers } from '../../dist/loop/enrol/others.js'

const [data, variantName = 'ds-cnn-64-int8', drawText = '3', report] = process.argv.slice(2)
if (!data) {
  console.error('usage: node bench/kws/enrol.mjs DATA_FOLDER [VARIANT] [DRAWS] [JSON_FILE]')
  process.exit(2)
}
/** Words and the collection they come from; speakers are known in the last one only, where five recordings have five speakers. */
const words = [
  ['hadouken', 'words_hymel'],
  ['dracarys', 'words_hymel'],
  ['trick_or_treat', 'words_hymel'],
  ['athena', 'words_mycroft'],
  ['amelia', 'words_mycroft'],
  ['heychatterbox', 'words_mycroft'],
  ['yes', 'words_sc'],
  ['stop', 'words_sc'],
  ['right', 'words_sc'],
  ['down', 'words_sc'],
]
const mostClips = 40
const grid = [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8]

const host = nodeHost()
const catalogue = await loadCatalogue(host, 'kws')
const { card } = catalogue
const variant = catalogue.variants.find(({ name }) => name === variantName)
const embedder = openEmbedder(variant.segment)
const extractor = createFeatureExtractor(card.features)
const others = await readOthers(host, catalogue)
const rate = card.features.sampleRateHz
const settings = detectorSettings(card, variantName)
const rows = parse(readFileSync(join(data, 'manifest.csv'), 'utf8'), { columns: true })
const read = async ({ path }) => (await decodeAudio(readFileSync(join(data, path)), path)).samples
const place = (text, otherwise) => (text ? Math.round(Number(text) * rate) : otherwise)

async function clipsOf(chosen) {
  const clips = []
  for (const row of chosen) {
    const samples = await read(row)
    const found = row.kw_start ? null : findWord(samples, rate)
    const from = found?.from ?? place(row.kw_start, 0)
    const to = found?.to ?? Math.min(samples.length, place(row.kw_end, samples.length))
    clips.push({ ...row, samples, from, to, level: found?.level ?? 1, floor: found?.floor ?? 0 })
  }
  return clips
}

/** What the net sees of a stream, look by look: embeddings and logits, and for every piece its looks. */
function look(pieces) {
  const window = new FeatureStream(card.features)
  const hopsALook = Math.round(settings.stepS / card.features.hopS)
  const features = new Float32Array(window.window.length)
  const seen = { embeddings: [], logits: [], sums: [], pieces: [], seconds: 0 }
  for (const { samples, word } of pieces) {
    const first = seen.sums.length
    const whole = toInt16Samples(samples)
    for (let at = 0; at < whole.length; ) {
      at = window.push(whole, at)
      if (!window.ended || window.columns % hopsALook !== 0) continue
      window.toFloats(features)
      const embedding = new Float64Array(embedder.width)
      seen.sums.push(embedder.embed(features, embedding))
      seen.embeddings.push(embedding)
      seen.logits.push(embedder.logits.slice())
    }
    seen.seconds += samples.length / rate
    seen.pieces.push({ word, first, end: seen.sums.length })
  }
  return seen
}

const scoreOf = ({ weights, bias }, embedding, sum) => {
  let logit = bias
  for (let k = 0; k < weights.length; k++) logit += weights[k] * embedding[k]
  return 1 / (1 + Math.exp(sum - logit))
}

/** Events of the new word by piece, at a threshold. */
function events(seen, scores, threshold) {
  const detector = new KeywordDetector(['word'], { ...settings, thresholds: { word: threshold } })
  return seen.pieces.map(({ first, end }) => {
    let count = 0
    for (let at = first; at < end; at++) if (detector.push([scores[at]], at * settings.stepS)) count += 1
    return count
  })
}

/** Keywords of the card that a stream gives, with the new word beside them or without it. */
function keywordsHeard(seen, scores, wordThreshold) {
  const labels = scores ? [...card.labels, 'word'] : card.labels
  const thresholds = scores ? { ...settings.thresholds, word: wordThreshold } : settings.thresholds
  const detector = new KeywordDetector(labels, { ...settings, thresholds })
  return seen.pieces.filter(({ word, first, end }) => {
    let heard = false
    for (let at = first; at < end; at++) {
      const old = Array.from(seen.logits[at], (logit) => Math.exp(logit - seen.sums[at]) * (1 - (scores?.[at] ?? 0)))
      heard = detector.push(scores ? [...old, scores[at]] : old, at * settings.stepS)?.keyword === word.keyword || heard
    }
    return heard
  }).length
}

const isVal = ({ split }) => split === 'val'
const noises = await clipsOf(rows.filter((row) => row.kind === 'noise'))
const otherClips = await clipsOf(rows.filter((row) => isVal(row) && !['noise', 'keyword'].includes(row.kind)))
const keywordClips = await clipsOf(rows.filter((row) => isVal(row) && row.kind === 'keyword'))
// Clips of the new words are told by their label: a scene keeps the order of its clips to itself, so every one is a scene.
const quiet = otherClips.map((clip, at) => ({ label: clip.label, piece: [...quietScene([clip], [], rate, at)] }))
const quietSeen = look(quiet.flatMap(({ piece }) => piece))
const spokenSeen = look(spokenScene(keywordClips, [], null, rate, 1))
const before = keywordsHeard(spokenSeen, null)
console.error(
  `${(quietSeen.seconds / 3600).toFixed(2)} h without keywords, ${before} of ${keywordClips.length} keywords`,
)

const results = []
const next = random(17)
for (const [word, folder] of words) {
  const own = rows.filter((row) => row.label === word && row.path.startsWith(`${folder}/`)).slice(0, 3 * mostClips)
  const spread = own.filter((_, at) => at % Math.ceil(own.length / mostClips) === 0)
  const clips = await clipsOf(spread)
  const seen = {
    clean: look(clips.flatMap((clip, at) => [...spokenScene([clip], [], null, rate, at)])),
    '10 dB': look(clips.flatMap((clip, at) => [...spokenScene([clip], noises, 10, rate, at)])),
  }
  for (let draw = 0; draw < Number(drawText); draw++) {
    const fine = clips.filter(({ from, to }) => to - from < card.features.clipS * rate && to - from > 0.2 * rate)
    const order = fine.map((clip) => [next(), clip]).sort(([a], [b]) => a - b)
    const chosen = new Set(order.slice(0, 5).map(([, clip]) => clip))
    const start = process.cpuUsage()
    const learned = learnWord(embedder, extractor, [...chosen], others, word, [])
    const { user, system } = process.cpuUsage(start)
    const seconds = (user + system) / 1e6
    const scoresOf = (each) => each.embeddings.map((embedding, at) => scoreOf(learned.added, embedding, each.sums[at]))
    const tested = clips.map((clip, at) => [clip, at]).filter(([clip]) => !chosen.has(clip))
    const speakers = new Set([...chosen].map(({ speaker }) => speaker))
    const found = {}
    const quietScores = scoresOf(quietSeen)
    const strange = quiet.map(({ label }) => label !== word)
    const hours =
      (quietSeen.pieces.reduce((sum, { first, end }, at) => sum + (strange[at] ? end - first : 0), 0) *
        settings.stepS) /
      3600
    const wordScores = { clean: scoresOf(seen.clean), '10 dB': scoresOf(seen['10 dB']) }
    for (const threshold of new Set([...grid, learned.threshold])) {
      const alarms = events(quietSeen, quietScores, threshold)
      const line = {
        falseAlarmsPerHour: alarms.reduce((sum, count, at) => sum + (strange[at] ? count : 0), 0) / hours,
        otherClips: alarms.filter((count, at) => strange[at] && count > 0).length / strange.filter(Boolean).length,
      }
      for (const condition of ['clean', '10 dB']) {
        const heard = events(seen[condition], wordScores[condition], threshold)
        line[condition] = tested.filter(([, at]) => heard[at] > 0).length / tested.length
        const apart = tested.filter(([clip]) => clip.speaker !== '' && !speakers.has(clip.speaker))
        if (apart.length > 0)
          line[`${condition}, other speakers`] = apart.filter(([, at]) => heard[at] > 0).length / apart.length
      }
      found[threshold] = line
      if (threshold === learned.threshold) found.own = line
    }
    const after = keywordsHeard(spokenSeen, scoresOf(spokenSeen), learned.threshold)
    const taken = events(spokenSeen, scoresOf(spokenSeen), learned.threshold).filter((count) => count > 0).length
    results.push({
      word,
      folder,
      draw,
      seconds,
      threshold: learned.threshold,
      foundByOthers: learned.foundByOthers,
      before,
      after,
      taken,
      found,
    })
    const { own: line } = found
    console.error(
      `${word} ${draw}: ${seconds.toFixed(1)} s, at ${learned.threshold} ${JSON.stringify(line)}, keywords ${before} -> ${after}, ${taken} taken for it`,
    )
  }
}
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
const summary = (chosen, threshold) => {
  const of = (field) => mean(chosen.map(({ found }) => found[threshold][field]))
  return `clean ${(100 * of('clean')).toFixed(1)} %, 10 dB ${(100 * of('10 dB')).toFixed(1)} %, ${of('falseAlarmsPerHour').toFixed(1)} false alarms an hour, ${(100 * of('otherClips')).toFixed(2)} % of other clips`
}
for (const threshold of ['own', ...grid]) console.log(`${threshold}: ${summary(results, threshold)}`)
for (const folder of new Set(words.map(([, each]) => each)))
  console.log(
    `${folder}: ${summary(
      results.filter((each) => each.folder === folder),
      'own',
    )}`,
  )
for (const [word] of words)
  console.log(
    `${word}: ${summary(
      results.filter((each) => each.word === word),
      'own',
    )}`,
  )
console.log(
  `keywords ${before} -> ${mean(results.map(({ after }) => after)).toFixed(1)} of ${keywordClips.length}, ${mean(results.map(({ taken }) => taken)).toFixed(1)} taken for the word; ${mean(results.map(({ seconds }) => seconds)).toFixed(1)} s`,
)
if (report) writeFileSync(report, `${JSON.stringify(results, null, 2)}\n`)
