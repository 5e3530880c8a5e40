import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FeatureStream } from '../../src/audio/stream/feature-stream.ts'
import type { CascadeDecision } from '../../src/loop/cascade.ts'
import { openCascadeNets, wholeCost } from '../../src/loop/cascade-nets.ts'
import { openExitNet } from '../../src/loop/exit-net.ts'
import { KeywordStream } from '../../src/loop/keyword-stream.ts'
import { streamCard } from '../../src/loop/listen.ts'
import { openCascade } from '../../src/loop/open-cascade.ts'
import { openRuntimeOn } from '../../src/loop/runtime.ts'
import { wildSound } from '../audio/fixed/front-ends.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'

const host = testHost(temporaryFolder())
const kws = resolve(import.meta.dirname, '../../models/kws')
const sound = wildSound(48_000, 8)

async function opened(variant: string) {
  const runtime = await openRuntimeOn(host, { backends: ['compiled'] })
  const load = (name: string) => runtime.load(kws, { variant: name })
  const model = await load(variant)
  const card = streamCard(model)
  const entry = card.variants.find(({ name }) => name === variant)!
  return { runtime, load, model, card, entry }
}

describe('openExitNet', () => {
  it.each(['ds-cnn-64-exits-int8', 'ds-cnn-64-exits-float32'])(
    'gives the scores of both exits of %s, and runs what lies behind the first only when asked',
    async (variant) => {
      const { runtime, model, card, entry } = await opened(variant)
      await using _ = runtime
      const net = await openExitNet(model, entry, host.clock)
      expect(net.firstShare).toBeGreaterThan(0)
      expect(net.firstShare).toBeLessThan(1)
      expect([net.firstMacs, net.firstMacs + net.restMacs]).toEqual([1_719_552, entry.macs])
      const window = new FeatureStream(card.features)
      const { first, rest } = net.scorers(window, card.labels)
      const outputs = model.allocateOutputs()
      const features = new Float32Array(window.window.length)
      for (let at = 0, columns = 0; at < sound.length; columns++) {
        at = window.push(sound, at)
        if (columns % 20 !== 19) continue
        window.toFloats(features)
        model.runInto(features, outputs)
        const early = first.score(window).slice()
        expect([...early]).toEqual([...(outputs.early as Float32Array)])
        if (columns % 40 === 39) expect([...rest.score(window)]).toEqual([...(outputs.scores as Float32Array)])
      }
      expect([first.runs > rest.runs, rest.runs > 0]).toEqual([true, true])
      expect([first.macs, rest.macs]).toEqual([first.runs * net.firstMacs, rest.runs * net.restMacs])
    },
  )

  it('refuses a net that answers at one depth only', async () => {
    const { runtime, model, entry } = await opened('ds-cnn-16-int8')
    await using _ = runtime
    await expect(openExitNet(model, entry, host.clock)).rejects.toMatchObject({
      code: 'CARD_INVALID',
      where: 'ds-cnn-16-int8',
    })
  })
})

describe('a cascade inside one net', () => {
  it.each([
    ['its first exit alone', { small: 'ds-cnn-64-exits-int8' }],
    ['behind a smaller net', { small: 'ds-cnn-16-int8', exitAt: 0.1 }],
  ])('listens with %s, and counts what it left out', async (_, parts) => {
    const { runtime, load, card } = await opened('ds-cnn-64-exits-int8')
    await using __ = runtime
    const cascade = { ...card.cascade!, passAt: 0.05, ...parts, large: 'ds-cnn-64-exits-int8' }
    const nets = await openCascadeNets(card, cascade, load, host.clock)
    expect(wholeCost(nets, nets.macs)).toBe(2_612_224)
    const { small, early, large } = nets.costs(1, 10)
    expect(wholeCost(nets, { small, early, large })).toBeCloseTo(10, 9)
    const decisions: CascadeDecision[] = []
    const { settings, scorer, name, current } = await openCascade({
      card: { ...card, cascade },
      load,
      clock: host.clock,
      onDecision: (decision) => decisions.push(decision),
    })
    expect(name).toContain('first exit')
    const stream = new KeywordStream({ card, settings, scorer, clock: host.clock })
    stream.push(sound)
    const { counts, macs } = current()!.cascade
    const wanted =
      (counts.small + counts.early + counts.large) * nets.macs.small +
      (counts.early + counts.large) * nets.macs.early +
      counts.large * nets.macs.large
    expect(macs).toBe(wanted)
    expect(decisions.reduce((sum, decision) => sum + decision.macs, 0)).toBe(macs)
    expect(macs).toBeGreaterThan(0)
  })

  it('says which variant a card has not', async () => {
    const { runtime, load, card } = await opened('ds-cnn-16-int8')
    await using _ = runtime
    await expect(
      openCascadeNets(card, { small: 'none', large: 'ds-cnn-16-int8' }, load, host.clock),
    ).rejects.toMatchObject({
      code: 'CARD_INVALID',
      detail: 'Its cascade names the variant "none", which it has not.',
    })
  })
})
