import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cardSchema } from '../../src/catalogue/card.ts'
import type { MilliwattError } from '../../src/core/errors.ts'
import { calibrateDetector } from '../../src/loop/calibrate-detector.ts'
import type { Scorer } from '../../src/loop/net-scorer.ts'
import { readValidationClips } from '../../src/loop/validation-clips.ts'
import { writeDetectors } from '../../src/loop/write-detector.ts'
import type { RocReport } from '../../src/report/roc.ts'
import { rocPage } from '../../src/report/roc-html.ts'
import { upperRate } from '../../src/report/roc-text.ts'
import { shippedFeatures } from '../audio/fixed/front-ends.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'
import { sine, wavBytes } from '../support/wav.ts'

const folder = temporaryFolder()
const host = testHost(folder)
const card = {
  version: 1,
  name: 'tones',
  title: 'tones',
  task: 'keyword-spotting',
  licence: 'CC0-1.0',
  labels: ['high', 'low', 'unknown', 'silence'],
  otherLabel: 'unknown',
  silenceLabel: 'silence',
  features: { ...shippedFeatures, kind: 'log-mel', coefficients: 40 },
  trainingData: '',
  limits: '',
  recipe: '',
  variants: [
    {
      name: 'a',
      file: 'a.onnx',
      sha256: '0'.repeat(64),
      dtype: 'int8',
      bytes: 1,
      parameters: 1,
      macs: 1,
      accuracy: null,
    },
  ],
}
const parsed = cardSchema.parse(card)

const rows = ['path,split,kind,label,kw_start,kw_end']
function add(name: string, kind: string, label: string, hz: number, split = 'val') {
  const tone = sine(hz, 16000, 0.5)
  const clip = new Float32Array(16000)
  clip.set(tone, 4000)
  writeFileSync(join(folder, 'data', name), wavBytes(clip, { sampleRateHz: 16000 }))
  rows.push(`${name},${split},${kind},${label},${kind === 'keyword' ? '0.25,0.75' : ','}`)
}
mkdirSync(join(folder, 'data'))
for (let n = 0; n < 3; n++) add(`high-${n}.wav`, 'keyword', 'high', 3000 + n)
for (let n = 0; n < 3; n++) add(`low-${n}.wav`, 'keyword', 'low', 500 + n)
for (let n = 0; n < 8; n++) add(`other-${n}.wav`, 'word', 'word', n === 0 ? 3300 : 1200 + 20 * n)
add('hum.wav', 'noise', '', 150)
add('hiss.wav', 'noise', '', 7000, 'train')
writeFileSync(join(folder, 'data', 'manifest.csv'), rows.join('\n'))

/** A spotter of tones: the band that is loudest in the middle of the window tells the label; 3300 Hz it half believes. */
function toneScorer(): Scorer {
  const scores = new Float32Array(4)
  return {
    runs: 0,
    macs: 0,
    score: ({ window }) => {
      const at = (window.length / 40 - 10) * 40
      const column = window.subarray(at, at + 40)
      const best = column.indexOf(Math.max(...column))
      const loud = column[best]! > 600
      scores.set([0, 0, loud ? 1 : 0, loud ? 0 : 1])
      if (loud && best === 26) scores.set([0.9, 0, 0.1, 0])
      if (loud && (best === 27 || best === 28)) scores.set([0.7, 0, 0.3, 0])
      if (loud && best >= 7 && best <= 9) scores.set([0, 0.95, 0.05, 0])
      return scores
    },
  }
}

const choice = { folder: join(folder, 'data'), split: 'val' }
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: MilliwattError) => [error.code, error.detail],
  )

describe('calibrateDetector', () => {
  it('sets thresholds between what must be heard and what must not, and says what they give', async () => {
    const clips = await readValidationClips(host, parsed, choice)
    expect([clips.keywords.length, clips.others.length, clips.noises.length]).toEqual([6, 8, 1])
    const { detector, row } = calibrateDetector({
      card: parsed,
      variant: 'a',
      clips,
      scorer: toneScorer,
      clock: host.clock,
      split: 'val',
      falseAlarmsPerHour: 0,
      rounds: 2,
      stepS: 0.1,
      smoothing: 2,
      refractoryS: 0.5,
    })
    expect(detector.thresholds.high).toBeGreaterThan(0.7)
    expect(detector.thresholds.high).toBeLessThanOrEqual(0.9)
    expect(detector.validation).toMatchObject({ split: 'val', falseAlarms: 0, wantedFalseAlarmsPerHour: 0 })
    expect(detector.validation!.misses.clean).toEqual({ high: { missed: 0, total: 3 }, low: { missed: 0, total: 3 } })
    expect(detector.validation!.misses['10 dB']!.low!.total).toBe(6)
    expect(row.missRate.clean).toBe(0)
    expect(row.latency!.medianS).toBeLessThan(1)
    expect(row.roc[0]!.missRate.clean).toBeGreaterThanOrEqual(row.roc.at(-1)!.missRate.clean!)

    writeFileSync(join(folder, 'card.json'), JSON.stringify(card))
    const path = await writeDetectors(host, folder, new Map([['a', detector]]))
    const written = cardSchema.parse(JSON.parse(await host.files.readText(path)))
    expect(written.variants[0]!.detector).toEqual(detector)

    const report: RocReport = {
      ...{ version: 1, kind: 'milliwatt-roc', milliwatt: '0', model: 'tones', startedAt: '2026-01-01T00:00:00Z' },
      ...{ data: 'data', split: 'val', wantedFalseAlarmsPerHour: 0, variants: [row] },
    }
    const page = rocPage(report)
    expect(page).toContain('Keywords of a')
    expect(page).toContain('0 of 3 (0.0 %)')
    expect(page.match(/<path d="M/g)).toHaveLength(2)
  })

  it('says what is missing from the data', async () => {
    const at = (name: string, manifest: string) => {
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, 'manifest.csv'), manifest)
      return codeOf(readValidationClips(host, parsed, { folder: join(folder, name), split: 'val' }))
    }
    const head = 'path,split,kind,label\n'
    const code = 'VALIDATION_DATA'
    expect(await codeOf(readValidationClips(host, parsed, { folder, split: 'val' }))).toEqual([
      code,
      'It has no manifest.csv.',
    ])
    expect(await at('none', `${head}x.wav,val,word,x`)).toEqual([code, 'No clip has one of the labels high, low.'])
    expect(await at('one', `${head}x.wav,val,keyword,low`)).toEqual([code, 'No clip of high.'])
    expect(await at('alone', `${head}x.wav,val,keyword,low\ny.wav,val,keyword,high`)).toEqual([
      code,
      'No clip is without a keyword.',
    ])
    expect((await at('gone', `${head}x.wav,val,keyword,low\ny.wav,val,keyword,high\nz.wav,val,word,z`))?.[0]).toBe(
      'CLIP_NOT_FOUND',
    )
  })
})

describe('upperRate', () => {
  it("is Poisson's upper limit at 95 %", () => {
    expect(upperRate(0, 1)).toBeCloseTo(2.996, 3)
    expect(upperRate(1, 2)).toBeCloseTo(4.744 / 2, 3)
    expect(upperRate(5, 1)).toBeCloseTo(10.513, 3)
  })
})
