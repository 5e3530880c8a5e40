import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compileGraph } from '../../../src/compile/compile.ts'
import { instantiate } from '../../../src/compile/instantiate.ts'
import type { Link } from '../../../src/core/link.ts'
import { random } from '../../../src/core/random.ts'
import { BridgeClient } from '../../../src/firmware/bridge/client.ts'
import { writeFrame } from '../../../src/firmware/bridge/frame.ts'
import { messageTable } from '../../../src/firmware/bridge/messages.ts'
import { needs } from '../../support/needs.ts'
import { temporaryFolder, testHost } from '../../support/temporary.ts'
import { buildHostFirmware, shipped, startFirmware } from './host-firmware.ts'
import { lossyLink } from './lossy-link.ts'

const folder = temporaryFolder()
const host = testHost(folder)
const given = [shipped('ds-cnn-16-int8'), shipped('ds-cnn-32-int8')]

const bytesOf = (values: ArrayBufferView) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

/** An engine of this host on which inputs can be tried. */
function hostModel(index: number) {
  const { graph, semantics } = given[index]!
  const model = instantiate(compileGraph(graph, { semantics, simd: 'scalar' }).wasm)
  return (input: Uint8Array) => {
    bytesOf(model.inputs[0]!.data).set(input)
    model.run()
    return bytesOf(model.outputs[0]!.data).slice()
  }
}

