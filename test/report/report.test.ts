import { describe, expect, test } from 'vitest'
import { banners } from '../../src/report/facts.ts'
import { toHtml } from '../../src/report/html.ts'
import { html, jsonForScript, scriptSource } from '../../src/report/html-escape.ts'
import { toJson } from '../../src/report/json.ts'
import { toMarkdown } from '../../src/report/markdown.ts'
import type { RunReport } from '../../src/report/report.ts'
import { displayWidth } from '../../src/report/table.ts'
import { toText } from '../../src/report/text.ts'
import { emptyReport, hostileReport, meterlessReport, sampleReport } from './sample.ts'

const assets = { uplotJs: '/* uplot */', uplotCss: '/* css */' }
const emulatedWords = 'Emulated meter: these figures say nothing about real silicon'

describe('text', () => {
  const text = toText(sampleReport(), { width: 120, files: ['out/report.html'] })

  test('has one row an inference with provenance in the row', () => {
    const rows = text.split('\n').filter((line) => /\.wav/.test(line))
    expect(rows).toHaveLength(24)
    for (const row of rows) expect(row).toMatch(/emulated$/)
    expect(text).toMatch(/clip +keyword +expected +confidence +latency ms +mean mW +energy mJ +provenance/)
  })

  test('tells plan, reasons, percentiles, samples, intervals, gross and net, alignment, gain, problems, files', () => {
    for (const part of [
      emulatedWords,
      'Goal: p95 latency at most 20 ms',
      'Its p95 latency of 23.1 ms is above the limit of 20 ms.',
      'npm install onnxruntime-node would add it',
      '402.0 µJ modelled',
      'p95 4.890 ms, max 4.930 ms',
      '1 204 318 received (12 lost, 10.0 ppm; 3 invalid)',
      'µJ emulated (95 % interval',
      'net of idle',
      'edges of the marker wire on digital channel 0, sampled with the current (each edge ±5.0 µs)',
      'not included in any interval',
      'TRACE_DISK_FULL',
      'out/report.html',
      'out/run.raw',
      'Accuracy per class',
      'Confusion: rows expected, columns answered',
    ]) {
      expect(text.replace(/\s+/g, ' ')).toContain(part)
    }
  })

  test.each([60, 80, 100, 160])('lines keep within %i columns and colours change nothing else', (width) => {
    const style = { good: tag, warn: tag, bad: tag, faint: tag, strong: tag }
    const plainText = toText(sampleReport(), { width })
    const stripped = toText(sampleReport(), { width, style }).replace(/[{}]/g, '').replace(/ +$/gm, '')
    expect(stripped).toBe(plainText)
    if (width >= 80) for (const line of plainText.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(width)
  })

  test('a narrow terminal lists confusions instead of the matrix', () => {
    expect(toText(sampleReport(), { width: 60 })).toContain('left answered as off: 1')
  })

  test('small energies are in µJ under a header that says so', () => {
    const report = sampleReport(2)
    const small = report.inferences.map((row) => ({ ...row, energyJ: 1.5e-5 }))
    expect(toText({ ...report, inferences: small })).toMatch(/energy µJ[\s\S]*15\.00 +emulated/)
  })

  test('no control character of a clip reaches the terminal', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is tested
    expect(toText(hostileReport())).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028]/)
  })
})

function tag(text: string): string {
  return `{${text}}`
}

/** The page without its head and its scripts. */
function visible(page: string): string {
  return page.slice(page.indexOf('<body>'), page.indexOf('<script'))
}

test('rejected candidates without figures stand together by backend and reason', () => {
  const report = sampleReport(1)
  const last = report.plan.candidates.at(-1)!
  const more = ['int8', 'int4'].map((variant) => ({ ...last, variant }))
  const lonely = { ...last, variant: 'int2', reason: 'It lacks int2.' }
  const plan = { ...report.plan, candidates: [...report.plan.candidates, ...more, lonely] }
  const text = toText({ ...report, plan })
  expect(text.match(/^rejected +3 variants +onnxruntime-node .*$/m)?.[0]).not.toContain('93.7')
  expect(text.split(last.reason.slice(0, 30)).length).toBe(2)
  expect(text).toMatch(/^rejected +int2 +onnxruntime-node/m)
  expect(text).toMatch(/^rejected +float32 .* 18\.70? /m)
})

