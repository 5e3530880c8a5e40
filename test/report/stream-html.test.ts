import { describe, expect, it } from 'vitest'
import { streamPage } from '../../src/report/stream-html.ts'
import type { StreamReport } from '../../src/report/stream-report.ts'
import { streamSvg } from '../../src/report/stream-svg.ts'
import { sampleStream } from './stream-sample.ts'

const page = (...streams: StreamReport[]) =>
  streamPage({ milliwatt: '0', model: 'kws', startedAt: '2026-01-01T00:00:00Z', machine: 'here', streams })

/** The lanes that a picture has. */
const lanes = (report: StreamReport) =>
  [...streamSvg(report).source.matchAll(/font-weight="600">([A-Z][^<]+)</g)].map((match) => match[1])

describe('the page of streams', () => {
  it('shows level, what ran, power and energy with provenance, the governor, and every event', () => {
    expect(lanes(sampleStream())).toEqual(['Level', 'What ran', 'Power above idle', 'Energy so far', 'Governor'])
    const text = page(sampleStream())
    for (const part of ['mW, emulated', 'big at every look', 'budget', 'half rate', 'yes-1.wav', '123.0', 'cascade: '])
      expect(text).toContain(part)
    expect(text).toContain('yes at 17.71 s, 123.0 µJ emulated above idle since its sound began')
  })

  it('leaves out what nobody knows', () => {
    const stream = sampleStream()
    const bins = stream.timeline.bins.map((each) => ({ ...each, energyJ: null }))
    const timeline = { ...stream.timeline, bins, changes: [], events: [] }
    const unknown = { ...stream, timeline, provenance: null, energyJ: null, meanPowerW: null, alone: null, clips: [] }
    expect(lanes(unknown)).toEqual(['Level', 'What ran'])
    expect(page(unknown)).toContain('No keyword was heard.')
    expect(page({ ...unknown, timeline: { ...timeline, bins: [] } })).toContain('Nothing was listened to.')
  })

  it('holds no script, fetches nothing, and means names as text', () => {
    const evil = '<script>alert(1)</script>"\''
    const stream = sampleStream()
    const events = stream.timeline.events.map((event) => ({ ...event, keyword: evil }))
    const text = page({
      ...stream,
      source: evil,
      cascade: evil,
      timeline: { ...stream.timeline, events },
      clips: [{ name: evil, startS: 0, endS: 1 }],
    })
    expect(text).toContain('default-src &#39;none&#39;')
    expect(text).not.toMatch(/<script|src=|href=/)
    expect(text).not.toContain('NaN')
  })

  it('does not grow with the governor: an hour of changes is a few paths', () => {
    const stream = sampleStream(1440)
    const changes = Array.from({ length: 1000 }, (_, at) => ({
      timeS: at / 4,
      from: at % 2 ? 'full' : 'strict',
      to: at % 2 ? 'strict' : 'full',
    }))
    const text = streamSvg({ ...stream, timeline: { ...stream.timeline, changes } }).source
    expect(text.length).toBeLessThan(150_000)
    expect(text).not.toContain('NaN')
  })

  it('puts no name of a keyword on another one', () => {
    const stream = sampleStream()
    const events = Array.from({ length: 40 }, (_, at) => ({ ...stream.timeline.events[0]!, timeS: 10 + at / 2 }))
    const { source } = streamSvg({ ...stream, timeline: { ...stream.timeline, events } })
    const names = [...source.matchAll(/<text x="([\d.]+)" y="([\d.]+)"[^>]*>yes</g)].map(([, x, y]) => [
      Number(x),
      Number(y),
    ])
    expect(names.length).toBeGreaterThan(8)
    expect(names.length).toBeLessThan(40)
    for (const [at, [x, y]] of names.entries())
      for (const [otherX, otherY] of names.slice(at + 1)) expect(y !== otherY || Math.abs(x! - otherX!) > 20).toBe(true)
    expect(source.match(/<line [^>]*stroke-opacity="0.55"/g)).toHaveLength(40)
  })
})
