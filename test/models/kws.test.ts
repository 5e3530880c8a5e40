import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createFeatureExtractor } from '../../src/audio/features.ts'
import { onnxruntimeWeb } from '../../src/backends/onnxruntime-web.ts'
import { parseCard } from '../../src/catalogue/load.ts'
import type { Device } from '../../src/core/device.ts'
import { proportionInterval } from '../../src/core/stats.ts'
import { readModel } from '../../src/formats/list.ts'
import { modelFacts, outputMacs } from '../../src/graph/facts.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { findClips } from '../../src/loop/clips.ts'
import { shippedFeatures } from '../audio/fixed/front-ends.ts'

const folder = resolve(import.meta.dirname, '../../models/kws')
const card = parseCard(readFileSync(join(folder, 'card.json'), 'utf8'), 'card.json')
const reference = JSON.parse(readFileSync(join(folder, 'train/reference/reference.json'), 'utf8'))
const cpu: Device = { id: 'cpu', kind: 'cpu', name: 'cpu', facts: {}, sources: [] }
const host = nodeHost()

/** The deterministic waveform that the recipe's reference states in words. */
function referenceWaveform(): Float32Array {
  let state = 12345
  return Float32Array.from({ length: 24000 }, (_, n) => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0
    const t = n / 16000
    const swell = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / 24000)
    const tones =
      0.3 * Math.sin(2 * Math.PI * 440 * t) +
      0.2 * Math.sin(2 * Math.PI * 1234.5 * t + 0.5) +
      0.1 * Math.sin(2 * Math.PI * (300 * t + 1000 * t * t))
    return swell * tones + 0.01 * (state / 2 ** 31 - 1)
  })
}

describe('kws features', () => {
  const { frames, extract } = createFeatureExtractor(shippedFeatures)

  it('equal the training recipe’s on its reference waveform', () => {
    const samples = referenceWaveform()
    const energy = samples.reduce((sum, value) => sum + value * value, 0)
    expect(energy).toBeCloseTo(reference.waveform.sum_of_squares, 3)
    const wanted = (reference.features as number[][]).flat()
    const worst = Math.max(...extract(samples).map((value, index) => Math.abs(value - wanted[index]!)))
    expect(wanted.length).toBe(frames * shippedFeatures.coefficients)
    expect(worst).toBeLessThan(1e-3)
  })

  it('lie at the floor for digital silence, and fill an output of one’s own', () => {
    const output = new Float32Array(frames * shippedFeatures.coefficients)
    expect(extract(new Float32Array(24000), output)).toBe(output)
    expect(output[0]).toBeCloseTo(Math.log(shippedFeatures.logFloor) * Math.sqrt(shippedFeatures.melBins), 4)
    expect(Math.abs(output[1]!)).toBeLessThan(1e-4)
  })

  it('refuse a clip of another length', () => {
    expect(() => extract(new Float32Array(100))).toThrow(/24000 samples, got 100/)
  })
})

describe('kws card', () => {
  it('has five sizes from 8 k to 100 k parameters in float32 and int8, and a net with an early exit', () => {
    const sizes = card.variants.filter(({ parameters }) => parameters > 8000 && parameters < 110_000)
    for (const dtype of ['float32', 'int8']) {
      expect(new Set(sizes.filter((one) => one.dtype === dtype).map(({ parameters }) => parameters)).size).toBe(5)
      expect(card.variants.some(({ exits, ...one }) => one.dtype === dtype && exits?.length === 2)).toBe(true)
    }
    expect(new Set(card.variants.map((variant) => variant.sha256)).size).toBe(card.variants.length)
    expect(new Set(card.variants.map((variant) => variant.dtype))).toEqual(new Set(['float32', 'int8']))
  })

  it('lists every model file of the folder', () => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.onnx'))
    expect(card.variants.map((variant) => variant.file).sort()).toEqual(files.sort())
  })

  it.each(card.variants)('states the facts of $file as they are in the file', (variant) => {
    const bytes = readFileSync(join(folder, variant.file))
    const { dtype, parameters, macs } = modelFacts(readModel(bytes, variant.file).graph)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect(variant).toMatchObject({ dtype, parameters, macs, bytes: bytes.length, sha256 })
    expect(macs).toBeGreaterThan(0)
  })

  it.each(card.variants)('states every exit of $file and what it costs', ({ file, exits, macs }) => {
    const { graph } = readModel(readFileSync(join(folder, file)), file)
    const found = graph.outputs.map((output) => ({ output, macs: outputMacs(graph, output) }))
    expect(exits ?? [found[0]!]).toEqual(found)
    for (const exit of found) expect(exit.macs!).toBeLessThanOrEqual(macs!)
  })

  it.each(card.variants)('states an accuracy of $name that adds up', ({ accuracy }) => {
    const { correct, total, value, interval95, perClass } = accuracy!
    expect(value).toBeCloseTo(correct / total, 10)
    expect([...interval95]).toEqual(proportionInterval(correct, total).map((end) => expect.closeTo(end, 10)))
    const classes = Object.values(perClass)
    expect(classes.reduce((sum, row) => sum + row.correct, 0)).toBe(correct)
    expect(classes.reduce((sum, row) => sum + row.total, 0)).toBe(total)
  })

  it('ships at least one labelled clip for every label', async () => {
    const clips = await findClips(host, join(folder, 'clips'), card)
    expect(new Set(clips.map((clip) => clip.expected))).toEqual(new Set(card.labels))
  })
})

describe('kws variants', () => {
  const opened: AsyncDisposable[] = []
  afterAll(async () => {
    for (const one of opened) await one[Symbol.asyncDispose]()
  })

  it.each(card.variants)('$name gives the reference scores', async ({ name, file, dtype }) => {
    const executable = await onnxruntimeWeb.prepare(readModel(readFileSync(join(folder, file)), file), cpu, host)
    opened.push(executable)
    const data = Float32Array.from((reference.features as number[][]).flat())
    const { scores } = await executable.run({ features: { dtype: 'float32', shape: [1, 1, 74, 10], data } })
    const wanted = reference.scores[name] as number[]
    const worst = Math.max(...wanted.map((value, index) => Math.abs(value - Number(scores!.data[index]))))
    expect(worst).toBeLessThan(dtype === 'float32' ? 1e-4 : 0.02)
  })
})
