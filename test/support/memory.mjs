// Run with --expose-gc and a large young generation, so that nothing is collected unseen: what the compiled engine
// allocates per synchronous run, and what is left of models that were disposed of. Prints one JSON document.

import { readFileSync } from 'node:fs'
import { compiled } from '../../dist/backends/compiled.js'
import { nodeHost, openRuntime } from '../../dist/entries/node.js'
import { readModel } from '../../dist/formats/list.js'

const [path] = process.argv.slice(2)
const bytes = readFileSync(path)
const turn = () => new Promise((done) => setTimeout(done, 0))
const collected = async (refs) => {
  for (let round = 0; round < 5; round++) {
    await turn()
    globalThis.gc()
  }
  return refs.filter((ref) => ref.deref() === undefined).length
}

const runtime = await openRuntime({ backends: ['compiled'] })

async function bytesPerRun(runs) {
  const model = await runtime.load(path)
  const input = new Float32Array(model.inputs[0].shape.reduce((a, b) => a * b))
  const output = model.allocateOutputs()
  for (let run = 0; run < 20_000; run++) model.runInto(input, output)
  globalThis.gc()
  const before = process.memoryUsage().heapUsed
  for (let run = 0; run < runs; run++) model.runInto(input, output)
  const after = process.memoryUsage().heapUsed
  await model.dispose()
  return (after - before) / runs
}

async function disposedModels(count) {
  const refs = []
  for (let i = 0; i < count; i++) {
    const model = await runtime.load(path)
    refs.push(new WeakRef(model))
    await model.dispose()
  }
  return { count, collected: await collected(refs) }
}

async function disposedMemories(count) {
  const segment = readModel(bytes, path)
  const { toCanonical } = await import('../../dist/formats/convert/to-canonical.js')
  const canonical = { graph: toCanonical(segment.graph), source: segment.source }
  const kept = []
  const refs = []
  for (let i = 0; i < count; i++) {
    const executable = await compiled.prepare(canonical, { kind: 'cpu' }, nodeHost())
    refs.push(new WeakRef(executable.synchronous.outputs[0].buffer))
    await executable[Symbol.asyncDispose]()
    kept.push(executable)
  }
  return { count: kept.length, collected: await collected(refs) }
}

const result = {
  bytesPerRun: await bytesPerRun(200_000),
  models: await disposedModels(20),
  memories: await disposedMemories(2000),
}
await runtime.dispose()
process.stdout.write(JSON.stringify(result))
