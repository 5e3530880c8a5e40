import { describe, expect, it } from 'vitest'
import type { PlacementReport } from '../../src/report/placement.ts'
import { placementSvg } from '../../src/report/placement-svg.ts'
import { elsewhereText, layerTable, placementSummary, placementText } from '../../src/report/placement-text.ts'
import { planPage } from '../../src/report/plan-html.ts'
import { planText } from '../../src/report/plan-text.ts'

const elsewhere = (place: string, extra: number | null, reason: string) => ({
  place,
  latencyS: extra === null ? null : 2e-6,
  energyJ: null,
  extra,
  reason,
})

const report: PlacementReport = {
  model: 'a<b>.tflite',
  variant: 'int8',
  objective: 'latency',
  places: [
    {
      id: 'compiled cpu',
      backend: 'compiled',
      device: 'cpu',
      dispatchS: 1e-6,
      basis: 'predicted',
      whole: { latencyS: 9e-6, energyJ: null },
    },
    {
      id: 'npu npu:x',
      backend: 'npu',
      device: 'npu:x',
      dispatchS: 0,
      basis: 'declared',
      whole: { reason: 'softmax: not there' },
    },
  ],
  layers: [
    {
      name: '</text><script>',
      op: 'conv_2d',
      macs: 1000,
      weightBytes: 90,
      outputBytes: 100,
      takesFrom: [-1],
      place: 'npu npu:x',
      segment: 0,
      latencyS: 3e-6,
      latency90S: null,
      energyJ: 4e-6,
      provenance: 'emulated',
      transferS: 0.5e-6,
      why: 'cheapest by itself',
      elsewhere: [elsewhere('compiled cpu', 1.25e-6, '+1.25 µs for the whole inference (exact)')],
    },
    {
      name: 'softmax',
      op: 'softmax',
      macs: null,
      weightBytes: 0,
      outputBytes: 4,
      takesFrom: [0],
      place: 'compiled cpu',
      segment: 1,
      latencyS: 1e-6,
      latency90S: [0.9e-6, 1.1e-6],
      energyJ: null,
      provenance: null,
      transferS: 0,
      why: 'no other place can run it',
      elsewhere: [elsewhere('npu npu:x', null, 'no softmax')],
    },
  ],
  segments: [
    { place: 'npu npu:x', first: 0, last: 0, dispatchS: 0, latencyS: 3e-6 },
    { place: 'compiled cpu', first: 1, last: 1, dispatchS: 1e-6, latencyS: 1e-6 },
  ],
  totals: { latencyS: 5.5e-6, layersS: 4e-6, dispatchS: 1e-6, transferS: 0.5e-6, energyJ: null, provenance: null },
  algorithm: 'Least latency of all arrangements, proven.',
  notes: ['a note'],
}

const document = {
  version: 1,
  kind: 'milliwatt-plan',
  milliwatt: '0.0.0',
  startedAt: '2026-01-01T00:00:00.000Z',
  model: 'a<b>.tflite',
  machine: { name: 'bench', runtime: 'node' },
  plan: { goal: ['then least latency'], chosen: null, candidates: [], unmet: null, profileSource: 'measured now' },
  placement: report,
  placementReason: null,
} as const

describe('layers by place', () => {
  it('tells what another place would add, that it is as good, or why it cannot be', () => {
    expect(elsewhereText(elsewhere('a cpu', 2e-6, ''), report)).toBe('+2.000 µs on a cpu')
    expect(elsewhereText(elsewhere('a cpu', 1e-15, ''), report)).toBe('as good on a cpu')
    expect(elsewhereText(elsewhere('a cpu', null, 'no room'), report)).toBe('not on a cpu: no room')
    expect(elsewhereText(elsewhere('a cpu', 2e-6, ''), { ...report, objective: 'energy' })).toBe('+2.000 µJ on a cpu')
  })

  it('sums up and lists every layer with its provenance', () => {
    expect(placementSummary(report)).toBe(
      '2 layers in 2 segments: 5.500 µs (layers 4.000 µs, dispatch 1.000 µs, transfers 500.0 ns)',
    )
    const { rows } = layerTable(report)
    expect(rows[0]!.find(({ provenance }) => provenance)).toEqual({ text: '4.000 µJ', provenance: 'emulated' })
    expect(placementText(report, 120)).toContain('softmax: not there')
  })

  it('draws one lane a place and a line where a tensor moves, and escapes what models call their layers', () => {
    const svg = placementSvg(report)
    expect(svg.match(/stroke-dasharray/g)).toHaveLength(1)
    expect(svg).not.toContain('<script>')
    expect(svg).toContain('a&lt;b&gt;.tflite')
    expect(svg.match(/<g>/g)).toHaveLength(2)
  })

  it('makes a page and a text of the whole plan; without places the reason stands there', () => {
    const page = planPage(document)
    expect(page).not.toMatch(/<script|a<b>/)
    expect(page).toContain('no other place can run it')
    const without = { ...document, placement: null, placementReason: 'one place only' }
    expect(planText(without, 100)).toContain('one place only')
    expect(planPage(without)).toContain('one place only')
  })
})
