import { describe, expect, it } from 'vitest'
import { cardSchema } from '../../src/catalogue/card.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { calibrateCascade } from '../../src/loop/calibrate-cascade.ts'
import type { CascadeNets } from '../../src/loop/cascade-nets.ts'
import type { LoadedModel } from '../../src/loop/model.ts'
import type { Scorer } from '../../src/loop/net-scorer.ts'
import type { ValidationClip } from '../../src/loop/validation-clips.ts'
import { shippedFeatures } from '../audio/fixed/front-ends.ts'
import { sine } from '../support/wav.ts'

const { clock } = nodeHost()
const labels = ['high', 'low', 'unknown', 'silence']
const variant = { file: 'x', sha256: '0'.repeat(64), dtype: 'int8', bytes: 1, parameters: 1, accuracy: null }
const card = cardSchema.parse({
  ...{ version: 1, name: 'tones', title: '', task: 'keyword-spotting', licence: 'CC0-1.0', labels },
  ...{ otherLabel: 'unknown', silenceLabel: 'silence', trainingData: '', limits: '', recipe: '' },
  features: { ...shippedFeatures, kind: 'log-mel', coefficients: 40 },
  variants: [
    { ...variant, name: 'small', macs: 10 },
    { ...variant, name: 'large', macs: 100 },
  ],
})

function clip(label: string, hz: number): ValidationClip {
  const samples = new Float32Array(16000)
  samples.set(sine(hz, 16000, 0.5), 4000)
  return { path: `${label}-${hz}.wav`, label, samples, from: 4000, to: 12000 }
}
const clips = {
  keywords: [1, 2, 3].flatMap((n) => [clip('high', 3000 + n), clip('low', 500 + n)]),
  others: [1200, 1300, 1400, 1500, 1600, 1700].map((hz) => clip('', hz)),
  noises: [],
}

/** Tells tones by the band that is loudest in the middle of the window; what is no keyword gets `other` as the best keyword. */
function tones(other: number): Scorer {
  let runs = 0
  return {
    get runs() {
      return runs
    },
    macs: 0,
    score: ({ window }) => {
      runs += 1
      const at = (window.length / 40 - 10) * 40
      const column = window.subarray(at, at + 40)
      const best = column.indexOf(Math.max(...column))
      if (column[best]! <= 600) return Float32Array.of(0, 0, 0, 1)
      if (best === 26) return Float32Array.of(0.95, 0, 0.05, 0)
      return best >= 7 && best <= 9 ? Float32Array.of(0, 0.95, 0.05, 0) : Float32Array.of(other, 0, 1 - other, 0)
    },
  }
}

const model = (name: string) => ({ variant: { name } }) as unknown as LoadedModel

function nets(macs: CascadeNets['macs'], small: number, early?: number): CascadeNets {
  return {
    name: 'small → large',
    models: [model('small'), model('large')],
    macs,
    costs: () => macs,
    scorers: () => ({
      small: tones(small),
      ...(early === undefined ? {} : { early: tones(early) }),
      large: tones(0.01),
    }),
  }
}

const calibrate = (given: CascadeNets) =>
  calibrateCascade({
    ...{
      card,
      clips,
      clock,
      split: 'val',
      falseAlarmsPerHour: 0,
      rounds: 2,
      stepS: 0.1,
      smoothing: 2,
      refractoryS: 0.5,
    },
    nets: given,
    mostMore: 0,
  })

describe('calibrateCascade', () => {
  it('finds gate, bar and pace that save most and miss no more, and tells what they save', () => {
    const { cascade, row, alone } = calibrate(nets({ small: 10, early: 0, large: 100 }, 0.12))
    expect(row.missRate).toEqual(alone.missRate)
    expect(row.falseAlarms).toBe(0)
    expect(cascade).toMatchObject({ small: 'small', large: 'large', holdLooks: 8 })
    // What is no keyword scores 0.12 with the small net: a bar above that keeps the large one asleep.
    expect(cascade.passAt).toBeGreaterThan(0.12)
    expect(cascade.everyLooks).toBeGreaterThan(1)
    expect(cascade.exitAt).toBeUndefined()
    expect(cascade.speech.largeShare).toBe(0)
    expect(cascade.speech.macsALook).toBeLessThan(10)
    expect(cascade.speech.aloneMacsALook).toBe(100)
    expect(cardSchema.parse({ ...card, cascade }).cascade).toEqual(cascade)
  }, 60_000)

  it('lets the large net stop at its first exit where that tells what the small one does not', () => {
    const { cascade, row, alone } = calibrate(nets({ small: 10, early: 50, large: 50 }, 0.5, 0.03))
    expect(row.missRate).toEqual(alone.missRate)
    expect(cascade.exitAt).toBeGreaterThan(0.03)
    expect(cascade.speech.largeShare).toBeGreaterThan(0)
    expect(cascade.speech.macsALook).toBeLessThan(60)
    expect(cascade.speech.aloneMacsALook).toBe(100)
  }, 60_000)

  it('takes the dearest where a small net that is deaf would miss keywords', () => {
    const deaf = nets({ small: 10, early: 0, large: 100 }, 0)
    const silent: Scorer = { runs: 0, macs: 0, score: () => Float32Array.of(0, 0, 1, 0) }
    const { cascade, row, alone } = calibrate({ ...deaf, scorers: () => ({ small: silent, large: tones(0.01) }) })
    expect(row.missRate.clean).toBeGreaterThan(alone.missRate.clean!)
    expect(cascade).toMatchObject({ margin: 1, passAt: 0.02 })
    expect(cascade.everyLooks).toBeUndefined()
  }, 60_000)
})
