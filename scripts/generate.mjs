// Regenerates what is generated: the facts in model cards, the JSON schemas of targets/ and of the energy record,
// and the README's error table. Tests compare them all. Build first (npm run gen does).
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorTable } from '../dist/core/errors.js'
import { energyRecordJsonSchema } from '../dist/energy/record-schema.js'
import { renderMessagesC, renderMessagesTs } from '../dist/firmware/bridge/render-messages.js'
import { readModel } from '../dist/formats/list.js'
import { modelFacts, outputMacs } from '../dist/graph/facts.js'
import { targetJsonSchema } from '../dist/targets/schema.js'

const root = join(import.meta.dirname, '..')
const toJson = (value) => `${JSON.stringify(value, null, 2)}\n`

/** Facts of a variant as its file tells them; what people state (accuracy) is kept. */
function variantFacts(folder, variant) {
  const bytes = readFileSync(join(folder, variant.file))
  const { graph } = readModel(bytes, variant.file)
  const { dtype, parameters, macs } = modelFacts(graph)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const exits = graph.outputs.map((output) => ({ output, macs: outputMacs(graph, output) }))
  const facts = { sha256, dtype, bytes: bytes.length, parameters, macs, ...(exits.length > 1 ? { exits } : {}) }
  return { ...variant, ...facts, accuracy: variant.accuracy ?? null }
}

for (const name of readdirSync(join(root, 'models'))) {
  const path = join(root, 'models', name, 'card.json')
  if (!existsSync(path)) continue
  const card = JSON.parse(readFileSync(path, 'utf8'))
  const variants = card.variants.map((variant) => variantFacts(join(root, 'models', name), variant))
  writeFileSync(path, toJson({ ...card, variants }))
}

writeFileSync(join(root, 'targets', 'target.schema.json'), toJson(targetJsonSchema()))

writeFileSync(join(root, 'schemas', 'energy-record.schema.json'), toJson(energyRecordJsonSchema()))

const rows = Object.entries(errorTable).map(([code, { what, next }]) => `| \`${code}\` | ${what} | ${next} |`)
const readmePath = join(root, 'README.md')
const readme = readFileSync(readmePath, 'utf8')
const table = /(\| Code \| What \| Next \|\n\| --- \| --- \| --- \|\n)[\s\S]*?\n(?=\n)/
writeFileSync(
  readmePath,
  readme.replace(table, (_, head) => `${head}${rows.join('\n')}\n`),
)

const bridge = join(root, 'firmware-bridge')
const { messages } = JSON.parse(readFileSync(join(bridge, 'messages.json'), 'utf8'))
writeFileSync(join(bridge, 'include', 'bridge_protocol.h'), renderMessagesC(messages))
writeFileSync(join(root, 'src', 'firmware', 'bridge', 'messages.ts'), renderMessagesTs(messages))
