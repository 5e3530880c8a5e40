import { expect, it } from 'vitest'
import { fixedTables } from '../../../src/audio/fixed/tables.ts'
import { renderFrontend } from '../../../src/compile/c/frontend.ts'
import { frontEndCases, frontEndProgram, hostColumns, portions, wildSound } from '../../audio/fixed/front-ends.ts'
import { needs } from '../../support/needs.ts'
import { hostMain, hostPrelude, runProgram } from './build-and-run.ts'

const builds = {
  'long products': ['-O1', '-std=c99', '-fsanitize=undefined', '-fno-sanitize-recover'],
  'short products': ['-O1', '-std=c99', '-DMILLIWATT_SHORT_PRODUCTS', '-fsanitize=undefined', '-fno-sanitize-recover'],
}

needs('cc')('the front end in C', () => {
  it.each(frontEndCases)('equals the host bit for bit: $name', (one) => {
    const sound = wildSound(160_000, 3)
    const expected = hostColumns(one, sound)
    expect(expected.length).toBeGreaterThan(5000)
    const files = renderFrontend(fixedTables(one.spec), one.input)
    const program = new Map([...files, ['program.c', `${hostPrelude}${frontEndProgram(one)}${hostMain}`]])
    for (const flags of Object.values(builds)) {
      const all = [...flags, '-Wall', '-Wextra', '-Werror', '-fno-sanitize=shift-base']
      expect(Buffer.compare(runProgram(program, portions(sound), { flags: all }), expected)).toBe(0)
    }
  })
})