needs('cc')('a session with the firmware', () => {
  let program = ''
  const links: Link[] = []
  const start = async (onMarker?: (text: string) => void) => {
    const link = await startFirmware(host, program, onMarker)
    links.push(link)
    return link
  }
  const open = async (link: Link) => BridgeClient.open(link, { clock: host.clock, silenceS: 10 })

  beforeAll(async () => {
    program = await buildHostFirmware(host, folder, given)
  }, 120_000)
  afterAll(async () => {
    for (const link of links) await link.close()
  })

  /** Elements that the shipped nets take for features. */
  const features = (seed: number) => {
    const uniform = random(seed)
    return bytesOf(Float32Array.from({ length: 740 }, () => (uniform() - 0.5) * 40))
  }

  it('tells what it is', async () => {
    await using client = await open(await start())
    const board = await client.describe()
    expect(board).toMatchObject({ board: 'posix', vendor: 'milliwatt', version: 'test', ticksHz: 1e9 })
    expect(board.models.map(({ name, inputs, outputs }) => [name, inputs, outputs])).toEqual([
      ['ds-cnn-16-int8.onnx', 1, 1],
      ['ds-cnn-32-int8.onnx', 1, 1],
    ])
    const { inputs, outputs } = await client.tensors(board.models[0]!)
    expect([inputs, outputs]).toEqual([
      [{ name: 'features', dtype: 'float32', byteCount: 2960, scale: 1, zeroPoint: 0 }],
      [{ name: 'scores', dtype: 'float32', byteCount: 32, scale: 1, zeroPoint: 0 }],
    ])
  })

  it('runs every model as the host does, marks the window and times the layers', async () => {
    const levels: string[] = []
    await using client = await open(await start((text) => levels.push(text)))
    const { models } = await client.describe()
    for (const model of models) {
      const reference = hostModel(model.index)
      await client.choose(model.index)
      for (let seed = 0; seed < 5; seed++) {
        await client.write(features(seed))
        const { iterations, elapsedS } = await client.run(2, 1, 'window')
        expect([iterations, elapsedS > 0]).toEqual([2, true])
        expect(await client.read(32)).toEqual(reference(features(seed)))
      }
      const seconds = await client.timeLayers(model, 3)
      expect(seconds).toHaveLength(model.layers)
      expect(Math.min(...seconds)).toBeGreaterThan(0)
      expect(await client.read(32)).toEqual(reference(features(4)))
    }
    // At boot the device stamps once; then one window a run.
    expect(levels.join('')).toBe(`10${'10'.repeat(10)}`)
  })

  it('marks every layer where that is asked for', async () => {
    const levels: string[] = []
    await using client = await open(await start((text) => levels.push(text)))
    const { models } = await client.describe()
    await client.write(features(1))
    await client.run(2, 0, 'layers')
    await host.clock.sleep(0.05)
    expect(levels.join('')).toBe(`10${'10'.repeat(2 * models[0]!.layers)}`)
  })

  it('refuses what the device cannot do, in its words', async () => {
    await using client = await open(await start())
    await expect(client.choose(7)).rejects.toThrow(/no such model/)
    await expect(client.read(33)).rejects.toThrow(/output beyond/)
    const heard: string[] = []
    client.session.onEvent((event) => event.name === 'log' && heard.push(event.fields.text))
    await client.session.send('write', { offset: 2960, bytes: new Uint8Array(1) })
    await client.counts()
    expect(heard).toEqual(["input beyond the model's"])
  })

  it('loses none of 10,000 frames on a link that loses, changes and adds bytes, and counts what went wrong', async () => {
    const faults = { lose: 5e-5, change: 5e-5, add: 5e-5 }
    await using client = await open(lossyLink(await start(), faults, random(5)))
    const reference = hostModel(0)
    let resent = 0
    for (let round = 0; client.session.counts.sent < 10_000; round++) {
      // Twelve frames and three requests a round; every 50th round the window is full of small ones.
      await client.write(features(round))
      if (round % 50 === 0)
        await Promise.all(
          Array.from({ length: 300 }, (_, at) => client.session.request('describe-layer', { index: at % 9 })),
        )
      await client.run(1)
      const outputs = await client.read(32)
      if (round % 20 === 0) expect(outputs).toEqual(reference(features(round)))
      resent = client.session.counts.resent
    }
    const device = await client.counts()
    expect(resent).toBeGreaterThan(50)
    expect(device.damaged).toBeGreaterThan(20)
    expect(client.session.counts.damaged).toBeGreaterThan(5)
    expect(device.dropped).toBe(0)
  }, 120_000)

  /** A link that can be cut in both ways, so that the device never hears a bye. */
  const cutting = (link: Link) => {
    const cut = { in: false, out: false }
    const wrapped: Link = {
      ...link,
      write: async (bytes) => (cut.out ? undefined : link.write(bytes)),
      onData: (listener) => link.onData((chunk, arrivalS) => (cut.in ? undefined : listener(chunk, arrivalS))),
      close: async () => {},
    }
    return { cut, wrapped }
  }

  it('opens again where a session was cut off, and tells what was not fetched', { timeout: 60_000 }, async () => {
    const link = await start()
    for (let attempt = 0; attempt < 20; attempt++) {
      const { cut, wrapped } = cutting(link)
      const client = await open(wrapped)
      expect(client.session.counts.unsent).toBe(attempt === 0 ? 0 : 1)
      expect((await client.describe()).models).toHaveLength(2)
      cut.in = true
      const lost = client.session.request('describe-model', { index: 0 })
      await host.clock.sleep(0.05)
      cut.out = true
      await Promise.all([expect(lost).rejects.toMatchObject({ code: 'DEVICE_LOST' }), client[Symbol.asyncDispose]()])
    }
  })

  it('says so when the device starts anew or goes away', async () => {
    const link = await start()
    const stranger = writeFrame({ type: messageTable.stranger.code, seq: 0, ack: 0, content: new Uint8Array(0) })
    let tell: Parameters<Link['onData']>[0] = () => {}
    const onData: Link['onData'] = (listener) => {
      tell = listener
      return link.onData(listener)
    }
    const other = await open({ ...link, onData })
    tell(stranger, 0)
    await expect(other.describe()).rejects.toMatchObject({ code: 'DEVICE_RESTARTED' })
    const third = await open(link)
    await link.close()
    await expect(third.describe()).rejects.toMatchObject({ code: 'DEVICE_LOST' })
  })

  it('is silent towards what is no session: text is text', async () => {
    const link = await start()
    const heard: string[] = []
    link.onData((chunk) => heard.push(Buffer.from(chunk).toString('latin1')))
    await link.write(Buffer.from('name%'))
    await host.clock.sleep(0.3)
    expect(heard.join('')).toContain('m-name-dut-[milliwatt]\r\nm-ready\r\n')
    const client = await open({ ...link, close: async () => {} })
    await client.describe()
    await client[Symbol.asyncDispose]()
    heard.length = 0
    await link.write(Buffer.from('profile%'))
    await host.clock.sleep(0.3)
    expect(heard.join('')).toContain('m-model-[ds-cnn-16-int8.onnx]')
    // A host that went away without a bye leaves frames behind it; text ends them.
    const { cut, wrapped } = cutting(link)
    const gone = await open(wrapped)
    cut.out = true
    await gone[Symbol.asyncDispose]()
    heard.length = 0
    await link.write(Buffer.from('name%'))
    await host.clock.sleep(0.3)
    expect(heard.join('')).toContain('m-name-dut-[milliwatt]')
  })

  describe('the protocol of MLPerf Tiny', () => {
    it('is there at the same time', async () => {
      const { MlperfClient } = await import('../../../src/firmware/mlperf/client.ts')
      await using client = await MlperfClient.open(await start(), host.clock, 3)
      expect(client.facts).toMatchObject({ name: 'milliwatt', model: 'ds-cnn-16-int8.onnx' })
      await client.load(features(3))
      const { results } = await client.infer(2, 1, 10)
      const scores = new Float32Array(hostModel(0)(features(3)).buffer)
      expect(results).toEqual([...scores].map((score) => Math.trunc(score * 1000 + 1e-9) / 1000))
    })
  })
})
