import { describe, expect, it } from 'vitest'
import { provenancesIn } from '../../src/report/facts.ts'
import { toHtml } from '../../src/report/html.ts'
import { toJson } from '../../src/report/json.ts'
import { toMarkdown } from '../../src/report/markdown.ts'
import { streamDocument } from '../../src/report/stream-json.ts'
import { eventTable, streamFacts } from '../../src/report/stream-tables.ts'
import { streamLines, timelineLines } from '../../src/report/stream-text.ts'
import { displayWidth, plainStyle } from '../../src/report/table.ts'
import { toText } from '../../src/report/text.ts'
import { sampleReport, streamReport } from './sample.ts'
import { bin, sampleStream } from './stream-sample.ts'

describe('timelineLines', () => {
  it('gives a bin the mark of its dearest look, and a keyword its own', () => {
    const bins = (['gate', 'large', 'gate', 'small', 'skip', 'early', 'large'] as const).map((stage, at) =>
      bin(at, stage),
    )
    const both = { ...bin(7, 'gate'), looks: { skip: 0, gate: 1, small: 1, early: 0, large: 0 } }
    const event = { timeS: 1.31, keyword: 'yes', score: 1, latencyS: 0, looks: 1, largeLooks: 1, energyJ: null }
    const timeline = { stepS: 0.1, binS: 0.2, bins: [...bins, both], events: [event], changes: [] }
    const [marks, ...legend] = timelineLines(timeline, 120)
    expect(marks).toBe('      0.0 s  ·#·-˙=*-')
    expect(legend.join(' ').replace(/ +/g, ' ')).toContain('# large net, * keyword (0.2 s a mark)')
    expect(timelineLines({ ...timeline, events: [] }, 100).join(' ')).not.toContain('* keyword')
  })

  it('breaks into lines of tens that keep within the width', () => {
    const lines = timelineLines(sampleStream(130).timeline, 80)
    expect(lines.slice(0, 3).map((line) => line.slice(0, 14))).toEqual([
      '      0.0 s  ·',
      '     12.0 s  ·',
      '     24.0 s  ·',
    ])
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(80)
  })
})

describe('a stream in words', () => {
  it('tells every event with its energy, which keywords were missed, and what the large net alone takes', () => {
    const text = streamLines(sampleStream(), 120, plainStyle).join('\n').replace(/ +/g, ' ')
    for (const part of [
      'energy µJ provenance',
      '17.71 yes yes-1.wav 0.91 320 11 6 123.0 emulated',
      '53.70 no ✗ other.wav 0.91 320 11 6 200.0 emulated',
      'Heard 1 of 2 keywords (1 false alarm; 1 other sound played; big alone made 3 events)',
      '88.9 % no sound, 1.1 % left out, 4.4 % the small net alone, 5.6 % the large net too',
      '1.60 M a second (16.3 times fewer than the 26.1 M of big at every look)',
      'Energy an hour, above idle 180.0 mJ emulated (at this stream',
      'big at every look 720.0 mJ',
      'of 30.00 mW allowed',
    ])
      expect(text).toContain(part)
  })

  it('says why there is no energy, and knows no words where nobody said what was played', () => {
    const silent = { energyJ: null, meanPowerW: null, idlePowerW: null, provenance: null, budgetW: null }
    const stream = { ...sampleStream(), ...silent, energySource: 'no published power', clips: [], alone: null }
    const facts = streamFacts(stream)
    expect(facts.find(({ name }) => name === 'Energy')).toMatchObject({ value: 'none', detail: 'no published power' })
    expect(facts.some(({ name }) => name === 'Heard')).toBe(false)
    expect(eventTable(stream).columns.map(({ title }) => title)).not.toContain('provenance')
    expect(
      eventTable(stream)
        .rows.flat()
        .some(({ text }) => text.includes('✗')),
    ).toBe(false)
  })
})

describe('a run with a stream', () => {
  it('tells it as text, as Markdown, as JSON and on the page', () => {
    const report = streamReport()
    expect(toText(report, { width: 100 })).toMatch(/\nStream\n +0\.0 s {2}·+[-#*˙·]+\n/)
    expect(toMarkdown(report)).toContain('## Stream\n\n- **Cascade**: tiny → big')
    expect(toMarkdown(report)).toContain('| 17.71 | yes | yes-1.wav | 0.91 | 320 | 11 | 6 | 123.0 | emulated |')
    const { stream } = JSON.parse(toJson(report)) as {
      stream: { events: unknown[]; ran: unknown[]; alone: { macs: number } }
    }
    expect([stream.events.length, stream.alone.macs]).toEqual([2, 4_701_081_600])
    expect(JSON.parse(toJson(sampleReport())).stream).toBe(null)
    expect(toHtml(report, { uplotJs: '', uplotCss: '' })).toContain('The cascade on a stream')
  })

  it.each([80, 100, 160])('keeps within %i columns', (width) => {
    for (const line of toText(streamReport(), { width }).split('\n'))
      expect(displayWidth(line)).toBeLessThanOrEqual(width)
  })

  it('names the provenance of a modelled stream of a run without a meter', () => {
    const { meter: _meter, trace: _trace, ...report } = streamReport()
    const modelled = { ...report, stream: { ...report.stream!, provenance: 'modelled' as const } }
    expect(provenancesIn(modelled)).toContain('modelled')
  })
})

describe('streamDocument', () => {
  it('says what ran from when to when, without losing time or energy', () => {
    const stream = sampleStream()
    const { ran } = streamDocument(stream) as {
      ran: { startS: number; endS: number; stage: string; energyJ: number }[]
    }
    expect(ran.slice(0, 3).map(({ stage }) => stage)).toEqual(['gate', 'small', 'large'])
    for (const [at, { startS }] of ran.slice(1).entries()) expect(startS).toBeCloseTo(ran[at]!.endS, 9)
    expect(ran.at(-1)!.endS).toBeCloseTo(stream.audioS, 9)
    const energyJ = stream.timeline.bins.reduce((sum, each) => sum + each.energyJ!, 0)
    expect(ran.reduce((sum, each) => sum + each.energyJ, 0)).toBeCloseTo(energyJ, 12)
    expect(JSON.stringify(streamDocument(stream))).not.toContain('loudness')
  })
})
