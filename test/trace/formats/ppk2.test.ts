import fc from 'fast-check'
import { strToU8, unzipSync, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { bareFacts } from '../../../src/trace/formats/kept-facts.ts'
import { createTrace, openTrace } from '../../../src/trace/formats/list.ts'
import { frameBytes, lostFrames, readFrames, toFrames } from '../../../src/trace/formats/ppk2/frames.ts'
import { Minimap } from '../../../src/trace/formats/ppk2/minimap.ts'
import { block } from '../support.ts'
import { allSamples, decoders, filesOf, inspectIn } from './support.ts'

/** Frames as the app writes them: float32 LE µA, u16 BE channels. */
function frames(...samples: readonly (readonly [number, number])[]): Uint8Array {
  const bytes = new Uint8Array(6 * samples.length)
  const view = new DataView(bytes.buffer)
  samples.forEach(([currentUa, word], at) => {
    view.setFloat32(6 * at, currentUa, true)
    view.setUint16(6 * at + 4, word)
  })
  return bytes
}

/** A file as the app writes it. */
const appFile = (
  session: Uint8Array,
  metadata: unknown = { metadata: { samplesPerSecond: 1000, startSystemTime: 1_700_000_000_000 }, formatVersion: 2 },
) =>
  zipSync({ 'session.raw': session, 'metadata.json': strToU8(JSON.stringify(metadata)), 'minimap.raw': strToU8('{}') })

describe('frames of a .ppk2 file', () => {
  it('hold the channels with two bits each, big-endian', () => {
    const bytes = toFrames(Float32Array.of(3.3e-6), Uint8Array.of(0b11), 1e6 / 3.3)
    expect(bytes).toHaveLength(frameBytes)
    expect(new DataView(bytes.buffer).getFloat32(0, true)).toBeCloseTo(1, 6)
    expect([...bytes.subarray(4)]).toEqual([0x55, 0x5a])
  })

  it('of lost samples are NaN with unknown channels', () => {
    expect(readFrames(lostFrames(2), 3, false).lost).toEqual(Uint8Array.of(1, 1))
  })

  it('of the app: low, high, both and unknown channels; 0.2 µA with all low is a lost sample', () => {
    const { powerW, digital, lost } = readFrames(
      frames([1, 0x555a], [2, 0xffff], [3, 0], [0.2, 0x5555], [0.2, 0x5556]),
      2,
      true,
    )
    expect([...digital]).toEqual([3, 255, 0, 0, 1])
    expect([...lost]).toEqual([0, 0, 0, 1, 0])
    expect(powerW[1]).toBeCloseTo(4e-6, 12)
  })
})

describe('the overview of a .ppk2 file', () => {
  it('keeps least and most of every stretch, folded by two when 10 000 are used', () => {
    const minimap = new Minimap(100_000)
    for (let at = 0; at < 25_000; at++) minimap.add(at === 12_345 ? 9e6 : at === 3 ? 1 : at === 4 ? Number.NaN : 1000)
    const { data, numberOfTimesToFold, lastElementFoldCount, maxNumberOfElements } = JSON.parse(minimap.toJson())
    expect({ numberOfTimesToFold, lastElementFoldCount, maxNumberOfElements }).toEqual({
      numberOfTimesToFold: 4,
      lastElementFoldCount: 4,
      maxNumberOfElements: 10_000,
    })
    expect(data.length).toBe(6250)
    expect(data.max).toHaveLength(6250)
    expect(data.max[Math.floor(12_345 / 4)]).toEqual({ x: 10 * 4 * Math.floor(12_345 / 4), y: 9e6 })
    expect(data.min[0]).toEqual({ x: 0, y: 200 })
  })
})

describe('a .ppk2 file', () => {
  it('has the three members at its root, with what the app reads', async () => {
    const files = filesOf({})
    const facts = { ...bareFacts(100_000, 3, 'ppk2', '2026-01-02T03:04:05.000Z'), provenance: 'emulated' as const }
    const sink = await createTrace(files, 'a.ppk2', facts)
    await sink.push(block(0, [3e-6, 6e-6], [0, 3]))
    await sink.close(null)
    const members = unzipSync(await files.readBytes('a.ppk2'))
    expect(Object.keys(members)).toEqual(['session.raw', 'metadata.json', 'minimap.raw'])
    expect(members['session.raw']).toEqual(frames([1, 0x5555], [2, 0x555a]))
    expect(JSON.parse(new TextDecoder().decode(members['metadata.json']))).toMatchObject({
      metadata: { samplesPerSecond: 100_000, startSystemTime: Date.parse('2026-01-02T03:04:05.000Z') },
      formatVersion: 2,
    })
  })

  it('is unpacked by another library, whatever the samples and the blocks', async () => {
    const blocks = fc.array(fc.array(fc.constantFrom(0, 0, 0, 3e-6, Number.NaN), { minLength: 1, maxLength: 40 }), {
      minLength: 1,
      maxLength: 8,
    })
    await fc.assert(
      fc.asyncProperty(blocks, async (runs) => {
        const files = filesOf({})
        const sink = await createTrace(files, 'a.ppk2', bareFacts(100_000, 3, 'ppk2'))
        let index = 0
        for (const powerW of runs) {
          await sink.push(block(index, powerW))
          index += powerW.length
        }
        await sink.close(null)
        const expected = frames(...runs.flat().map((powerW) => [(Math.fround(powerW) * 1e6) / 3, 0x5555] as const))
        expect(unzipSync(await files.readBytes('a.ppk2'))['session.raw']).toEqual(expected)
      }),
      { numRuns: 200 },
    )
  })

  it('of the app needs the supply, counts stand-ins as lost and is replayed', async () => {
    const session = frames([1000, 0x5555], [0.2, 0x5555], [0.2, 0x5555], [2000, 0x5556])
    const files = filesOf({ 'a.ppk2': appFile(session) })
    await expect(inspectIn(files, 'a.ppk2')).rejects.toMatchObject({ code: 'TRACE_SUPPLY' })
    const inspection = await inspectIn(files, 'a.ppk2', { supplyV: 3 })
    expect(inspection).toMatchObject({
      provenance: 'replayed',
      sampleRateHz: 1000,
      samples: 2,
      lost: 2,
      startedAt: '2023-11-14T22:13:20.000Z',
      verdict: 'lower bound',
    })
    expect(inspection.meanPowerW).toBeCloseTo(4.5e-3, 9)
    await using trace = await openTrace(files, 'a.ppk2', { decoders, supplyV: 3 })
    expect((await allSamples(trace)).digital).toEqual([0, 0, 0, 1])
  })

  it.each([
    ['a newer layout', appFile(new Uint8Array(6), { metadata: { samplesPerSecond: 1 }, formatVersion: 3 }), /layout 3/],
    [
      'an absurd rate',
      appFile(new Uint8Array(6), { metadata: { samplesPerSecond: 1e12 }, formatVersion: 2 }),
      /samplesPerSecond/,
    ],
    ['no rate', appFile(new Uint8Array(6), {}), /metadata/],
    ['no samples', zipSync({ 'metadata.json': strToU8('{}') }), /no session.raw/],
    [
      'facts of a newer milliwatt',
      appFile(new Uint8Array(6), { metadata: { samplesPerSecond: 1, milliwatt: { version: 9 } }, formatVersion: 2 }),
      /version 9/,
    ],
  ])('is refused with %s', async (_, bytes, message) => {
    await expect(inspectIn(filesOf({ 'a.ppk2': bytes }), 'a.ppk2', { supplyV: 3 })).rejects.toThrow(message)
  })

  it('that claims a huge member, or is longer than it says, is refused', async () => {
    const bytes = appFile(frames(...Array.from({ length: 500 }, () => [5, 0x5555] as const)))
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const entry = bytes.findIndex((_, at) => at + 4 <= bytes.length && view.getUint32(at, true) === 0x02014b50)
    for (const size of [0xffff_fff0, 6]) {
      view.setUint32(entry + 24, size, true)
      await expect(inspectIn(filesOf({ 'a.ppk2': bytes }), 'a.ppk2', { supplyV: 3 })).rejects.toMatchObject({
        code: 'TRACE_INVALID',
      })
    }
  })
})
