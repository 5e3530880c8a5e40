import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openTrace } from '../../../src/trace/formats/list.ts'
import { type LpmToken, LpmTokenizer, shellNumber } from '../../../src/trace/formats/lpm01a/tokens.ts'
import { allSamples, decoders, filesOf, inspectIn, readDamaged } from './support.ts'

const shell = [
  'PowerShield > ack htc',
  'PowerShield > ack volt 1800m',
  'PowerShield > ack freq 1k',
  'PowerShield > ack output current',
  'PowerShield > ack format ascii_dec',
  'PowerShield > ack start',
]
const values = (count: number, text = '6409-07') => Array<string>(count).fill(text)
const log = (...lines: readonly string[]) => lines.map((line) => `${line}\r\n`).join('')

const words = (...bytes: readonly number[]) => Uint8Array.from(bytes)
const timeFrame = (ms: number) => [0xf0, 0xf3, ms >>> 24, (ms >>> 16) & 255, (ms >>> 8) & 255, ms & 255, 5, 0xff, 0xff]

describe('numbers of the LPM01A', () => {
  it.each([
    ['1k', 1000],
    ['1800m', 1.8],
    ['100u', 1e-4],
    ['2-3', 0.002],
    ['50', 50],
  ])('%s', (text, value) => {
    expect(shellNumber(text)).toBeCloseTo(value, 12)
  })
  it.each(['', 'abc', 'k', '1x', 'inf'])('%s is none', (text) => {
    expect(shellNumber(text)).toBeNaN()
  })
  it('decodes the documented words', () => {
    const tokens = new LpmTokenizer(true).push(words(0x52, 0xa0, 0x31, 0x45)) as readonly { readonly value: number }[]
    expect(tokens[0]!.value * 1e6).toBeCloseTo(640.9, 1)
    expect(tokens[1]!.value * 1e3).toBeCloseTo(79.35, 2)
  })
})

