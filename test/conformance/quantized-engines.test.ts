import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { selectBackends } from '../../src/backends/list.ts'
import { parseCard } from '../../src/catalogue/load.ts'
import { toOnnx } from '../../src/formats/convert/to-onnx.ts'
import { segmentIn } from '../../src/formats/forms.ts'
import { readModel } from '../../src/formats/list.ts'
import { writeOnnx } from '../../src/formats/onnx/write.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { evaluateGraph } from '../../src/loop/evaluate-graph.ts'
import { madeSamples } from '../../src/loop/made-samples.ts'
import { observe } from '../../src/quantize/observe.ts'
import { quantizeGraph } from '../../src/quantize/quantize-graph.ts'
import { plainRecipe, type Recipe } from '../../src/quantize/recipe.ts'
import { differenceOn, host } from './compare.ts'

const models = resolve(import.meta.dirname, '../../models/kws')
const card = parseCard(readFileSync(resolve(models, 'card.json'), 'utf8'), 'card.json')
const path = resolve(models, 'ds-cnn-16-float32.onnx')
const { graph } = segmentIn(readModel(readFileSync(path), path), 'canonical')
const samples = await madeSamples({ host, card: { card, folder: models }, lengths: [740] }, 16, [-1, 1])
const observed = observe(
  graph,
  samples.map(({ inputs }) => inputs),
  evaluateGraph,
)

/** Recipes, and what engines may differ by: a step of int8, or so much of a score. */
const recipes: Readonly<Record<string, readonly [Partial<Recipe>, number]>> = {
  int8: [{}, 1],
  'int8 with a float border': [{ border: 'float32', rounding: 'compensated', ranges: 'mse' }, 0.01],
  'int16 activations': [{ precision: 'int16', border: 'float32' }, 0.002],
  'a layer in float32': [{ wide: new Map([[graph.nodes[4]!.name, 'float32']]) }, 1],
}

const writers: Readonly<Record<string, (made: Graph) => Uint8Array>> = {
  tflite: writeTflite,
  onnx: (made) => writeOnnx(toOnnx(made, { activations: 'uint8' })),
}

/** Engines that read a format themselves. */
const engines: Readonly<Record<string, readonly string[]>> = {
  tflite: ['compiled', 'tfjs-tflite', 'litert', 'tflite-c'],
  onnx: ['compiled', 'onnxruntime-web', 'onnxruntime-node'],
}

describe.each(Object.keys(writers))('quantised models written as %s', async (format) => {
  for (const backend of selectBackends(engines[format]!)) {
    const { ok } = await backend.available(host)
    it.runIf(ok).each(Object.entries(recipes))(
      `%s answers alike on ${backend.name}`,
      async (_, [recipe, most]) => {
        const made = quantizeGraph(graph, observed, { ...plainRecipe, ...recipe })
        const segment = readModel(writers[format]!(made), `made.${format}`)
        expect(await differenceOn(backend, segment, 6)).toBeLessThanOrEqual(most)
      },
      60_000,
    )
  }
})
