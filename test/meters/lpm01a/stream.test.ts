import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lpm01aRawDecoders } from '../../../src/meters/lpm01a/raw-decoders.ts'
import { toSetup } from '../../../src/meters/lpm01a/settings.ts'
import { createLpm01aStream } from '../../../src/meters/lpm01a/stream.ts'
import { readText, readWord, toNumber, writeText, writeWord } from '../../../src/meters/lpm01a/values.ts'
import { joinEvents } from '../../support/collect.ts'

const encoder = new TextEncoder()
const setupOf = (settings: string) => toSetup({ path: `/dev/x${settings}`, supplyV: 3 })

/** Decodes bytes in pieces of so many, arriving as time goes by at the given rate. */
function decode(settings: string, bytes: Uint8Array, piece = 997) {
  const stream = createLpm01aStream(setupOf(settings), '/dev/x')
  const events = []
  for (let at = 0; at < bytes.length; at += piece)
    events.push(...stream.push(bytes.subarray(at, at + piece), at * 1e-4))
  events.push(...stream.flush())
  return {
    ...joinEvents(events),
    counts: stream.counts,
    fault: stream.fault ?? null,
    marks: events.flatMap((event) => (event.kind === 'samples' ? (event.marks ?? []) : [])),
  }
}

const stampText = (taken: number, rate: number) => {
  const ms = (taken * 1000) / rate
  return `TimeStamp: ${String(Math.floor(ms / 1000) % 1000).padStart(3, '0')}s ${String(ms % 1000).padStart(3, '0')}ms, buff 00%\r\n`
}

/** A text stream of `count` samples at 1 kHz, each 1 µJ times its index modulo 1000, with its time stamps. */
function textStream(count: number, edit: (line: string, index: number) => string = (line) => line): Uint8Array {
  let text = ''
  for (let index = 0; index < count; index++) {
    const isStamp = index > 0 && index % 1000 === 0
    if (isStamp) text += stampText(index, 1000)
    text += edit(`${isStamp ? '\0' : ''}${String(1000 + (index % 1000)).padStart(4, '0')}-09\r\n`, index)
  }
  return encoder.encode(text)
}

function stampFrame(milliseconds: number): number[] {
  return [
    0xf0,
    0xf3,
    milliseconds >>> 24,
    (milliseconds >> 16) & 255,
    (milliseconds >> 8) & 255,
    milliseconds & 255,
    0,
    0xff,
    0xff,
  ]
}

/** A binary stream at 100 kHz: word n is 0x3000 + n modulo 1000. */
function binaryStream(count: number): Uint8Array {
  const bytes: number[] = []
  for (let index = 0; index < count; index++) {
    if (index > 0 && index % 1000 === 0) bytes.push(...stampFrame(index / 100))
    const word = 0x3000 + (index % 1000)
    bytes.push(word >> 8, word & 255)
  }
  bytes.push(...stampFrame(count / 100))
  return Uint8Array.from(bytes)
}

describe('LPM01A values', () => {
  it('reads the examples of the documents', () => {
    const text = readText('6409-07')!
    expect(toNumber('text', text.mantissa, text.exponent)).toBeCloseTo(640.9e-6, 12)
    const first = readWord(0x52a0)!
    expect(toNumber('binary', first.mantissa, first.exponent)).toBeCloseTo(640.9e-6, 6)
    const second = readWord(0x3145)!
    expect(toNumber('binary', second.mantissa, second.exponent)).toBeCloseTo(79.35e-3, 4)
    expect(readWord(0xf0f3)).toBeNull()
    for (const line of ['', '640-07', '64090-07', '6409-7', 'x409-07', '6409.07']) expect(readText(line)).toBeNull()
  })

  it('writes what it reads, to four digits and to ±0.2 %', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 10, noNaN: true }), (value) => {
        const text = readText(writeText(value))!
        expect(toNumber('text', text.mantissa, text.exponent) / value).toBeCloseTo(1, 3)
        const word = readWord(writeWord(value))!
        expect(Math.abs(toNumber('binary', word.mantissa, word.exponent) / value - 1)).toBeLessThan(
          0.002 + 1e-16 / value,
        )
      }),
    )
  })
})

