import { describe, expect, it } from 'vitest'
import type { Card } from '../../src/catalogue/card.ts'
import { MilliwattError } from '../../src/core/errors.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import type { AudioSource } from '../../src/loop/audio-source.ts'
import type { KeywordEvent } from '../../src/loop/keyword-stream.ts'
import { listenTo, streamCard } from '../../src/loop/listen.ts'
import type { LoadedModel } from '../../src/loop/model.ts'
import type { Scorer } from '../../src/loop/net-scorer.ts'
import { shippedFeatures } from '../audio/fixed/front-ends.ts'

const { clock } = nodeHost()
const labels = ['yes', 'unknown']
const card = { labels, features: shippedFeatures } as unknown as Card
const settings = { stepS: 0.1, smoothing: 1, refractoryS: 1, thresholds: { yes: 0.5 } }

/** Hears "yes" in the second look and silence ever after. */
function once(): Scorer {
  let runs = 0
  return {
    macs: 0,
    get runs() {
      return runs
    },
    score: () => Float32Array.of(++runs === 2 ? 1 : 0, 0),
  }
}

function source(seconds: number, end: Error | null, live = true): AudioSource {
  return {
    name: 'test',
    live,
    overruns: 3,
    run: async (onSamples) => {
      for (let second = 0; second < seconds; second++) onSamples(new Int16Array(16000))
      if (end) throw end
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

const lost = new MilliwattError('MICROPHONE_LOST', 'arecord', 'No such device.')
const listen = (from: AudioSource, events: KeywordEvent[] = []) =>
  listenTo(from, { card, settings, scorer: once, clock, onEvent: (event) => events.push(event) })

describe('listenTo', () => {
  it('keeps what was heard until the microphone was unplugged', async () => {
    const events: KeywordEvent[] = []
    const heard = await listen(source(5, lost), events)
    expect(heard).toMatchObject({ source: 'test', overruns: 3, problem: { code: 'MICROPHONE_LOST' } })
    expect(heard.facts).toMatchObject({ audioS: 5, events: 1 })
    expect(events.map(({ keyword }) => keyword)).toEqual(['yes'])
  })

  it('fails where nothing was heard at all, and with what is no fault of the source', async () => {
    await expect(listen(source(0, lost))).rejects.toBe(lost)
    await expect(listen(source(5, new TypeError('bug')))).rejects.toThrow('bug')
  })

  it('ends a file as if silence followed, a microphone where it is', async () => {
    const [file, microphone] = [await listen(source(1, null, false)), await listen(source(1, null))]
    expect(file.facts.inferences).toBeGreaterThan(microphone.facts.inferences)
  })
})

describe('streamCard', () => {
  it('says that listening needs a card', () => {
    const model = { catalogue: { card: null, folder: 'x' } } as unknown as LoadedModel
    expect(() => streamCard(model)).toThrow(expect.objectContaining({ code: 'CARD_INVALID', where: 'x' }))
  })
})
