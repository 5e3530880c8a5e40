import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { addMetersCommand } from '../../src/cli/meters.ts'
import { type MeterReading, meterReadingText } from '../../src/cli/meters-text.ts'
import { addRunCommand } from '../../src/cli/run.ts'
import { fakeHost } from '../../src/hosts/fake.ts'
import { meterDrivers, openMeter } from '../../src/meters/list.ts'
import type { MeterDriver, MeterOptions } from '../../src/meters/meter.ts'
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

/** Lines without what differs from run to run: numbers with their prefixes, and parts that say that something was late. */
const shapeOf = (text: string) =>
  text.split('\n').map((line) =>
    line
      .replace(/, \d+ told by an accumulator/, '')
      .replace(/\d[\d ]*(\.\d+)?(?: [nµmk]?([WAV])\b)?/g, '#$2')
      .trim(),
  )

/** The command line, without anything behind it. */
function commandLine(): Command {
  const program = new Command('milliwatt').exitOverride().configureOutput({ writeErr: () => {} })
  const host = fakeHost()
  addMetersCommand(program, host, () => {})
  addRunCommand(program, host, '0.0.0', () => {})
  for (const command of program.commands) command.exitOverride().action(() => {})
  return program
}

/** The commands of a page that begin with `milliwatt`. */
const commandsOf = (text: string) =>
  [...text.matchAll(/^```\n([\s\S]*?)^```/gm)]
    .flatMap(([, block = '']) => block.split('\n'))
    .filter((line) => line.startsWith('milliwatt '))
    .map((line) =>
      line
        .replace(/\s+#.*$/, '')
        .split(/\s+/)
        .slice(1),
    )

/** Opens what a command names, with the emulated instrument in the place of the path. @returns null, or the error's code */
async function tryCommand(driver: MeterDriver, args: readonly string[]): Promise<string | null> {
  const after = (option: string) => (args.includes(option) ? args[args.indexOf(option) + 1] : undefined)
  const spec = args[0] === 'run' ? after('--meter') : args[1]
  const [name = '', ...rest] = (spec ?? driver.name).split(':')
  if (name !== driver.name && name !== 'auto') throw new Error(`it names another meter: ${spec}`)
  const clock = createFakeClock()
  const { host, path } = driver.rehearse(meterHost(clock))
  const [, ...settings] = rest.join(':').split(',')
  const mode = after('--meter-mode') as MeterOptions['mode']
  const options: MeterOptions = {
    path: path === '' ? rest.join(':') : [path, ...settings].join(','),
    ...(after('--supply-v') === undefined ? {} : { supplyV: Number(after('--supply-v')) }),
    ...(mode === undefined ? {} : { mode }),
  }
  try {
    const meter = await clock.until(driver.open(host, options))
    await clock.until(meter.close())
    return null
  } catch (error) {
    return (error as { readonly code: string }).code
  }
}

describe.each(meterDrivers.map((driver) => [driver.name, driver] as const))('docs/meters/%s.md', (name, driver) => {
  const path = join(root, 'docs/meters', `${name}.md`)
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const hasPackages = (driver.packages ?? []).every((wanted) => optionalPackages[wanted])

  it('has a page with wiring or none, commands, and limits, which the README links in its table', () => {
    expect(text).toMatch(/^# /)
    expect(text).toMatch(/wiring|needs no|instruments/i)
    expect(text).toContain(`milliwatt meters ${name}`)
    const rows = readFileSync(join(root, 'README.md'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('|'))
    expect(rows.join('\n')).toContain(`[\`${name}\`](docs/meters/${name}.md)`)
  })

  it.skipIf(!hasPackages)('shows what the emulated instrument prints', async () => {
    const [, spec = '', shown = ''] =
      /<!-- output of: milliwatt meters (\S+) .*-->\n```\n([\s\S]*?)\n```/.exec(text) ?? []
    expect(spec).toMatch(/^emulated/)
    expect(shapeOf(shown)).toEqual(shapeOf(meterReadingText(await read(spec))))
    expect(shown).toMatch(/its figures are emulated/)
  })

  it('has commands that the command line takes', async () => {
    const commands = commandsOf(text)
    expect(commands.length).toBeGreaterThan(0)
    for (const args of commands) await commandLine().parseAsync(['node', 'milliwatt', ...args])
  })

  it.skipIf(!hasPackages)('has commands whose meters and settings the driver takes', async () => {
    const outcomes = []
    for (const args of commandsOf(text)) outcomes.push(await tryCommand(driver, args))
    // An emulated instrument may lie at another address than the command names.
    expect(outcomes).not.toContain('USAGE')
    expect(outcomes).toContain(null)
  })
})