describe('a log of the LPM01A', () => {
  it('in text: current times the acknowledged voltage, at the acknowledged rate', async () => {
    const text = log(
      ...shell,
      'TimeStamp: 000s 000ms, buff 00%',
      ...values(1000),
      'TimeStamp: 001s 000ms, buff 00%',
      ...values(10),
      'end',
    )
    const inspection = await inspectIn(filesOf({ 'a.log': text }), 'a.log')
    expect(inspection).toMatchObject({
      format: 'lpm01a',
      sampleRateHz: 1000,
      supplyV: 1.8,
      samples: 1010,
      lost: 0,
      verdict: 'complete',
      provenance: 'replayed',
    })
    expect(inspection.meanPowerW).toBeCloseTo(640.9e-6 * 1.8, 9)
  })

  it('takes energies as such, and the event line as windows', async () => {
    const lines = [
      ...shell.map((line) => line.replace('output current', 'output energy')),
      'event 00 ris',
      ...values(50, '1000-09'),
      'event 01 ris',
      ...values(100, '2000-09'),
      'event 02 ris',
      ...values(20),
    ]
    const inspection = await inspectIn(filesOf({ 'a.log': log(...lines) }), 'a.log', { inferences: 10 })
    expect(inspection.windows).toMatchObject([{ startS: 0.05, endS: 0.15, inferences: 10, verdict: 'complete' }])
    expect(inspection.windows[0]!.energyJ).toBeCloseTo(100 * 2e-6, 10)
    expect(inspection.windowMethod).toBe("the meter's event line")
  })

  it('without the shell finds its rate by the time stamps, passes over NULs and line ends of one byte', async () => {
    const lines = [
      'TimeStamp: 012s 000ms, buff 00%',
      `\0${values(1)[0]}`,
      ...values(999),
      'TimeStamp: 012s 200ms, buff 01%',
      ...values(1000),
      'TimeStamp:<012s 400ms',
    ]
    const files = filesOf({ 'a.txt': `${lines.join('\n')}\n` })
    expect(await inspectIn(files, 'a.txt', { supplyV: 3 })).toMatchObject({
      sampleRateHz: 5000,
      samples: 2000,
      lost: 0,
    })
    await expect(inspectIn(files, 'a.txt')).rejects.toMatchObject({ code: 'TRACE_SUPPLY' })
  })

  it('sees lost samples by the time stamps', async () => {
    const text = log(
      ...shell,
      'TimeStamp: 001s 000ms, buff 00%',
      ...values(1000),
      'TimeStamp: 002s 500ms, buff 99%',
      ...values(1000),
      'TimeStamp: 003s 500ms, buff 00%',
    )
    expect(await inspectIn(filesOf({ 'a.log': text }), 'a.log')).toMatchObject({
      samples: 2000,
      lost: 500,
      verdict: 'lower bound',
    })
  })

  it.each(['error overcurrent', 'error pwr off', 'PowerShield > error start'])(
    'is no whole trace after "%s"',
    async (line) => {
      const inspection = await inspectIn(filesOf({ 'a.log': log(...shell, ...values(20), line) }), 'a.log')
      expect(inspection).toMatchObject({ verdict: 'lower bound', reasons: [`the meter reported: ${line}`] })
    },
  )

  it('in binary: values and frames, after the shell or alone', async () => {
    const sample = Array.from({ length: 1000 }, () => [0x52, 0xa0]).flat()
    const stream = [
      ...timeFrame(0),
      ...sample,
      ...timeFrame(1000),
      ...sample,
      0xf0,
      0xf2,
      0x4f,
      0x6b,
      0xff,
      0xff,
      0xf0,
      0xf4,
      0xff,
      0xff,
    ]
    const head = new TextEncoder().encode(log(...shell).replace('ascii_dec', 'bin_hexa'))
    const both = { 'a.log': Uint8Array.from([...head, ...stream]), 'b.log': words(...stream) }
    for (const path of Object.keys(both)) {
      const inspection = await inspectIn(filesOf(both), path, { supplyV: 1.8 })
      expect(inspection).toMatchObject({ sampleRateHz: 1000, samples: 2000, lost: 0, verdict: 'complete' })
      expect(inspection.meanPowerW).toBeCloseTo(640.9e-6 * 1.8, 6)
    }
    const cut = { 'b.log': words(...stream.slice(0, -4), 0xf0, 0xf5, 0xff, 0xff) }
    expect((await inspectIn(filesOf(cut), 'b.log', { supplyV: 1 })).reasons).toEqual([
      'the meter reported: overcurrent',
    ])
  })

  it('gives the same tokens however its bytes are cut', () => {
    const text = new TextEncoder().encode(
      log(...shell, ...values(3), 'event 00 ris', 'TimeStamp: 001s 000ms, buff 00%', 'error x', 'end'),
    )
    const binary = words(...timeFrame(7), 0x52, 0xa0, 0xf0, 0xf1, 0x41, 0xff, 0xff, 0x31, 0x45, 0xf0, 0xf6, 0xff, 0xff)
    fc.assert(
      fc.property(
        fc.constantFrom([text, false] as const, [binary, true] as const),
        fc.array(fc.nat(200)),
        ([bytes, isBinary], cuts) => {
          const whole = new LpmTokenizer(isBinary).push(bytes)
          const tokenizer = new LpmTokenizer(isBinary)
          const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]
          const parts: LpmToken[] = places
            .slice(1)
            .flatMap((end, at) => [...tokenizer.push(bytes.subarray(places[at]!, end))])
          expect(parts).toEqual(whole)
        },
      ),
    )
  })

  it('with damaged bytes is refused or read', async () => {
    const text = log(...shell, 'TimeStamp: 000s 000ms, buff 00%', ...values(40), 'event 00 ris', ...values(9), 'end')
    await readDamaged({ 'a.log': new TextEncoder().encode(text) }, 'a.log', 'a.log')
    const word = [0x52, 0xa0]
    const stream = [...timeFrame(0), ...Array(30).fill(word).flat(), ...timeFrame(30), 0xf0, 0xf4, 0xff, 0xff]
    await readDamaged({ 'b.log': words(...stream) }, 'b.log', 'b.log')
  })

  it('cut at any byte gives its beginning', async () => {
    const text = new TextEncoder().encode(log(...shell, ...values(20)))
    const start = new TextEncoder().encode(log(...shell)).length
    for (let cut = start; cut < text.length; cut++) {
      await using trace = await openTrace(filesOf({ 'a.log': text.subarray(0, cut) }), 'a.log', { decoders })
      expect((await allSamples(trace)).powerW.length).toBe(Math.floor((cut - start) / 9))
    }
  })
})
