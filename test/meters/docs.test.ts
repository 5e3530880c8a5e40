import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type MeterReading, meterReadingText } from '../../src/cli/meters-text.ts'
import { meterDrivers, openMeter } from '../../src/meters/list.ts'
import { collect } from '../support/collect.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { meterHost, optionalPackages } from '../support/meter-host.ts'

const root = resolve(import.meta.dirname, '../..')

/** What `milliwatt meters SPEC` shows, on a clock that only the test moves. */
async function read(spec: string): Promise<MeterReading> {
  const clock = createFakeClock()
  const meter = await clock.until(openMeter(meterHost(clock), spec))
  const stop = new AbortController()
  const reading = collect(meter.samples(stop.signal))
  await clock.advance(2.5)
  stop.abort()
  const { blocks, end } = await clock.until(reading)
  const powerW = blocks[0]?.powerW[0] ?? Number.NaN
  const power = { meanW: powerW, lowestW: powerW, highestW: powerW }
  await clock.until(meter.close())
  return {
    info: meter.info,
    counts: meter.counts,
    durationS: end / meter.info.sampleRateHz,
    power,
    marks: [],
    problem: null,
  }
}

const rowsOf = (text: string) => text.split('\n').map((line) => line.split(/\s{2,}/)[0])

describe.each(meterDrivers.map((driver) => [driver.name, driver] as const))('docs/meters/%s.md', (name, driver) => {
  const path = join(root, 'docs/meters', `${name}.md`)
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const hasPackages = (driver.packages ?? []).every((wanted) => optionalPackages[wanted])

  it('has a page with wiring or none, commands, and limits, which the README links', () => {
    expect(text).toMatch(/^# /)
    expect(text).toMatch(/wiring|needs no|instruments/i)
    expect(text).toContain(`milliwatt meters ${name}`)
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(`(docs/meters/${name}.md)`)
  })

  it.skipIf(!hasPackages)('shows what the emulated instrument prints', async () => {
    const [, spec = '', shown = ''] =
      /<!-- output of: milliwatt meters (\S+) .*-->\n```\n([\s\S]*?)\n```/.exec(text) ?? []
    expect(spec).toMatch(/^emulated/)
    expect(rowsOf(shown)).toEqual(rowsOf(meterReadingText(await read(spec))))
    expect(shown).toMatch(/its figures are emulated/)
  })
})
