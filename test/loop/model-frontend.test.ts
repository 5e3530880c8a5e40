import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CardFeatures, type ModelFeatureSpec, mlperfTinyFeatures } from '../../src/audio/feature-spec.ts'
import type { MilliwattError } from '../../src/core/errors.ts'
import { KeywordStream } from '../../src/loop/keyword-stream.ts'
import { openExtractor, openFrontend } from '../../src/loop/model-frontend.ts'
import { netScorer } from '../../src/loop/net-scorer.ts'
import { openRuntimeOn } from '../../src/loop/runtime.ts'
import { sharedPath } from '../support/shared.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'

const folder = temporaryFolder()
const host = testHost(folder)
const shared = sharedPath('data', 'mlperf-tiny')

const microSpeech: ModelFeatureSpec = {
  ...{ kind: 'model', file: 'audio_preprocessor_int8.tflite', sampleRateHz: 16000 },
  ...{ clipS: 1, frameS: 0.03, hopS: 0.02, coefficients: 40 },
}

const soundOf = (clip: string) =>
  new Int16Array(Uint8Array.from(readFileSync(join(shared!, 'audio', `${clip}_1000ms.wav`)).subarray(44)).buffer)

/** Keywords that a public model hears in a clip and the silence behind it. */
async function heard(file: string, features: CardFeatures, labels: readonly string[], clip: string): Promise<string[]> {
  await using runtime = await openRuntimeOn(host, { backends: ['compiled'] })
  const model = await runtime.load(join(shared!, 'models', file))
  const events: string[] = []
  const stream = new KeywordStream({
    card: { labels, features },
    settings: { stepS: 0.1, smoothing: 2, refractoryS: 1, thresholds: { yes: 0.6, no: 0.6 } },
    clock: host.clock,
    frontend: await openFrontend(host, join(shared!, 'models'), features),
    scorer: (window) => netScorer(model, window, labels),
    onEvent: ({ keyword }) => events.push(keyword),
  })
  stream.push(soundOf(clip))
  stream.finish()
  return events
}

describe.skipIf(!shared)('public models on raw audio (needs ../shared/data/mlperf-tiny)', () => {
  const four = ['silence', 'unknown', 'yes', 'no']
  it.each(['yes', 'no'])('micro_speech hears "%s" through its own preprocessor', async (word) => {
    expect(await heard('micro_speech_quantized.tflite', microSpeech, four, word)).toEqual([word])
  })

  it('the keyword model of MLPerf Tiny hears "yes" in its features', async () => {
    const twelve = ['down', 'go', 'left', 'no', 'off', 'on', 'right', 'stop', 'up', 'yes', 'silence', 'unknown']
    expect(await heard('kws_ref_model.tflite', mlperfTinyFeatures, twelve, 'yes')).toEqual(['yes'])
    expect(await heard('kws_ref_model.tflite', mlperfTinyFeatures, twelve, 'silence')).toEqual([])
  })

  it("gives the features of TensorFlow Lite Micro's own test", async () => {
    const extractor = await openExtractor(host, join(shared!, 'models'), microSpeech)
    expect([extractor.frames, extractor.clipSamples]).toEqual([49, 16000])
    const clip = new Float32Array(16000)
    clip.set(Float32Array.from(soundOf('yes').subarray(8000, 8480), (sample) => sample / 32768))
    const frontend = (await openFrontend(host, join(shared!, 'models'), microSpeech))!()
    frontend.push(soundOf('yes'), 8000)
    expect([...frontend.values.subarray(0, 6)]).toEqual([124, 105, 126, 103, 125, 101])
    const first = [...extractor.extract(clip).subarray(0, 6)].map((value) => Math.round(value / frontend.scale))
    expect(first).toEqual([124, 105, 126, 103, 125, 101].map((value) => value - frontend.zeroPoint))
  })

  it('refuses a model that is no front end, and one that is not there', async () => {
    mkdirSync(join(folder, 'wrong'))
    copyFileSync(join(shared!, 'models', 'hello_world_int8.tflite'), join(folder, 'wrong', 'x.tflite'))
    writeFileSync(join(folder, 'wrong', 'y.tflite'), 'no model')
    const codeOf = (file: string) =>
      openFrontend(host, join(folder, 'wrong'), { ...microSpeech, file }).catch((error: MilliwattError) => error.code)
    expect(await codeOf('x.tflite')).toBe('CARD_INVALID')
    expect(await codeOf('y.tflite')).toBe('MODEL_NOT_A_MODEL')
    expect(await codeOf('z.tflite')).toBe('MODEL_NOT_FOUND')
  })
})
