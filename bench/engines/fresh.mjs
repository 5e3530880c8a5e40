// One engine and one model in a process of its own: from nothing to the first result, and resident memory. Started by
// start.mjs; the start of Node and of this script is not counted.
//   node bench/engines/fresh.mjs FOLDER ENGINE, where FOLDER holds the model as `model` and its borders as form.json
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { arrays } from './packages.mjs'
import { sources } from './peers/list.mjs'

const [folder, name] = process.argv.slice(2)
const form = JSON.parse(readFileSync(join(folder, 'form.json'), 'utf8'))
const input = new arrays[form.input.dtype](form.length)
const bareBytes = process.memoryUsage().rss
const start = performance.now()
const source = Object.keys(sources).filter((each) => name.startsWith(each))
const { engines } = await sources[source.at(-1)]()
const bytes = new Uint8Array(readFileSync(join(folder, 'model')))
const engine = await engines.find((each) => each.name === name).open(bytes, { ...form, inputs: [input] })
await engine.run()
const firstMs = performance.now() - start
const firstBytes = process.memoryUsage().rss - bareBytes
let usAlone = Number.POSITIVE_INFINITY
for (let batch = 0; batch < 20; batch++) {
  const before = performance.now()
  for (let i = 0; i < 50; i++) await engine.run()
  usAlone = Math.min(usAlone, ((performance.now() - before) * 1000) / 50)
}
const warmBytes = process.memoryUsage().rss - bareBytes
console.log(JSON.stringify({ firstMs, usAlone, firstBytes, warmBytes }))
// onnxruntime and others keep threads that would hold the process.
process.exit(0)
