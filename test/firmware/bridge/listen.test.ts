import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { decodeAudio } from '../../../src/audio/decode.ts'
import { toInt16Samples } from '../../../src/audio/fixed/extractor.ts'
import { detectorSettings } from '../../../src/catalogue/detector-settings.ts'
import { loadCatalogue } from '../../../src/catalogue/load.ts'
import { BridgeClient } from '../../../src/firmware/bridge/client.ts'
import { cardListener } from '../../../src/firmware/card-listener.ts'
import { KeywordStream } from '../../../src/loop/keyword-stream.ts'
import { netScorer } from '../../../src/loop/net-scorer.ts'
import { openRuntimeOn } from '../../../src/loop/runtime.ts'
import { needs } from '../../support/needs.ts'
import { temporaryFolder, testHost } from '../../support/temporary.ts'
import { buildHostFirmware, shipped, startFirmware } from './host-firmware.ts'

const clipsFolder = resolve(import.meta.dirname, '../../../models/kws/clips')
const clips = ['alexa-1', 'computer-1', 'unknown-hello', 'jarvis-1', 'silence-noise', 'jarvis-2', 'snowboy-1']

const variant = 'ds-cnn-32-int8'

needs('cc')('words in a stream', () => {
  const folder = temporaryFolder()
  const host = testHost(folder)
  let program = ''
  let sound = new Int16Array(0)

  beforeAll(async () => {
    const { card } = await loadCatalogue(host, 'kws')
    program = await buildHostFirmware(host, folder, [shipped(variant)], cardListener(card!, variant)!)
    const gap = new Int16Array(8000)
    const parts: Int16Array[] = [gap]
    for (const clip of clips) {
      const { samples } = await decodeAudio(readFileSync(join(clipsFolder, `${clip}.wav`)), clip)
      parts.push(toInt16Samples(samples), gap)
    }
    const all = parts.flatMap((part) => [...part])
    sound = Int16Array.from(all)
  }, 120_000)

  it('are those that the host spots, with its scores at its times', async () => {
    await using runtime = await openRuntimeOn(host, { backends: ['compiled'] })
    await using model = await runtime.load('kws', { variant })
    const card = model.catalogue.card!
    const expected: unknown[] = []
    const stream = new KeywordStream({
      card,
      clock: host.clock,
      settings: detectorSettings(card, variant),
      scorer: (window) => netScorer(model, window, card.labels),
      onEvent: ({ keyword, score, timeS }) => expected.push([keyword, score, Math.round(timeS * 16000)]),
    })
    stream.push(sound)

    await using client = await BridgeClient.open(await startFirmware(host, program), { clock: host.clock })
    expect(await client.describe()).toMatchObject({ spotsWords: true, hasMicrophone: false })
    const spotted: unknown[] = []
    client.session.onEvent((event) => {
      if (event.name === 'word') spotted.push([event.fields.text, event.fields.score, event.fields.position])
    })
    await client.listen('link')
    await client.hear(sound)
    await client.session.flush()
    await client.counts()
    expect(expected.length).toBeGreaterThan(3)
    expect(spotted).toEqual(expected)
  }, 60_000)

  it('are told apart from a gap in the sound, and need a microphone where one is asked for', async () => {
    await using client = await BridgeClient.open(await startFirmware(host, program), { clock: host.clock })
    await expect(client.listen('microphone')).rejects.toMatchObject({ code: 'DEVICE_REFUSED' })
    const gaps: unknown[] = []
    client.session.onEvent((event) => event.name === 'gap' && gaps.push(event.fields))
    await client.listen('link')
    await client.hear(sound.subarray(0, 1000))
    await client.session.send('audio', { position: 1500, samples: new Uint8Array(200) })
    await client.counts()
    expect(gaps).toEqual([{ position: 1500, samples: 500 }])
  })
})
