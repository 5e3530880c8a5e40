import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { crc32, crc32c } from '../../../src/trace/crc32.ts'
import { identification } from '../../../src/trace/formats/jls/chunks.ts'
import { openTrace } from '../../../src/trace/formats/list.ts'
import { allSamples, decoders, filesOf, inspectIn, readDamaged } from './support.ts'

/** Writes a file after the description of the format: head, chunks with CRC-32C, padded to 8 bytes. */
class JlsBuilder {
  #bytes: number[] = []
  #last = 0

  constructor(major = 1) {
    const head = new Uint8Array(32)
    head.set(identification)
    head[27] = major
    new DataView(head.buffer).setUint32(28, crc32c(head.subarray(0, 28)), true)
    this.#bytes.push(...head)
  }

  chunk(tag: number, meta: number, payload: Uint8Array): this {
    const head = new Uint8Array(32)
    const view = new DataView(head.buffer)
    head[16] = tag
    view.setUint16(18, meta, true)
    view.setUint32(20, payload.length, true)
    view.setUint32(24, this.#last, true)
    view.setUint32(28, crc32c(head.subarray(0, 28)), true)
    this.#last = payload.length
    this.#bytes.push(...head, ...payload)
    if (payload.length === 0) return this
    while ((this.#bytes.length + 4) % 8 !== 0) this.#bytes.push(0)
    const crc = new Uint8Array(4)
    new DataView(crc.buffer).setUint32(0, crc32c(payload), true)
    this.#bytes.push(...crc)
    return this
  }

  source(...strings: readonly string[]): this {
    return this.chunk(
      1,
      1,
      Uint8Array.from([
        ...new Uint8Array(64),
        ...new TextEncoder().encode(strings.map((text) => `${text}\0\x1f`).join('')),
      ]),
    )
  }

  signal(id: number, name: string, units: string, rate = 1000, dataType = 0x2004): this {
    const fixed = new Uint8Array(128)
    const view = new DataView(fixed.buffer)
    view.setUint16(0, 1, true)
    view.setUint32(4, dataType, true)
    view.setUint32(8, rate, true)
    return this.chunk(2, id, Uint8Array.from([...fixed, ...new TextEncoder().encode(`${name}\0\x1f${units}\0\x1f`)]))
  }

  data(id: number, sampleId: number, values: readonly number[]): this {
    const payload = new Uint8Array(16 + 4 * values.length)
    const view = new DataView(payload.buffer)
    view.setBigInt64(0, BigInt(sampleId), true)
    view.setUint32(8, values.length, true)
    view.setUint16(12, 32, true)
    values.forEach((value, at) => {
      view.setFloat32(16 + 4 * at, value, true)
    })
    return this.chunk(0x22, id, payload)
  }

  utc(id: number, sampleId: number, seconds: number): this {
    const payload = new Uint8Array(24)
    const view = new DataView(payload.buffer)
    view.setBigInt64(0, BigInt(sampleId), true)
    view.setUint32(8, 1, true)
    view.setBigInt64(16, BigInt(seconds) << 30n, true)
    return this.chunk(0x3a, id, payload)
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }

  end(): Uint8Array {
    return this.chunk(0xff, 0, new Uint8Array(0)).bytes()
  }
}

const joulescope = () => new JlsBuilder().source('js220', 'Jetperch', 'JS220', '1.0', '001234')
const read = async (bytes: Uint8Array, supplyV?: number) => {
  await using trace = await openTrace(filesOf({ 'a.jls': bytes }), 'a.jls', {
    decoders,
    ...(supplyV ? { supplyV } : {}),
  })
  return { facts: trace.facts, ...(await allSamples(trace)), damage: trace.damage }
}

describe('check sums', () => {
  it('give the published values for "123456789"', () => {
    const bytes = new TextEncoder().encode('123456789')
    expect([crc32(bytes), crc32c(bytes)]).toEqual([0xcbf43926, 0xe3069283])
    expect(crc32(bytes.subarray(5), crc32(bytes.subarray(0, 5)))).toBe(0xcbf43926)
  })
})

describe('a JLS file', () => {
  it('with power gives it, with the meter and its time', async () => {
    const bytes = joulescope()
      .signal(3, 'power', 'W')
      .utc(3, 100, 86_400)
      .chunk(0x23, 0x1003, new Uint8Array(24))
      .data(3, 100, [1, 2, 3])
      .data(3, 103, [4])
      .end()
    const { powerW, facts } = await read(bytes)
    expect(powerW).toEqual([1, 2, 3, 4])
    expect(facts).toMatchObject({
      sampleRateHz: 1000,
      provenance: 'replayed',
      startedAt: '2018-01-02T00:00:00.000Z',
      meter: { driver: 'joulescope', model: 'JS220', serialNumber: '001234' },
      incomplete: null,
    })
  })

  it('multiplies current and voltage sample by sample, however their chunks lie', async () => {
    const file = joulescope().signal(1, 'current', 'A').signal(2, 'voltage', 'V')
    file
      .data(1, 0, [1, 2, 3, 4, 5])
      .data(2, 0, [10, 10])
      .data(2, 2, [20, 20, 20, 20])
      .data(1, 5, [6, 7])
      .data(2, 6, [30])
    expect((await read(file.end())).powerW).toEqual([10, 20, 60, 80, 100, 120, 210])
  })

  it('counts what either signal lacks as lost', async () => {
    const file = joulescope().signal(1, 'current', 'A').signal(2, 'voltage', 'V')
    file.data(1, 0, [1, 1, 1, 1]).data(1, 8, [1, 1]).data(2, 0, [5, 5]).data(2, 3, [5, 5, 5, 5, 5, 5, 5])
    const { lost, powerW } = await read(file.end())
    expect(lost).toEqual([2, 4, 5, 6, 7])
    expect(powerW.filter((value) => value === 5)).toHaveLength(5)
  })

  it('with current alone needs the supply', async () => {
    const bytes = joulescope().signal(1, 'current', 'A').data(1, 0, [0.5]).end()
    await expect(read(bytes)).rejects.toMatchObject({ code: 'TRACE_SUPPLY' })
    expect((await read(bytes, 3)).powerW).toEqual([1.5])
  })

  it('that another program wrote after the public description is read', async () => {
    const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'jls')
    const { powerW, facts, lost, damage } = await read(readFileSync(join(folder, 'two-signals.jls')))
    const product = [3.25e-3, 6.5e-3, 10.5e-3, 0.75, 3e-6, 0]
    powerW.forEach((value, at) => {
      expect(Math.abs(value - product[at]!)).toBeLessThanOrEqual(2e-7 * product[at]!)
    })
    expect([powerW.length, lost, damage]).toEqual([6, [], null])
    expect(facts).toMatchObject({
      sampleRateHz: 1_000_000,
      startedAt: '2026-11-21T18:00:00.000Z',
      meter: { name: 'JS220-001234', vendor: 'Jetperch', model: 'JS220', version: '1.0.4', serialNumber: '001234' },
      incomplete: null,
    })
  })

  it('that was not closed, or has a damaged chunk, says so', async () => {
    const open = joulescope().signal(3, 'power', 'W').data(3, 0, [1, 1]).data(3, 2, [2, 2]).data(3, 4, [3]).bytes()
    expect((await inspectIn(filesOf({ 'a.jls': open }), 'a.jls')).reasons).toEqual([
      expect.stringContaining('not closed'),
    ])
    // The middle one of the last three chunks: head, 16 bytes, samples, padding, check sum.
    const broken = Uint8Array.from(open)
    broken[open.length - 56 - 64 + 32 + 16]! ^= 1
    const { lost, powerW, damage } = await read(broken)
    expect(lost).toEqual([2, 3])
    expect(powerW[4]).toBe(3)
    expect(damage).toMatch(/1 chunks are damaged/)
  })

  it('cut at any byte gives its beginning or is refused', async () => {
    const bytes = joulescope().signal(3, 'power', 'W').data(3, 0, [1, 2, 3]).data(3, 3, [4, 5]).end()
    for (let cut = 16; cut < bytes.length; cut++) {
      const result = await read(bytes.subarray(0, cut)).catch((error: { readonly code: string }) => error.code)
      if (typeof result === 'string') expect(result).toBe('TRACE_INVALID')
      else {
        expect(result.powerW).toEqual([1, 2, 3, 4, 5].slice(0, result.powerW.length))
        expect(result.facts.incomplete).not.toBeNull()
      }
    }
  })

  it('with damaged bytes is refused or read', async () => {
    const bytes = joulescope().signal(1, 'current', 'A').signal(2, 'voltage', 'V')
    for (let at = 0; at < 5; at++) bytes.data(1, at * 3, [1, 2, 3]).data(2, at * 3, [4, 5, 6])
    await readDamaged({ 'a.jls': bytes.end() }, 'a.jls', 'a.jls')
  })

  it.each([
    ['a newer layout', new JlsBuilder(2).end(), /version 2; this milliwatt reads version 1/],
    ['the draft', new JlsBuilder(0).end(), /version 0/],
    [
      'no signal of power or current',
      joulescope().signal(4, 'gpi', '', 1000, 0x103).end(),
      /no power and no current.*gpi/,
    ],
  ])('is refused with %s', async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message)
  })
})