describe('LPM01A text stream', () => {
  it('gives watts from the energy of each sample, whatever the chunks', () => {
    for (const piece of [1, 7, 64, 4096]) {
      const { powerW, gaps, counts, fault } = decode(',rate=1000', textStream(3500), piece)
      expect(powerW.length).toBe(3500)
      expect(powerW[1500]).toBeCloseTo(1500e-9 * 1000, 9)
      expect(gaps).toEqual([])
      expect(counts).toEqual({ received: 3500, lost: 0, invalid: 0, saturated: 0, discardedBytes: 0 })
      expect(fault).toBeNull()
    }
  })

  it('gives watts from amperes and the set voltage', () => {
    expect(decode(',rate=1000,output=current', textStream(10)).powerW[5]).toBeCloseTo(1005e-9 * 3, 12)
  })

  it('counts lost lines exactly, by the time stamps, and stays on the grid', () => {
    const bytes = textStream(5000, (line, index) => (index >= 1200 && index < 1237 ? '' : line))
    const { counts, gaps, end, powerW } = decode(',rate=1000', bytes)
    expect(counts.lost).toBe(37)
    expect(gaps).toMatchObject([{ firstIndex: 1963, count: 37 }])
    expect(end).toBe(5000)
    expect(powerW.length).toBe(4963)
  })

  it('finds a loss of whole stretches with their time stamps, also where its seconds begin again', () => {
    const lossy = textStream(5000).slice()
    const text = new TextDecoder().decode(lossy)
    const from = text.indexOf('TimeStamp: 001s')
    const to = text.indexOf('TimeStamp: 003s')
    const { counts } = decode(',rate=1000', encoder.encode(text.slice(0, from) + text.slice(to)))
    expect(counts.lost).toBe(2000)
    const late = textStream(1_003_000, (line, index) => (index % 1000 === 0 ? line : '1000-09\n'))
    const { counts: wrapped } = decode(',rate=1000', late, 65_536)
    expect(wrapped).toMatchObject({ received: 1_003_000, lost: 0 })
  })

  it('counts an unreadable line as one invalid sample', () => {
    const bytes = textStream(2500, (line, index) => (index === 700 ? '17?0-09\r\n' : line))
    const { counts, powerW, end } = decode(',rate=1000', bytes)
    expect(counts).toMatchObject({ received: 2500, lost: 0, invalid: 1 })
    expect(powerW[700]).toBeNaN()
    expect(end).toBe(2500)
  })

  it('counts two lines that ran together as one invalid and one lost', () => {
    const bytes = textStream(2500, (line, index) => (index === 700 ? line.trimEnd() : line))
    expect(decode(',rate=1000', bytes).counts).toMatchObject({ received: 2499, lost: 1, invalid: 1 })
  })

  it('notes event lines with their counter, and shows them on channel 7', () => {
    const bytes = textStream(2500, (line, index) =>
      index === 700 || index === 1900 ? `event ${index === 700 ? '00' : '01'} ris\r\n${line}` : line,
    )
    const { marks, digital } = decode(',rate=1000', bytes, 61)
    expect(marks).toEqual([
      { index: 700, label: 'event 00 ris' },
      { index: 1900, label: 'event 01 ris' },
    ])
    expect([...digital.keys()].filter((index) => digital[index])).toEqual([700, 1900])
  })

  it('passes over everything else that the meter tells', () => {
    const notes = [
      'summary beg\r\nmin 1000-09\r\nmax 1999-09\r\nsummary end\r\n',
      'pwr on\r\n',
      'TimeStamp: < 001s 000ms, buff 12%\r\n',
      'PowerShield > ack start\r\n',
    ]
    const bytes = textStream(1500, (line, index) => (index === 1000 ? notes.join('') + line : line))
    expect(decode(',rate=1000', bytes).counts).toEqual({
      received: 1500,
      lost: 0,
      invalid: 0,
      saturated: 0,
      discardedBytes: 0,
    })
  })

  it('ends with a fault where the meter says so', () => {
    const at = (text: string) => decode(',rate=1000', encoder.encode(`1000-09\r\n${text}\r\n1000-09\r\n`))
    expect(at('error: overcurrent').fault).toMatchObject({
      code: 'METER_FAULT',
      detail: expect.stringContaining('overcurrent'),
    })
    expect(at('error acquisition').fault).toMatchObject({ code: 'METER_FAULT' })
    expect(at('pwr off').fault).toMatchObject({ code: 'METER_FAULT', detail: expect.stringMatching(/cut the power/) })
    expect(at('end').fault).toMatchObject({ code: 'METER_LOST' })
    expect(at('end').counts.received).toBe(1)
  })

  it('goes on by the host clock after the meter began anew', () => {
    const first = textStream(1500)
    const second = textStream(1500)
    const stream = createLpm01aStream(setupOf(',rate=1000'), '/dev/x')
    const events = [...stream.push(first, 11.5), ...stream.push(second, 14.5), ...stream.flush()]
    const { end, gaps } = joinEvents(events)
    expect(gaps).toHaveLength(1)
    expect(end).toBeGreaterThanOrEqual(3000)
    expect(stream.counts.received + stream.counts.lost).toBe(end)
  })
})

