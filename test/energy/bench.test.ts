import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)

/** The scripts of bench/energy with few trials; `npm run bench:energy` runs them in full. They exit with 1 on a miss. */
describe('figures of the energy side', () => {
  it.each([
    ['coverage', '60', /ok +gross: the 95 % interval holds the truth.*\nok +net: the 95 % interval holds the truth/],
    ['gate', '200', /CV 1\.00 %: \+5 % found/],
    ['layers', '10', /a marker a layer/],
  ])(
    '%s with %s trials',
    async (name, trials, expected) => {
      const path = resolve(import.meta.dirname, `../../bench/energy/${name}.mjs`)
      const { stdout } = await run(process.execPath, [path, trials])
      expect(stdout).toMatch(expected)
      expect(stdout).not.toContain('FAIL')
    },
    120_000,
  )
})
