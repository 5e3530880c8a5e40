import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readModel } from '../../../src/formats/list.ts'
import { interpret, type State } from '../../../src/graph/reference/interpret.ts'
import { sharedPath } from '../../support/shared.ts'

const folder = sharedPath('data', 'mlperf-tiny')
const labels = ['silence', 'unknown', 'yes', 'no']

/** Features of the first window in the public micro_speech_test.cc of TensorFlow Lite Micro, by its first sample. */
const features = {
  yes: {
    at: 8000,
    values: [
      124, 105, 126, 103, 125, 101, 123, 100, 116, 98, 115, 97, 113, 90, 91, 82, 104, 96, 117, 97, 121, 103, 126, 101,
      125, 104, 126, 104, 125, 101, 116, 90, 81, 74, 80, 71, 83, 76, 82, 71,
    ],
  },
  no: {
    at: 8960,
    values: [
      126, 103, 124, 102, 124, 102, 123, 100, 118, 97, 118, 100, 118, 98, 121, 100, 121, 98, 117, 91, 96, 74, 54, 87,
      100, 87, 109, 92, 91, 80, 64, 55, 83, 74, 74, 78, 114, 95, 101, 81,
    ],
  },
}

/** A model as a function of its only input; state lives as long as the function. */
function model(name: string): (values: Int16Array | Int8Array) => Int8Array {
  const { graph } = readModel(readFileSync(join(folder!, 'models', `${name}.tflite`)), name)
  const state: State = new Map()
  return (values) => interpret(graph, [values], 'tflm', state).get(graph.outputs[0]!) as Int8Array
}

function samplesOf(clip: string): Int16Array {
  const bytes = readFileSync(join(folder!, 'audio', `${clip}_1000ms.wav`)).subarray(44)
  return new Int16Array(Uint8Array.from(bytes).buffer)
}

describe.skipIf(!folder)('micro_speech from sound to word (needs ../shared/data/mlperf-tiny)', () => {
  it.each(['yes', 'no'] as const)('the features of "%s" are those of TensorFlow Lite Micro', (clip) => {
    const { at, values } = features[clip]
    expect([...model('audio_preprocessor_int8')(samplesOf(clip).slice(at, at + 480))]).toEqual(values)
  })

  it.each([
    ['yes', 'yes'],
    ['no', 'no'],
    ['silence', 'silence'],
    ['noise', 'silence'],
  ])('one second of %s is heard as %s', (clip, word) => {
    const [preprocess, classify] = [model('audio_preprocessor_int8'), model('micro_speech_quantized')]
    const samples = samplesOf(clip)
    const spectrogram = new Int8Array(49 * 40)
    for (let frame = 0; frame < 49; frame++)
      spectrogram.set(preprocess(samples.slice(320 * frame, 320 * frame + 480)), 40 * frame)
    const scores = classify(spectrogram)
    expect(labels[scores.indexOf(Math.max(...scores))]).toBe(word)
  })
})
