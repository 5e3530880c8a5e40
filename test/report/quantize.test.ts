import { describe, expect, it } from 'vitest'
import { quantizePage } from '../../src/report/quantize-html.ts'
import { markPareto, type QuantizeReport, type QuantizeRow } from '../../src/report/quantize-report.ts'
import { quantizeSvg } from '../../src/report/quantize-svg.ts'
import { quantizeText } from '../../src/report/quantize-text.ts'

const row = (name: string, changes: Partial<QuantizeRow> = {}): QuantizeRow => ({
  name,
  files: [`${name}.tflite`],
  how: 'int8',
  bytes: 10_000,
  parameters: 9000,
  macs: 1e6,
  correct: 95,
  total: 100,
  value: 0.95,
  drop: 0,
  signalToNoiseDb: 40,
  backend: 'compiled',
  latencyS: 1e-4,
  latencyP95S: 2e-4,
  energyJ: null,
  provenance: null,
  leftOut: null,
  pareto: false,
  ...changes,
})

const rows = [
  row('net-float32', { bytes: 40_000, latencyS: 2e-4, signalToNoiseDb: null, drop: null }),
  row('net-int8', { value: 0.949, correct: 94 }),
  row('net-slow', { value: 0.94, latencyS: 5e-4 }),
  row('net-<int4>', { bytes: 6000, value: 0.9 }),
  row('net-bad', { value: 0.2, files: [], leftOut: 'left out: it loses 75.00 points, 1.00 are allowed' }),
]

const report = (changes: Partial<QuantizeReport> = {}): QuantizeReport => ({
  version: 1,
  kind: 'milliwatt-quantize',
  milliwatt: '0.1.0',
  startedAt: '2026-01-02T03:04:05.000Z',
  model: 'net',
  machine: { name: 'a machine', runtime: 'node' },
  folder: 'net-quantized',
  calibration: { source: 'samples', samples: 75, judging: 25 },
  measure: 'accuracy',
  evaluation: { source: 'samples', samples: 100 },
  maxDrop: 0.01,
  rows: markPareto(rows, 'accuracy'),
  layers: [{ op: 'conv_2d', output: 'a', aloneDb: 30 }],
  notes: [],
  ...changes,
})

describe('a report of quantised variants', () => {
  it('marks what no other variant beats in everything', () => {
    expect(
      report()
        .rows.filter(({ pareto }) => pareto)
        .map(({ name }) => name),
    ).toEqual(['net-float32', 'net-int8', 'net-<int4>'])
  })

  it('compares energies of one provenance only', () => {
    const energies = markPareto(
      [
        row('measured', { energyJ: 2, provenance: 'measured' }),
        row('modelled', { energyJ: 1, provenance: 'modelled' }),
      ],
      'accuracy',
    )
    expect(energies.every(({ pareto }) => pareto)).toBe(true)
  })

  it('goes by nearness to the float model where nothing was counted', () => {
    const uncounted = [row('near', { value: null }), row('far', { value: null, signalToNoiseDb: 10 })]
    expect(markPareto(uncounted, null).map(({ pareto }) => pareto)).toEqual([true, false])
  })

  it('says what was left out and why, and where the figures come from', () => {
    const text = quantizeText(report(), 160)
    expect(text).toContain('net-int8 *')
    expect(text).toContain('net-bad is left out: it loses 75.00 points')
    expect(text).toContain('One answer is 1.00 points.')
    expect(text).toContain('Ranges from 75 samples of samples; SQNR on 25 others.')
    expect(text).toContain('4 model files in net-quantized')
    expect(quantizeText(report({ measure: null, evaluation: null }), 160)).toContain(
      'No samples with a choice to count',
    )
  })

  it('draws every variant that is kept, the front filled, and escapes names', () => {
    const svg = quantizeSvg(report())
    expect(svg.match(/<circle/g)!.length).toBe(2 * 4)
    expect(svg.match(/fill="#0072b2" stroke/g)!.length).toBe(2 * 3)
    expect(svg).toContain('net-&lt;int4&gt;')
    expect(svg).not.toContain('Energy')
    const powered = rows.map((each) => ({ ...each, energyJ: 1e-5, provenance: 'emulated' as const }))
    expect(quantizeSvg(report({ rows: powered }))).toContain('Energy an inference (µJ, emulated)')
    expect(quantizePage(report())).toContain('<svg')
    expect(quantizePage(report())).not.toContain('<script')
  })
})
