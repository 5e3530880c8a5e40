import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { sharedPath } from '../support/shared.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

const folder = temporaryFolder()
const small = join(folder, 'small.tflite')
writeFileSync(small, writeTflite(smallNetwork()))
const onnx = ['ds-cnn-16-int8', 'ds-cnn-16-float32'].map((name) => resolve('models/kws', `${name}.onnx`))
const names = ['hello_world_int8', 'hello_world_float', 'micro_speech_quantized', 'audio_preprocessor_int8']
const published = names.map((name) => sharedPath('data', 'mlperf-tiny', 'models', `${name}.tflite`))

/** Megabytes that JavaScript values may take, and the whole process with them. */
const [heapMb, processMb] = [128, 384]

/** Seconds for one case, on a machine that is busy with other work; a hang takes forever. */
const caseDeadlineS = 20

function fuzz(firstSeed: number, cases: number, models: readonly string[]) {
  const log = join(folder, 'case')
  const script = resolve(import.meta.dirname, '../support/fuzz.mjs')
  const args = [`--max-old-space-size=${heapMb}`, script, log, String(firstSeed), String(cases), ...models]
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 240_000 })
  const last = `ended with ${status ?? signal} at seed ${readFileSync(log, 'utf8').trim()}: ${stderr.slice(0, 500)}`
  expect(status, last).toBe(0)
  return JSON.parse(stdout)
}

describe('mutated model files', () => {
  it('give a clear refusal or a legal graph that converts, compiles and runs, in bounded time and memory', () => {
    const models = [...onnx, small, ...published.filter((path) => path !== null)]
    const { faults, slowest, peakMb, outcomes } = fuzz(1, 1500, models)
    expect(faults).toEqual([])
    expect(slowest.milliseconds, `seed ${slowest.seed}`).toBeLessThan(caseDeadlineS * 1000)
    expect(peakMb).toBeLessThan(processMb)
    // Both ends of the range were met: files that are refused, and files that still run.
    expect(outcomes.done).toBeGreaterThan(100)
    expect(outcomes['read MODEL_ILLEGAL']).toBeGreaterThan(20)
  }, 300_000)
})
