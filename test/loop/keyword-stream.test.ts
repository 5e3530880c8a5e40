import { describe, expect, it } from 'vitest'
import { createFixedExtractor } from '../../src/audio/fixed/extractor.ts'
import { FeatureStream } from '../../src/audio/stream/feature-stream.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { KeywordStream } from '../../src/loop/keyword-stream.ts'
import { netScorer, type ScoredModel } from '../../src/loop/net-scorer.ts'
import { shippedFeatures, wildSound } from '../audio/fixed/front-ends.ts'

const labels = ['yes', 'no', 'unknown']
const { clock } = nodeHost()

/** A net of the test: what it does with its input. */
function net(
  dtype: 'float32' | 'int8',
  run: (input: Float32Array | Int8Array, output: Float32Array) => void,
  length = 740,
): ScoredModel {
  const quantization = dtype === 'int8' ? { scale: 0.5, zeroPoint: 3 } : null
  return {
    variant: { name: 'test', facts: { macs: 1000 } },
    stateful: true,
    inputs: [{ name: 'x', dtype, shape: [1, length], quantization }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [1, 3], quantization: null }],
    allocateOutputs: () => ({ y: new Float32Array(3) }),
    runInto: (input, outputs) => run(input as Float32Array, (outputs as { y: Float32Array }).y),
  }
}

/** A net that hears "yes" in sound: by the mean of the first coefficient over the last 10 columns, −58 in silence. */
const loudness = net('float32', (input, output) => {
  let sum = 0
  for (let at = 640; at < 740; at += 10) sum += input[at]!
  output.set(sum / 10 > -50 ? [0.9, 0.05, 0.05] : [0, 0, 1])
})

const settings = { stepS: 0.1, smoothing: 2, refractoryS: 1, thresholds: { yes: 0.6, no: 0.6 } }

describe('KeywordStream', () => {
  it('tells keyword, score and time, and what listening cost', () => {
    const events: { keyword: string; timeS: number; latencyS: number }[] = []
    const scorer = (window: FeatureStream) => netScorer(loudness, window, labels)
    const stream = new KeywordStream({
      card: { labels, features: shippedFeatures },
      settings,
      clock,
      scorer,
      onEvent: (event) => events.push(event),
    })
    const sound = Int16Array.from({ length: 4 * 16000 }, (_, n) =>
      n >= 16000 && n < 24000 ? ((n * 7919) % 20001) - 10000 : (n % 3) - 1,
    )
    for (let at = 0; at < sound.length; at += 333) stream.push(sound.subarray(at, at + 333))
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({ keyword: 'yes' })
    expect(events[0]!.timeS).toBeGreaterThan(1.1)
    expect(events[0]!.timeS).toBeLessThan(1.6)
    const { facts } = stream
    expect(facts).toMatchObject({ audioS: 4, events: 1, inferences: 39, macs: 39_000 })
    expect(facts.hop!.p99S).toBeLessThanOrEqual(facts.hop!.maxS)
    expect(facts.signal.samples).toBe(64_000)
  })

  it('hears a word at the very end of a file', () => {
    let heard = 0
    const scorer = (window: FeatureStream) => netScorer(loudness, window, labels)
    const stream = new KeywordStream({
      card: { labels, features: shippedFeatures },
      settings,
      clock,
      scorer,
      onEvent: () => heard++,
    })
    stream.push(Int16Array.from({ length: 16000 }, (_, n) => (n < 15000 ? 0 : ((n * 7919) % 20001) - 10000)))
    expect(heard).toBe(0)
    stream.finish()
    expect(heard).toBe(1)
  })

  it('keeps no memory of what it heard', () => {
    const scorer = (window: FeatureStream) => netScorer(loudness, window, labels)
    const stream = new KeywordStream({ card: { labels, features: shippedFeatures }, settings, clock, scorer })
    const second = wildSound(16000, 2)
    const listen = (seconds: number) => {
      for (let n = 0; n < seconds; n++) stream.push(second)
      return process.memoryUsage().heapUsed
    }
    const before = listen(60)
    expect(listen(300) - before).toBeLessThan(16 * 2 ** 20)
  })
})

describe('netScorer', () => {
  const sound = wildSound(24_000, 6)
  const window = () => {
    const stream = new FeatureStream(shippedFeatures)
    for (let at = 0; at < sound.length; ) at = stream.push(sound, at)
    return stream
  }
  const wanted = createFixedExtractor(shippedFeatures).extract(Float32Array.from(sound, (sample) => sample / 32768))

  it('gives a net what it takes: floats, or quantized', () => {
    const seen: (Float32Array | Int8Array)[] = []
    const note = (input: Float32Array | Int8Array) => void seen.push(input.slice())
    netScorer(net('float32', note), window(), labels).score(window())
    netScorer(net('int8', note), window(), labels).score(window())
    expect([...seen[0]!]).toEqual([...wanted])
    expect([...seen[1]!]).toEqual([...wanted].map((value) => Math.max(-128, Math.min(127, Math.round(value * 2) + 3))))
  })

  it('refuses a net that takes something else, or answers something else', () => {
    const refused = (model: ScoredModel, names = labels) => {
      try {
        return netScorer(model, window(), names)
      } catch (error) {
        return error
      }
    }
    const code = 'CARD_INVALID'
    expect(refused(net('float32', () => undefined, 490))).toMatchObject({
      code,
      detail: expect.stringContaining('makes 740 values'),
    })
    expect(refused(loudness, ['yes', 'no'])).toMatchObject({ code, detail: expect.stringContaining('2 labels') })
  })
})
