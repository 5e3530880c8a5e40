import { crc32, inflateRawSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import type { TraceFacts } from '../../../src/trace/formats/format.ts'
import { bareFacts } from '../../../src/trace/formats/kept-facts.ts'
import { createTrace } from '../../../src/trace/formats/list.ts'
import { block } from '../support.ts'
import { filesOf } from './support.ts'

/** A member of an archive as PKWARE's APPNOTE 6.3 lays it out, taken apart by hand. */
interface Member {
  readonly name: string
  readonly flags: number
  readonly method: number
  readonly neededVersion: number
  readonly content: Buffer
  readonly extraBytes: number
}

/** Takes an archive apart from its end record backwards, and checks every field that is there twice. */
function membersOf(zip: Buffer): readonly Member[] {
  const end = zip.length - 22
  expect(zip.readUInt32LE(end)).toBe(0x06054b50)
  expect([zip.readUInt16LE(end + 4), zip.readUInt16LE(end + 6), zip.readUInt16LE(end + 20)]).toEqual([0, 0, 0])
  const count = zip.readUInt16LE(end + 8)
  expect(zip.readUInt16LE(end + 10)).toBe(count)
  const [directoryBytes, directoryStart] = [zip.readUInt32LE(end + 12), zip.readUInt32LE(end + 16)]
  expect(directoryStart + directoryBytes).toBe(end)
  const members: Member[] = []
  let at = directoryStart
  let local = 0
  for (let k = 0; k < count; k++) {
    expect(zip.readUInt32LE(at)).toBe(0x02014b50)
    const [nameBytes, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ]
    const name = zip.toString('utf8', at + 46, at + 46 + nameBytes)
    const [crc, packedBytes, sizeBytes] = [16, 20, 24].map((offset) => zip.readUInt32LE(at + offset)) as [
      number,
      number,
      number,
    ]
    // Members lie one after the other from the first byte on, as a reader that streams needs.
    expect(zip.readUInt32LE(at + 42)).toBe(local)
    expect(zip.readUInt32LE(local)).toBe(0x04034b50)
    expect(zip.toString('utf8', local + 30, local + 30 + nameBytes)).toBe(name)
    expect(zip.subarray(local + 4, local + 14)).toEqual(zip.subarray(at + 6, at + 16))
    expect([zip.readUInt16LE(local + 26), zip.readUInt16LE(local + 28)]).toEqual([nameBytes, 0])
    const start = local + 30 + nameBytes
    const content = inflateRawSync(zip.subarray(start, start + packedBytes))
    expect([content.length, crc32(content)]).toEqual([sizeBytes, crc])
    // Bit 3: sizes and check sum stand behind the content.
    const behind = start + packedBytes
    expect([0, 4, 8, 12].map((offset) => zip.readUInt32LE(behind + offset))).toEqual([
      0x08074b50,
      crc,
      packedBytes,
      sizeBytes,
    ])
    members.push({
      name,
      flags: zip.readUInt16LE(at + 8),
      method: zip.readUInt16LE(at + 10),
      neededVersion: zip.readUInt16LE(at + 6),
      content,
      extraBytes: extra + comment,
    })
    local = behind + 16
    at += 46 + nameBytes + extra + comment
  }
  expect([at, local]).toEqual([end, directoryStart])
  return members
}

const startedAt = '2026-01-02T03:04:05.678Z'
/** 1.5 V, so that µA are two thirds of a million times watts: 3 µW is 2 µA. */
const facts: TraceFacts = { ...bareFacts(100_000, 1.5, 'ppk2', startedAt), provenance: 'emulated' }
const microamperes = [2, 0.1, -3, 1000.5, 250_000]
const levels = [0b0000_0000, 0b0000_0001, 0b0000_0011, 0b1000_0000, 0b1111_1111]
const lostSamples = 3

describe("what the Power Profiler app's format version 2 asks of a .ppk2 file", () => {
  let members: readonly Member[]
  const content = (name: string) => members.find((member) => member.name === name)!.content

  beforeAll(async () => {
    const files = filesOf({})
    const sink = await createTrace(files, 'a.ppk2', facts)
    const powerW = microamperes.map((current) => current * 1.5e-6)
    await sink.push(block(0, powerW, levels))
    await sink.push({ kind: 'gap', firstIndex: powerW.length, count: lostSamples })
    await sink.push(block(powerW.length + lostSamples, powerW.slice(0, 1), [0b0101_0101]))
    await sink.close(null)
    members = membersOf(Buffer.from(await files.readBytes('a.ppk2')))
  })

  it('is a plain zip of three deflated members at the root', () => {
    expect(members.map(({ name }) => name)).toEqual(['session.raw', 'metadata.json', 'minimap.raw'])
    for (const { flags, method, neededVersion, extraBytes } of members) {
      // Deflate; no encryption, no zip64, no extra fields.
      expect({ method, neededVersion, extraBytes }).toEqual({ method: 8, neededVersion: 20, extraBytes: 0 })
      expect(flags & ~0x0808).toBe(0)
    }
  })

  it('session.raw: frames of 6 bytes, float32 little-endian µA, then u16 big-endian channels', () => {
    const session = content('session.raw')
    expect(session.length).toBe(6 * (microamperes.length + lostSamples + 1))
    microamperes.forEach((current, at) => {
      const exact = Math.fround(current)
      expect(Math.abs(session.readFloatLE(6 * at) - exact)).toBeLessThanOrEqual(2e-7 * Math.abs(exact))
    })
    // The bytes of the only frame whose float is exact in any case.
    expect([...session.subarray(0, 6)]).toEqual([0x00, 0x00, 0x00, 0x40, 0x55, 0x55])
  })

  it('channels: two bits each, channel i at bits 2i+1 and 2i, 01 low and 10 high', () => {
    const session = content('session.raw')
    const words = [0, 1, 2, 3, 4, 8].map((frame) => session.subarray(6 * frame + 4, 6 * frame + 6).toString('hex'))
    // D0 and D1 high is the documented 55 5A.
    expect(words).toEqual(['5555', '5556', '555a', '9555', 'aaaa', '6666'])
  })

  it('samples that were lost keep their time, with no current and unknown channels', () => {
    const session = content('session.raw')
    for (let at = microamperes.length; at < microamperes.length + lostSamples; at++) {
      expect(session.readFloatLE(6 * at)).toBeNaN()
      expect(session.readUInt16BE(6 * at + 4)).toBe(0)
    }
  })

  it('metadata.json: rate, start in milliseconds of the epoch, format version 2', () => {
    const { metadata, formatVersion, ...more } = JSON.parse(content('metadata.json').toString('utf8'))
    expect({ formatVersion, more }).toEqual({ formatVersion: 2, more: {} })
    expect(metadata.samplesPerSecond).toBe(100_000)
    expect(metadata.startSystemTime).toBe(1_767_323_045_678)
    expect(Number.isInteger(metadata.startSystemTime)).toBe(true)
  })

  it('minimap.raw: JSON of least and most, in microseconds and nanoamperes, nothing below 200 nA', () => {
    const minimap = JSON.parse(content('minimap.raw').toString('utf8'))
    expect(Object.keys(minimap).sort()).toEqual(
      ['data', 'lastElementFoldCount', 'maxNumberOfElements', 'numberOfTimesToFold'].sort(),
    )
    expect(Object.keys(minimap.data).sort()).toEqual(['length', 'max', 'min'])
    expect([minimap.maxNumberOfElements, minimap.numberOfTimesToFold, minimap.lastElementFoldCount]).toEqual([
      10_000, 1, 1,
    ])
    const frames = microamperes.length + lostSamples + 1
    expect([minimap.data.length, minimap.data.min.length, minimap.data.max.length]).toEqual([frames, frames, frames])
    const floored = [2000, 200, 200, 1_000_500, 250_000_000, 200, 200, 200, 2000]
    for (const points of [minimap.data.min, minimap.data.max]) {
      expect(points.map(({ x }: { readonly x: number }) => x)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80])
      points.forEach(({ y }: { readonly y: number }, at: number) => {
        expect(y / floored[at]!).toBeCloseTo(1, 6)
      })
    }
  })
})
