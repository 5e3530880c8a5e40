// Measures the accuracy of every variant with `milliwatt run` on a split of the data and writes it into card.json.
// Usage: npm run build && node models/kws/train/accuracy.mjs DATA_FOLDER [SPLIT] [VARIANT ...]
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [data, split = 'val', ...names] = process.argv.slice(2)
if (!data) {
  console.error('usage: node models/kws/train/accuracy.mjs DATA_FOLDER [SPLIT] [VARIANT ...]')
  process.exit(2)
}

const folder = join(import.meta.dirname, '..')
const cardPath = join(folder, 'card.json')
const milliwatt = join(folder, '..', '..', 'dist', 'cli', 'main.js')

function measure(name) {
  const args = ['run', folder, '--json', '--meter', 'none', '--variant', name, '--window-ms', '0.1', '--input', data, '--split', split]
  const output = execFileSync(process.execPath, [milliwatt, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 })
  const { correct, total, accuracy, interval95, perClass } = JSON.parse(output).accuracy
  return {
    metric: 'share of clips whose label is answered right; every clip that holds no keyword must be answered as unknown',
    split,
    correct,
    total,
    value: accuracy,
    interval95,
    perClass: Object.fromEntries(perClass.map(({ label, ...counts }) => [label, counts])),
    method: `milliwatt run kws --input DATA --split ${split}; one answer a clip`,
  }
}

const card = JSON.parse(readFileSync(cardPath, 'utf8'))
const variants = []
for (const variant of card.variants) {
  const wanted = names.length === 0 || names.includes(variant.name)
  const accuracy = wanted ? measure(variant.name) : variant.accuracy
  if (wanted) console.log(`${variant.name}: ${accuracy.correct} of ${accuracy.total}`)
  variants.push({ ...variant, accuracy })
}
writeFileSync(cardPath, `${JSON.stringify({ ...card, variants }, null, 2)}\n`)
