import { describe, expect, it } from 'vitest'
import { banners } from '../../src/report/facts.ts'
import { toHtml } from '../../src/report/html.ts'
import { toJson } from '../../src/report/json.ts'
import { toMarkdown } from '../../src/report/markdown.ts'
import type { RunReport } from '../../src/report/report.ts'
import { toText } from '../../src/report/text.ts'
import { meterlessReport, sampleReport } from './sample.ts'

const move = {
  at: '2026-11-21T18:00:00.000Z',
  segment: 2,
  from: 'onnxruntime-node gpu:webgpu',
  to: 'compiled cpu',
  reason: 'the device was lost',
  lostS: 0.0123,
}
const moved: RunReport = { ...sampleReport(3), moves: [move] }
const sentence = 'segment 2 moved from onnxruntime-node gpu:webgpu to compiled cpu: the device was lost (12.30 ms lost)'

describe('segments that moved', () => {
  it('stand in every form of the report', () => {
    expect(toText(moved, { width: 160 })).toContain(`Moved segments\n${sentence}`)
    expect(toMarkdown(moved)).toContain(`## Moved segments\n\n- ${sentence}`)
    expect(toHtml(moved, { uplotJs: '', uplotCss: '' })).toContain(`<li>${sentence}</li>`)
    expect(JSON.parse(toJson(moved)).moves).toEqual([move])
  })

  it('are not mentioned where none moved', () => {
    for (const render of [toText, toMarkdown]) expect(render(sampleReport(3))).not.toContain('Moved')
    expect(JSON.parse(toJson(sampleReport(3))).moves).toEqual([])
  })
})

it('a simulated device is named as such where no meter ran', () => {
  const report = meterlessReport()
  const summary = { ...report.summary, provenance: 'emulated' as const }
  expect(banners({ ...report, summary }).map(({ title }) => title)).toContain(
    'Simulated device: these figures say nothing about real silicon',
  )
})