describe('LPM01A binary stream', () => {
  const settings = ',rate=100k'

  it('gives watts, whatever the chunks, and holds back what no time stamp has proved', () => {
    for (const piece of [1, 13, 4096]) {
      const { powerW, counts } = decode(settings, binaryStream(5000), piece)
      expect(powerW.length).toBe(5000)
      expect(powerW[4321]).toBeCloseTo((321 / 4096) * 3, 6)
      expect(counts).toMatchObject({ received: 5000, lost: 0, invalid: 0, discardedBytes: 0 })
    }
  })

  it('gives up exactly the thousand samples in which bytes were lost, whether odd or even', () => {
    for (const cut of [1, 2, 3, 40, 501]) {
      const bytes = binaryStream(5000)
      const at = 2000 * 2 + 2 * 9 + 300 * 2
      const cutBytes = Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + cut)])
      const { powerW, gaps, end } = decode(settings, cutBytes)
      expect(end).toBe(5000)
      expect(gaps.map((gap) => [gap.firstIndex, gap.count])).toEqual([[2000, 1000]])
      const expected = Array.from({ length: 5000 }, (_, index) => Math.fround(((index % 1000) / 4096) * 3))
      expect([...powerW]).toEqual([...expected.slice(0, 2000), ...expected.slice(3000)])
    }
  })

  it('reads every metadata frame', () => {
    const text = (kind: number, words: string) => [0xf0, kind, ...encoder.encode(words), 0xff, 0xff]
    const word = [0x30, 0x10]
    const frames = [
      ...word,
      ...text(0xf2, 'event 07 ris'),
      ...word,
      ...text(0xf2, 'some news'),
      0xf0,
      0xf7,
      0x0c,
      0xe4,
      0xff,
      0xff,
      0xf0,
      0xf8,
      0x00,
      0x19,
      0xff,
      0xff,
      0xf0,
      0xf9,
      0x01,
      0xff,
      0xff,
      ...word,
    ]
    const read = decode(settings, Uint8Array.from(frames), 3)
    expect(read.counts).toMatchObject({ received: 3, lost: 0, discardedBytes: 0 })
    expect(read.marks).toEqual([{ index: 1, label: 'event 07 ris' }])
    const fault = (frame: number[]) => decode(settings, Uint8Array.from([...word, ...frame, ...word])).fault
    expect(fault([0xf0, 0xf5, 0xff, 0xff])).toMatchObject({ code: 'METER_FAULT', detail: '(overcurrent)' })
    expect(fault([0xf0, 0xf6, 0xff, 0xff])).toMatchObject({ code: 'METER_FAULT' })
    expect(fault(text(0xf1, 'flash'))).toMatchObject({ code: 'METER_FAULT', detail: '(flash)' })
    expect(fault([0xf0, 0xf4, 0xff, 0xff])).toMatchObject({ code: 'METER_LOST' })
  })

  it('counts on where bit 31 of its milliseconds says that they have wrapped', () => {
    const word = [0x30, 0x10]
    const block = Array.from({ length: 1000 }, () => word).flat()
    const last = 2 ** 31 - 10
    const bytes = Uint8Array.from([...block, ...stampFrame(last), ...block, ...stampFrame(0x8000_0000)])
    const { counts } = decode(settings, bytes)
    expect(counts.received + counts.lost).toBeGreaterThanOrEqual(2000)
  })
})

