import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Card } from '../../src/catalogue/card.ts'
import { loadCatalogue } from '../../src/catalogue/load.ts'
import type { MilliwattError } from '../../src/core/errors.ts'
import { denseModel } from '../support/onnx-builder.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'

const folder = temporaryFolder()
const host = testHost(folder)
const model = denseModel(4, 2)
const sha256 = await host.sha256(model)

const card: Card = {
  version: 1,
  name: 'toy',
  title: 'A toy',
  task: 'keyword-spotting',
  licence: 'CC0-1.0',
  labels: ['yes', 'other'],
  otherLabel: 'other',
  silenceLabel: 'other',
  features: {
    kind: 'mfcc',
    sampleRateHz: 16000,
    clipS: 1,
    frameS: 0.03,
    hopS: 0.02,
    fftSize: 512,
    melBins: 40,
    melLowHz: 60,
    melHighHz: 7600,
    logFloor: 1e-4,
    coefficients: 10,
  },
  trainingData: 'none',
  limits: 'everything',
  recipe: '-',
  variants: [
    {
      name: 'dense',
      file: 'dense.onnx',
      sha256,
      dtype: 'float32',
      bytes: model.length,
      parameters: 8,
      macs: 8,
      accuracy: null,
    },
  ],
}

let folders = 0
function family(
  changes: object,
  files: Readonly<Record<string, Uint8Array | string>> = { 'dense.onnx': model },
): string {
  folders += 1
  const path = join(folder, `family-${folders}`)
  mkdirSync(path)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content)
  writeFileSync(join(path, 'card.json'), JSON.stringify({ ...card, ...changes }))
  return path
}

const failure = async (path: string) =>
  loadCatalogue(host, path).then(
    () => ['loaded'],
    (error: MilliwattError) => [error.code, error.message],
  )

describe('loadCatalogue', () => {
  it('reads a family with the facts of its files', async () => {
    const { name, variants } = await loadCatalogue(host, family({}))
    expect(name).toBe('toy')
    expect(variants[0]).toMatchObject({
      name: 'dense',
      sha256,
      bytes: model.length,
      facts: { dtype: 'float32', parameters: 8, macs: 8 },
    })
  })

  it('reads a single file without a card', async () => {
    const catalogue = await loadCatalogue(host, join(family({}), 'dense.onnx'))
    expect(catalogue).toMatchObject({ name: 'dense', card: null })
    expect(catalogue.variants[0]?.accuracy).toBeNull()
  })

  it('finds a shipped family by its name', async () => {
    expect((await loadCatalogue(host, 'kws')).card?.task).toBe('keyword-spotting')
  })

  it('refuses a file that is not the one the card describes', async () => {
    const path = family({}, { 'dense.onnx': denseModel(4, 3) })
    expect(await failure(path)).toEqual(['VARIANT_MISMATCH', expect.stringContaining(sha256)])
  })

  it('names the field of a card that is wrong', async () => {
    expect(await failure(family({ labels: ['only one'] }))).toEqual(['CARD_INVALID', expect.stringContaining('labels')])
    expect(await failure(family({ version: 2 }))).toEqual(['CARD_INVALID', expect.stringContaining('version')])
    expect(await failure(family({ surprise: 1 }))).toEqual(['CARD_INVALID', expect.stringContaining('surprise')])
    const broken = family({})
    writeFileSync(join(broken, 'card.json'), '{')
    expect(await failure(broken)).toEqual(['CARD_INVALID', expect.stringContaining('not JSON')])
  })

  it('says what is missing or no model', async () => {
    expect((await failure(join(folder, 'nowhere')))[0]).toBe('MODEL_NOT_FOUND')
    expect((await failure(family({}, {})))[0]).toBe('MODEL_NOT_FOUND')
    expect((await failure(family({}, { 'dense.onnx': '' })))[0]).toBe('MODEL_TRUNCATED')
    expect((await failure(family({}, { 'dense.onnx': 'nonsense' })))[0]).toBe('MODEL_NOT_A_MODEL')
  })
})
