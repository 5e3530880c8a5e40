import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readHead } from '../../../src/trace/formats/csv/columns.ts'
import { readRows } from '../../../src/trace/formats/csv/rows.ts'
import { bareFacts } from '../../../src/trace/formats/kept-facts.ts'
import { createTrace, openTrace } from '../../../src/trace/formats/list.ts'
import { block } from '../support.ts'
import { allSamples, decoders, filesOf, inspectIn } from './support.ts'

const read = async (text: string, options: { readonly sampleRateHz?: number } = {}) => {
  await using trace = await openTrace(filesOf({ 'a.csv': text }), 'a.csv', { decoders, supplyV: 2, ...options })
  return { rate: trace.facts.sampleRateHz, ...(await allSamples(trace)), damage: trace.damage }
}

describe('the table of the Power Profiler app', () => {
  it('is written as the app does', async () => {
    const files = filesOf({})
    const sink = await createTrace(files, 'a.csv', bareFacts(100_000, 2, 'x'))
    await sink.push(block(0, [2e-6, 0.0246913578, -2e-9], [0, 3, 128]))
    await sink.push(block(1007, [Number.NaN]))
    await sink.close(null)
    expect(await files.readText('a.csv')).toBe(
      [
        'Timestamp(ms),Current(uA),D0-D7,D0,D1,D2,D3,D4,D5,D6,D7',
        '0,1.000,00000000,0,0,0,0,0,0,0,0',
        '0.01,12345.679,11000000,1,1,0,0,0,0,0,0',
        '0.02,-0.001,00000001,0,0,0,0,0,0,0,1',
        '10.07,NaN,00000000,0,0,0,0,0,0,0,0',
        '',
      ].join('\n'),
    )
  })

  it('takes rates whose step is no whole number of microseconds', async () => {
    const files = filesOf({})
    const sink = await createTrace(files, 'a.csv', bareFacts(3000, 2, 'x'))
    await sink.push(block(0, [2e-6, 2e-6, 2e-6, 2e-6]))
    await sink.close(null)
    await using trace = await openTrace(filesOf({ 'b.csv': await files.readText('a.csv') }), 'b.csv', {
      decoders,
      supplyV: 2,
    })
    expect(trace.facts.sampleRateHz).toBe(3000)
    expect((await allSamples(trace)).powerW).toHaveLength(4)
  })

  it.each([
    [
      'all groups, line ends of Windows',
      'Timestamp(ms),Current(uA),D0-D7,D0\r\n0,5,10000000,1\r\n0.01,7,00000000,0\r\n',
    ],
    [
      'one column a channel',
      'Timestamp(ms),Current(uA),D0,D1,D2,D3,D4,D5,D6,D7\n0,5,1,0,0,0,0,0,0,0\n0.01,7,0,0,0,0,0,0,0,0\n',
    ],
    ['one column for all channels', '\ufeffTimestamp(ms),Current(uA),D0-D7\n0,5,X-------\n0.01,7,--------\n'],
    ['an exponent and blank lines', 'Timestamp(ms),Current(uA),D0\n0,0.5e1,1\n\n1e-2,7,0\n'],
  ])('is read with %s', async (_, text) => {
    const { rate, powerW, digital } = await read(text)
    expect(rate).toBe(100_000)
    expect(powerW.map((value) => Number((value * 1e6).toFixed(3)))).toEqual([10, 14])
    expect(digital).toEqual([1, 0])
  })

  it('without times needs the rate', async () => {
    const text = 'Current(uA)\n1\n2\n3\n'
    await expect(read(text)).rejects.toThrow(/state --rate-hz/)
    expect(await read(text, { sampleRateHz: 50 })).toMatchObject({ rate: 50, digital: [0, 0, 0] })
  })

  it('shows rows that were left out as lost', async () => {
    const { lost, powerW } = await read('Timestamp(ms),Current(uA)\n0,1\n1,1\n2,1\n5,1\n6,1\n')
    expect([lost, powerW.length]).toEqual([[3, 4], 7])
  })

  it.each([
    ['a field too many', 'Timestamp(ms),Current(uA)\n0,1\n1,1,1\n', /Line 3/],
    ['a word', 'Timestamp(ms),Current(uA)\n0,abc\n', /Line 2/],
    ['times that go back', 'Timestamp(ms),Current(uA)\n0,1\n1,1\n0,1\n', /do not go up/],
    ['a line without end', `Timestamp(ms),Current(uA)\n0,1\n1,2\n${'1'.repeat(10_000)}`, /no row/],
  ])('is refused with %s', async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(message)
  })

  it('leaves out a last line that is not ended, and says so', async () => {
    const { powerW, damage } = await read('Timestamp(ms),Current(uA)\n0,1\n1,1\n2,1')
    expect(powerW).toHaveLength(2)
    expect(damage).toMatch(/not ended/)
    expect(
      await inspectIn(filesOf({ 'a.csv': 'Current(uA)\n1\n2' }), 'a.csv', { supplyV: 1, sampleRateHz: 1 }),
    ).toMatchObject({ verdict: 'lower bound' })
  })

  it('reads every number as JavaScript does', () => {
    const columns = readHead('Current(uA)')!
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), (value) => {
        for (const text of [String(value), value.toFixed(3), value.toExponential(6)]) {
          const rows = readRows(new TextEncoder().encode(`${text}\n`), columns)
          expect('currentUa' in rows && rows.currentUa[0]).toBe(Math.fround(Number(text)))
        }
      }),
    )
  })
})