describe('reports with little in them', () => {
  const renderers: readonly (readonly [string, (report: RunReport) => string])[] = [
    ['text', toText],
    ['markdown', toMarkdown],
    ['html', (report) => visible(toHtml(report, assets))],
  ]

  test.each(renderers)('%s of an interrupted run with 0 inferences', (_name, render) => {
    const output = render(emptyReport())
    expect(output).toContain('No inference was run')
    expect(output).toContain('This run was interrupted')
    expect(output).toContain('no meter was opened')
    expect(output).not.toMatch(/NaN|undefined|\[object/)
  })

  test.each(renderers)('%s without a meter names no figure and the reason', (_name, render) => {
    const output = render(meterlessReport())
    expect(output).toContain('4 of 4 inferences: no meter was opened')
    expect(output).not.toMatch(/NaN|undefined|\[object|emulated/)
    if (_name === 'html') expect(output).toContain('Latency of each inference')
  })

  test.each(renderers)('%s marks an incomplete energy as a lower bound', (_name, render) => {
    const report = sampleReport(3)
    const inferences = report.inferences.map((row, at) =>
      at === 1 ? { ...row, energyReason: '12 samples lost' } : row,
    )
    const output = render({ ...report, inferences, meter: { ...report.meter!, verdict: 'lower bound' } })
    expect(output).toContain('≥ 0.3770')
    expect(output).toContain('1 of 3 inferences: 12 samples lost')
    expect(output).toContain('Energy is a lower bound')
  })

  test.each(renderers)('%s takes NaN and null figures', (_name, render) => {
    const report = sampleReport(2)
    const [first, second] = report.inferences
    const inferences = [
      { ...first!, latencyS: Number.NaN, energyJ: Number.NaN },
      { ...second!, meanPowerW: null },
    ]
    expect(render({ ...report, inferences })).not.toMatch(/NaN|undefined/)
  })
})

describe('banners', () => {
  test('say emulated for any emulated figure, and nothing for a measured run', () => {
    expect(banners(sampleReport(3, 'measured'))).toEqual([])
    expect(banners(sampleReport(3, 'replayed'))).toEqual([])
    expect(banners(sampleReport(3)).map((banner) => banner.title)).toEqual([emulatedWords])
    const report = sampleReport(3, 'measured')
    const mixed = { ...report, inferences: [{ ...report.inferences[0]!, provenance: 'emulated' as const }] }
    expect(banners(mixed).map((banner) => banner.title)).toEqual([emulatedWords])
  })

  test('say invalid and modelled', () => {
    const report = sampleReport(3, 'measured')
    const invalid = { ...report, meter: { ...report.meter!, verdict: 'invalid' as const } }
    expect(banners(invalid).map((banner) => banner.title)).toEqual(['The energy measurement is not valid'])
    const modelled = { ...report, summary: { ...report.summary, provenance: 'modelled' as const } }
    expect(banners(modelled).map((banner) => banner.title)).toEqual(['Energies are modelled, not measured'])
  })
})

describe('json', () => {
  test('keeps the contract, exact numbers, and null for what is not a number', () => {
    const report = sampleReport(2)
    const document = JSON.parse(toJson(report))
    expect(Object.keys(document.inferences[0]).slice(0, 7)).toEqual([
      'clip',
      'label',
      'confidence',
      'latencyS',
      'meanPowerW',
      'energyJ',
      'provenance',
    ])
    expect(document.inferences[0].energyJ).toBe(report.inferences[0]!.energyJ)
    expect(document.inferences[0]).toMatchObject({ provenance: 'emulated', expected: 'yes', energyReason: null })
    expect(document.plan.chosen.variant).toBe('int8-small')
    expect(document.plan.candidates).toHaveLength(4)
    expect(document).toMatchObject({ version: 1, kind: 'milliwatt-run', status: 'done' })
    expect(document.trace.files).toEqual(['out/run.raw', 'out/run.json'])
    expect(document.trace.plot).toBeUndefined()
    expect(toJson(report).endsWith('}\n')).toBe(true)
  })

  test('of an empty run is whole', () => {
    const document = JSON.parse(toJson(emptyReport()))
    expect(document).toMatchObject({ inferences: [], meter: null, trace: null, accuracy: null })
    expect(document.summary.latencyP50S).toBeNull()
  })
})

describe('markdown', () => {
  test('has a row an inference and every candidate with its reason', () => {
    const markdown = toMarkdown(sampleReport(5))
    expect(markdown.match(/^\| clips\//gm)).toHaveLength(5)
    expect(markdown).toContain(`> **${emulatedWords}.**`)
    expect(markdown).toContain('| rejected | float32 | onnxruntime-node |')
    expect(markdown).toContain('402.0 µJ modelled')
  })

  test('text of clips cannot break a table or become HTML', () => {
    const markdown = toMarkdown(hostileReport())
    expect(markdown).not.toMatch(/(^|[^\\])<script/m)
    const rows = markdown.split('\n').filter((line) => line.includes('window.hacked') && line.startsWith('| '))
    for (const row of rows) expect(row.endsWith(' |')).toBe(true)
    expect(rows.length).toBeGreaterThan(3)
  })
})

describe('html', () => {
  test('escapes what comes from outside and allows no network', () => {
    const page = toHtml(hostileReport(), assets)
    expect(page).not.toContain('<script>window')
    expect(page).toContain('&lt;script&gt;')
    expect(page).toContain('content="default-src &#39;none&#39;; style-src')
    expect(page).not.toMatch(/https?:\/\//)
    expect(page.match(/<script/g)).toHaveLength(3)
    expect(page.match(/<\/script/g)).toHaveLength(3)
  })

  test('shows the banner and a badge on every energy figure of an emulated run, none on a measured one', () => {
    const page = toHtml(sampleReport(6), assets)
    expect(page).toContain(emulatedWords)
    const rows = visible(page)
      .split('<tr')
      .filter((row) => row.includes('.wav'))
    expect(rows).toHaveLength(6)
    for (const row of rows) expect(row).toContain('<span class="badge emulated">')
    const measured = toHtml(sampleReport(6, 'measured'), assets)
    expect(measured).not.toContain('silicon')
    expect(measured).toContain('<span class="badge measured">')
  })

  test('a provenance-like clip name is not taken for a badge', () => {
    const report = sampleReport(1)
    const inferences = [{ ...report.inferences[0]!, clip: 'measured' }]
    expect(toHtml({ ...report, inferences }, assets)).not.toContain('badge measured">measured')
  })

  test('the tag escapes text, joins lists, keeps html; JSON and scripts cannot end their element', () => {
    expect(html`<p title="${`"'<>&`}">${[html`<b>${'<'}</b>`, 'x', null, false, 3]}</p>`.source).toBe(
      '<p title="&quot;&#39;&lt;&gt;&amp;"><b>&lt;</b>x3</p>',
    )
    const value = { text: '</script><!-- \u2028 &' }
    expect(jsonForScript(value).source).not.toMatch(/[<>&\u2028]/)
    expect(JSON.parse(jsonForScript(value).source)).toEqual(value)
    expect(scriptSource('"</script>" + "<!--"').source).not.toMatch(/<\/script|<!--/)
  })
})
