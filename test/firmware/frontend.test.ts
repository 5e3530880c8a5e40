import { expect, it } from 'vitest'
import { fixedTables } from '../../src/audio/fixed/tables.ts'
import { renderFrontend } from '../../src/compile/c/frontend.ts'
import { frontEndCases, frontEndProgram, hostColumns, portions, wildSound } from '../audio/fixed/front-ends.ts'
import { needs } from '../support/needs.ts'
import { runProgramOnBoard } from './run-on-board.ts'

needs('an emulator of Cortex-M')('the front end on emulated boards', () => {
  it.each(['qemu-mps2-an385', 'qemu-mps2-an386'])('equals the host bit for bit: %s', async (port) => {
    const sound = wildSound(20_000, 5)
    for (const one of frontEndCases.slice(0, 2)) {
      const files = renderFrontend(fixedTables(one.spec), one.input)
      const { output } = await runProgramOnBoard(frontEndProgram(one), files, portions(sound), { port, flags: ['-Os'] })
      expect(Buffer.compare(output, hostColumns(one, sound))).toBe(0)
    }
  })
})