describe('LPM01A raw samples', () => {
  it.each([
    [
      ',rate=1000',
      'lpm01a-text-energy',
      1000,
      textStream(1500, (line, index) => (index === 9 ? 'x1' : index === 8 ? '1?00-09\r\n' : line)),
    ],
    [',rate=1000,output=current', 'lpm01a-text-current', 1000, textStream(1500)],
    [',rate=100k', 'lpm01a-binary-current', 100_000, binaryStream(3000)],
    [',rate=10k', 'lpm01a-binary-energy', 10_000, binaryStream(1000)],
  ])('of %s are read back as they were decoded', (settings, name, sampleRateHz, bytes) => {
    const { raw, powerW, digital } = decode(settings, bytes)
    const back = lpm01aRawDecoders[name]!.decode(raw, { sampleRateHz, supplyV: 3, meter: {} as never })
    expect([...back.powerW]).toEqual([...powerW])
    expect([...back.digital]).toEqual([...digital])
  })
})

describe('LPM01A decoders under random bytes', () => {
  const settings = fc.constantFrom(',rate=1000', ',rate=100k', ',rate=10k,output=energy')

  it('never throw, never yield an overlap or more samples than bytes, and agree for any chunks', () => {
    fc.assert(
      fc.property(
        settings,
        fc.uint8Array({ maxLength: 4000 }),
        fc.integer({ min: 1, max: 300 }),
        (rate, bytes, piece) => {
          const whole = decode(rate, bytes, Math.max(bytes.length, 1))
          const parts = decode(rate, bytes, piece)
          expect(parts.counts.received).toBeLessThanOrEqual(bytes.length)
          expect(parts.counts.received + parts.counts.lost).toBe(parts.end)
          expect(parts.counts.discardedBytes).toBeLessThanOrEqual(bytes.length)
          expect([...parts.powerW]).toEqual([...whole.powerW])
        },
      ),
      { numRuns: 300 },
    )
  })

  it('never call a damaged binary stream whole', () => {
    const clean = binaryStream(3000)
    fc.assert(
      fc.property(fc.integer({ min: 20, max: clean.length - 200 }), fc.integer({ min: 1, max: 60 }), (at, cut) => {
        const bytes = Uint8Array.from([...clean.slice(0, at), ...clean.slice(at + cut)])
        const { counts, end, powerW } = decode(settings0, bytes)
        expect(end).toBe(3000)
        expect(counts.lost).toBeGreaterThan(0)
        // What is yielded is true: whole blocks of the ramp.
        expect(powerW.every((power, index) => power === Math.fround(((index % 1000) / 4096) * 3))).toBe(true)
      }),
      { numRuns: 40 },
    )
  })
})

const settings0 = ',rate=100k'
