// Writes others.bin, the features that "milliwatt kws enrol" tells a new word from: words, keywords, speech and noise of
// the train split, each said a little differently, and windows anywhere in streams of them; its hash into card.json.
// Usage: npm run build && node models/kws/train/others.mjs DATA_FOLDER
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { decodeAudio } from '../../../dist/audio/decode.js'
import { featureShape } from '../../../dist/audio/feature-spec.js'
import { createFeatureExtractor } from '../../../dist/audio/features.js'
import { plainWord, varyWord } from '../../../dist/audio/vary-word.js'
import { findWord } from '../../../dist/audio/word-span.js'
import { random } from '../../../dist/core/random.js'
import { writeOthers } from '../../../dist/loop/enrol/others.js'

const [data] = process.argv.slice(2)
if (!data) {
  console.error('usage: node models/kws/train/others.mjs DATA_FOLDER')
  process.exit(2)
}
/** Windows a label at most, by kind; every fourth is the clip as it is. */
const most = { word: 12, keyword: 8, synth: 2, speech: 60, noise: 2 }
/** Windows of a stream in which one clip follows another, cut anywhere. */
const cuts = 500
const step = 0.5

const folder = join(import.meta.dirname, '..')
const cardPath = join(folder, 'card.json')
const card = JSON.parse(readFileSync(cardPath, 'utf8'))
const rate = card.features.sampleRateHz
const { clipSamples, frames } = featureShape(card.features)
const extractor = createFeatureExtractor(card.features)
const next = random(5)
const read = async ({ path }) => (await decodeAudio(readFileSync(join(data, path)), path)).samples

const rows = parse(readFileSync(join(data, 'manifest.csv'), 'utf8'), { columns: true }).filter(
  ({ split }) => split === 'train',
)
const noises = []
for (const row of rows) if (row.kind === 'noise') noises.push(await read(row))

/** The spoken part: as the manifest says, else the word that stands out; of what is longer than a window any stretch. */
function spokenIn(samples, row) {
  const told = row.kw_start ? { from: Math.round(row.kw_start * rate), to: Math.round(row.kw_end * rate) } : null
  const { from, to } = told ?? findWord(samples, rate) ?? { from: 0, to: samples.length }
  if (row.kind === 'word' || row.kind === 'keyword' || row.kind === 'synth')
    return { samples, from, to: Math.min(to, samples.length, from + clipSamples) }
  const start = Math.floor(next() * Math.max(1, samples.length - clipSamples))
  return { samples, from: start, to: Math.min(samples.length, start + clipSamples) }
}

const taken = new Map()
const words = []
const windows = []
for (const row of rows) {
  const key = `${row.kind} ${row.kind === 'noise' ? row.path : row.label}`
  const count = taken.get(key) ?? 0
  if (count >= most[row.kind]) continue
  taken.set(key, count + 1)
  const spoken = spokenIn(await read(row), row)
  for (let n = 0; n < (row.kind === 'noise' ? 2 : 1); n++) {
    const plain = words.length % 4 === 0
    windows.push(
      extractor.extract(plain ? plainWord(spoken, clipSamples) : varyWord(spoken, clipSamples, noises, next)).slice(),
    )
    words.push(row.kind === 'speech' || row.kind === 'noise' || row.label.startsWith('speech') ? null : row.label)
  }
}

const spoken = rows.filter(({ kind }) => kind !== 'noise')
const lottery = [...spoken, ...spoken.filter(({ kind }) => kind === 'keyword' || kind === 'word')]
for (let n = 0; n < cuts; n++) {
  const pair = [0, 1].map(() => lottery[Math.floor(next() * lottery.length)])
  const [a, b] = [await read(pair[0]), await read(pair[1])]
  const stream = new Float32Array(a.length + b.length + Math.round(0.4 * next() * rate))
  stream.set(a)
  stream.set(b, stream.length - b.length)
  const start = Math.floor(next() * Math.max(1, stream.length - clipSamples))
  const cut = { samples: stream, from: start, to: Math.min(stream.length, start + clipSamples) }
  windows.push(extractor.extract(varyWord(cut, clipSamples, noises, next)).slice())
  words.push(pair.map(({ label }) => label).join('+'))
}
const bytes = writeOthers(words, windows, step, { frames, coefficients: card.features.coefficients })
writeFileSync(join(folder, 'others.bin'), bytes)
const sha256 = createHash('sha256').update(bytes).digest('hex')
writeFileSync(cardPath, `${JSON.stringify({ ...card, others: { file: 'others.bin', sha256 } }, null, 2)}\n`)
console.log(`${words.length} windows of ${new Set(words).size - 1} words, ${bytes.length} bytes`)
