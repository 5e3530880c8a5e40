import { describe, expect, it } from 'vitest'
import { provenances } from '../../src/core/provenance.ts'
import { batteryOf } from '../../src/energy/battery.ts'
import { carbonOf } from '../../src/energy/carbon.ts'
import { checkEnergy } from '../../src/energy/check-energy.ts'
import { compareEnergy } from '../../src/energy/compare-energy.ts'
import { gridIntensities } from '../../src/energy/grid-intensity.ts'
import { gateJunit, gateMarkdown, gateText } from '../../src/report/energy-gate.ts'
import { toEnergyLabel } from '../../src/report/energy-label.ts'
import { energyRecordText } from '../../src/report/energy-text.ts'
import { batteryText, carbonText, formatGrams } from '../../src/report/energy-uses.ts'
import { plainStyle } from '../../src/report/table.ts'
import { recordOf } from '../energy/support.ts'

const noisy = [0.0999, 0.1001, 0.1, 0.0998, 0.1002]
const record = recordOf(noisy)
const options = { figure: 'gross', confidence: 0.95 } as const
const check = checkEnergy({ name: 'a "b" <c>.json', record }, 1e-3, options)

describe('energy record as text', () => {
  it('names provenance beside every figure, the interval, and every row of the budget', () => {
    const text = energyRecordText(recordOf(noisy, { provenance: 'emulated' }), 140, plainStyle)
    expect(text).toMatch(/Energy per inference, gross +2\.000 mJ emulated \(95 % interval 1\.99\d to 2\.00\d mJ\)/)
    expect(text).toMatch(/net of idle +1\.800 mJ emulated/)
    expect(text).toMatch(/Verdict +complete/)
    for (const row of record.gross!.budget) expect(text).toContain(row.name)
    expect(text).toMatch(/it says nothing about real silicon/)
    // No energy without its source.
    for (const line of text.split('\n').filter((one) => /^\S.*\d [mµ]J(?! )/.test(one)))
      expect(line).toMatch(/emulated/)
  })

  it('says why there is no figure', () => {
    const text = energyRecordText(recordOf(noisy, {}, { supplyKnown: false }), 140, plainStyle)
    expect(text).toMatch(/gross +none \(the measurement is not valid\)/)
    expect(text).toMatch(/Verdict +invalid \(the supply voltage was assumed/)
  })
})

describe('a gate as text, Markdown and JUnit', () => {
  it('tells outcome, bound and limit', () => {
    expect(gateText(check, 140, plainStyle)).toMatch(
      /Outcome +failed .*\n[\s\S]*At most +2\.00\d mJ[\s\S]*Limit +1\.000 mJ/,
    )
    expect(gateMarkdown(check)).toMatch(/^## Energy check: failed\n\n- \*\*Outcome\*\*: failed/)
  })

  it('is well-formed JUnit whatever the names', () => {
    const xml = gateJunit(check)
    expect(xml).toContain('tests="1" failures="1" errors="0"')
    expect(xml).toContain('name="Energy check a &quot;b&quot; &lt;c&gt;.json"')
    const refused = gateJunit(
      checkEnergy({ name: 'a', record: recordOf(noisy, { provenance: 'modelled' }) }, 1, options),
    )
    expect(refused).toMatch(/failures="0" errors="1".*<error message="a is modelled/)
    const passed = gateJunit(checkEnergy({ name: 'a', record }, 1, options))
    expect(passed).toMatch(/failures="0" errors="0".*<system-out>/)
  })

  it('shows both sides of a comparison and the flag that let them in', () => {
    const side = (name: string, scale: number) => ({
      name,
      record: recordOf(
        noisy.map((power) => power * scale),
        { provenance: 'emulated' },
      ),
    })
    const result = compareEnergy(
      side('a', 1),
      side('b', 1.1),
      { tolerance: 0.01, mustFind: 0.05 },
      {
        ...options,
        accept: ['emulated'],
      },
    )
    const text = gateText(result, 140, plainStyle)
    expect(text).toMatch(/Change +\+10\.00 %/)
    expect(text).toMatch(/Note +a is emulated, accepted by --accept-emulated/)
  })
})

describe('energy label', () => {
  it.each(provenances)('always carries the word %s', (provenance) => {
    const svg = toEnergyLabel(recordOf(noisy, { provenance, ...(provenance === 'modelled' ? { meter: null } : {}) }))
    expect(svg).toContain(`>${provenance.toUpperCase()}</text>`)
    expect(svg).toMatch(new RegExp(`aria-label="2\\.00 mJ per inference, ${provenance}"`))
    expect(svg).toMatch(/^<svg xmlns=.*<\/svg>\n$/s)
  })

  it('escapes what a record holds, and has no label without a figure', () => {
    const svg = toEnergyLabel(recordOf(noisy, { subject: { ...record.subject, model: '</text><script>' } }))
    expect(svg).not.toContain('<script>')
    expect(() => toEnergyLabel(recordOf(noisy, {}, { supplyKnown: false }))).toThrow(RangeError)
  })

  it('says that a lower bound is one', () => {
    expect(toEnergyLabel({ ...record, verdict: 'lower bound' })).toContain('≥ 2.00')
  })
})

describe('carbon and battery as text', () => {
  it('have provenance, source and year', () => {
    const carbon = carbonText(carbonOf(record, gridIntensities[0]!, 10)!, 140, plainStyle)
    expect(carbon).toMatch(/Greenhouse gases +2\.6 µg CO2e measured \(10 inferences\)/)
    expect(carbon).toMatch(/Grid +world, 473 g\/kWh, 2024 \(Ember/)
    const battery = batteryOf(record, { capacityMah: 220, voltageV: 3, usableShare: 1, everyS: 60, sleepW: 1e-6 })
    if ('reason' in battery) throw new Error(battery.reason)
    expect(batteryText(battery, 140, plainStyle)).toMatch(/Battery life +\d+(\.\d+)? (days|years) measured/)
  })

  it.each([
    [0, '0 pg'],
    [1.31e-10, '130 pg'],
    [87e-9, '87 ng'],
    [0.0123, '12 mg'],
    [4200, '4.2 kg'],
  ])('%d g is %s', (grams, text) => {
    expect(formatGrams(grams)).toBe(text)
  })
})
