import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isMilliwattError } from '../../src/core/errors.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { type QuantizeJob, quantizeJob } from '../../src/loop/quantize-job.ts'
import type { DataOptions } from '../../src/loop/quantize-samples.ts'
import { openRuntimeOn } from '../../src/loop/runtime.ts'
import { smallNet } from '../quantize/nets.ts'
import { temporaryFolder } from '../support/temporary.ts'

const models = resolve(import.meta.dirname, '../../models/kws')
const clips = join(models, 'clips')
const net = join(models, 'ds-cnn-16-float32.onnx')
const folder = temporaryFolder()
const host = nodeHost()
const small = join(folder, 'net.tflite')
writeFileSync(small, writeTflite(smallNet()))

function put(name: string, file: string, bytes: Uint8Array | string): string {
  const path = join(folder, name)
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, file), bytes)
  return path
}

const floats = (count: number) => new Uint8Array(4 * count)
const single = put('single', 'a.wav', readFileSync(join(clips, 'alexa-1.wav')))
const few = put('few', 'a.bin', floats(60))
const odd = put('odd', 'a.bin', floats(61))
const halves = put('halves', 'a.bin', new Uint8Array(239))
put('unlabelled', 'a.bin', floats(600))
const unlabelled = put('unlabelled', 'labels.csv', 'file\nx\n')
const damaged = put('damaged', 'a.npy', new Uint8Array(100))
mkdirSync(join(folder, 'empty'))
const empty = join(folder, 'empty')

async function problem(model: string, data: Partial<DataOptions>, changes: Partial<QuantizeJob> = {}): Promise<string> {
  await using runtime = await openRuntimeOn(host, { backends: ['compiled'] })
  const job: QuantizeJob = {
    ...{ host, runtime, milliwatt: 'test', model, source: {}, kinds: ['int8'], maxDrop: null, wide: 'int16' },
    ...{ border: 'int8', prune: [], formats: ['tflite'], out: join(folder, 'out') },
    data: { calibrate: null, most: 20, range: [-1, 1], ...data },
    ...changes,
  }
  try {
    await quantizeJob(job)
    return 'nothing went wrong'
  } catch (error) {
    return isMilliwattError(error) ? `${error.code}: ${error.message}` : String(error)
  }
}

describe('quantising what cannot be', () => {
  it.each([
    [
      'a model that is int8',
      join(models, 'ds-cnn-16-int8.onnx'),
      { calibrate: clips },
      'QUANTIZE_INPUT',
      'quantised already',
    ],
    ['a folder without recordings', net, { calibrate: empty }, 'CLIP_NOT_FOUND', 'no WAV or FLAC'],
    ['one recording', net, { calibrate: single }, 'CALIBRATION_DATA', 'gives 1 inputs'],
    ['a folder that is not there', small, { calibrate: join(folder, 'missing') }, 'CALIBRATION_DATA', 'no such folder'],
    ['a folder without tensors', small, { calibrate: empty }, 'CALIBRATION_DATA', 'no .npy and no .bin'],
    ['one tensor', small, { calibrate: few }, 'CALIBRATION_DATA', 'at least 8'],
    [
      'tensors of another length',
      small,
      { calibrate: odd },
      'CALIBRATION_DATA',
      'holds 61 values; one inference wants 60',
    ],
    ['bytes that are no floats', small, { calibrate: halves }, 'CALIBRATION_DATA', 'no whole number of float32'],
    ['a damaged NumPy file', small, { calibrate: damaged }, 'CALIBRATION_DATA', 'does not begin like a NumPy file'],
    ['labels without their columns', small, { calibrate: unlabelled }, 'CALIBRATION_DATA', 'columns path and label'],
  ])('refuses %s', async (_, model, data, code, words) => {
    const text = await problem(model, data)
    expect(text).toContain(code)
    expect(text).toContain(words)
  })

  it("refuses a card whose labels or features are not the model's, and a family without a choice", async () => {
    expect(await problem(small, { calibrate: clips }, { source: { card: 'kws' } })).toContain(
      'The card has 8 labels, the net answers 3',
    )
    expect(await problem('kws', { calibrate: clips })).toMatch(/USAGE.*--variant: ds-cnn/)
    expect(await problem('kws', { calibrate: clips }, { source: { variant: 'x' } })).toMatch(
      /VARIANT_UNKNOWN.*ds-cnn-16-float32/,
    )
    const card = JSON.parse(readFileSync(join(models, 'card.json'), 'utf8')) as { features: object }
    const other = put(
      'other',
      'card.json',
      JSON.stringify({ ...card, features: { ...card.features, coefficients: 12 } }),
    )
    for (const { file } of (card as unknown as { variants: { file: string }[] }).variants)
      writeFileSync(join(other, file), readFileSync(join(models, file)))
    expect(await problem(net, { calibrate: clips }, { source: { card: other } })).toMatch(
      /CARD_INVALID.*features have 888 values, but the model wants 740/,
    )
  })
})
