import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { milliwatt } from './support/cli.ts'
import { needs } from './support/needs.ts'
import { temporaryFolder } from './support/temporary.ts'

const root = resolve(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const cache = join(temporaryFolder(), 'cache')
const out = join(temporaryFolder(), 'out')
const scratch = join(import.meta.dirname, '.readme')
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => match[1]!)
const commands = blocks('sh').flatMap((block) => block.trim().split('\n'))

describe('README', () => {
  it('has commands to run', () => {
    expect(commands.length).toBeGreaterThanOrEqual(4)
  })

  const outputsBy = (by: string) =>
    [...readme.matchAll(new RegExp(`<!-- output ${by}: milliwatt (.+) -->\\n\`\`\`\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
      ([, command, text]) => [command!, text!] as const,
    )
  const outputs = outputsBy('of')
  const emulated = outputsBy('on QEMU of')

  it('shows output of commands', () => {
    expect(outputs.length).toBeGreaterThanOrEqual(2)
  })

  const shows = 'shows output that still looks like what is printed by: %s'
  it.each(outputs.slice(0, 1))(shows, looksLikeIt, 120_000)

  it.each(commands)(
    'runs: %s',
    async (command) => {
      const [program, ...args] = command.split(' ')
      expect(program).toBe('milliwatt')
      const files = args[0] === 'run' && !args.includes('--json') ? ['--out', out] : []
      const { code, stderr } = await milliwatt([...args, ...files], { cwd: root, cache })
      expect([code, stderr]).toEqual([0, ''])
    },
    120_000,
  )

  it.each(outputs.slice(1))(shows, looksLikeIt, 120_000)
  needs('an emulator of Cortex-M')('on an emulated board', () => {
    it.each(emulated)(shows, looksLikeIt, 120_000)
  })

  async function looksLikeIt(command: string, shown: string): Promise<void> {
    const { stdout } = await milliwatt([...command.replace('--out report', `--out ${out}`).split(' ')], {
      cwd: root,
      // Each with a fresh cache: what another command measured would show. The first fills the one of all commands.
      cache:
        command === outputs[0]![0]
          ? cache
          : join(cache, [...outputs, ...emulated].findIndex(([one]) => one === command).toString()),
    })
    const shape = (text: string) =>
      text
        .split('\n')
        .map(
          (line) =>
            line
              .replaceAll(out, 'report')
              .trim()
              .split(/\s{2,}/)[0]!,
        )
        .filter((line) => /^[A-Za-z][A-Za-z ,%]+$/.test(line))
    // Which candidates are rejected depends on the engines that are installed.
    const printed = [...shape(stdout), 'rejected', 'eligible']
    for (const line of shape(shown)) expect(printed).toContain(line)
    expect(shape(shown).length).toBeGreaterThan(6)
  }

  it('has a library example that prints what it says', async () => {
    const [example] = blocks('ts')
    mkdirSync(scratch, { recursive: true })
    const path = join(scratch, 'example.ts')
    writeFileSync(path, example!.replace("'milliwatt'", "'../../src/entries/node.ts'"))
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    // What the commands above have measured need not be measured again.
    vi.stubEnv('MILLIWATT_CACHE', cache)
    await import(path)
    vi.unstubAllEnvs()
    const printed = log.mock.calls.map((call) => call.join(' '))
    log.mockRestore()
    expect(readme).toContain(`prints \`${printed.join('\n')}\``)
  }, 240_000)

  it('has an example in plain JavaScript that prints what it says', async () => {
    const [example] = blocks('js')
    mkdirSync(scratch, { recursive: true })
    const path = join(scratch, 'example.mjs')
    writeFileSync(path, example!.replace("'milliwatt'", "'../../dist/entries/node.js'"))
    const env = { ...process.env, MILLIWATT_CACHE: cache }
    const printed = execFileSync(process.execPath, [path], { cwd: root, encoding: 'utf8', env })
    expect(readme).toContain(`prints \`${printed.trimEnd()}\``)
  }, 120_000)

  it('begins with the two commands of a fresh clone, and continuous integration calls the second', () => {
    expect(readme).toContain('npm ci && npm start')
    expect(readme).toContain('npm ci && npm test')
    expect(readFileSync(join(root, '.ci/run'), 'utf8')).toContain('npm ci && npm test')
  })
})
