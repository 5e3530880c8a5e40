import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { random } from '../../../src/core/random.ts'
import { wavBytes } from '../../support/wav.ts'

const rate = 16000

/** Writes two seconds with a rising and falling whistle of about 0.8 s, a little different for every seed; gives the path. */
export function whistle(
  folder: string,
  seed: number,
  change: (samples: Float32Array) => Float32Array = (samples) => samples,
): string {
  const next = random(seed)
  const low = 600 + 150 * next()
  const length = Math.round((0.7 + 0.2 * next()) * rate)
  const at = Math.round((0.3 + 0.4 * next()) * rate)
  const samples = Float32Array.from({ length: 2 * rate }, () => 0.001 * next.normal())
  for (let n = 0, phase = 0; n < length; n++) {
    const place = n / length
    phase += (2 * Math.PI * (low + 1500 * (place < 0.5 ? place : 1 - place))) / rate
    samples[at + n]! += 0.3 * Math.sin(phase) * Math.sin(Math.PI * place)
  }
  const path = join(folder, `whistle-${seed}.wav`)
  writeFileSync(path, wavBytes(change(samples), { sampleRateHz: rate }))
  return path
}
