import type { Openocd } from '../../targets/flash-way.ts'
import type { Flasher } from './flasher.ts'
import { toolFlasher } from './tool.ts'

/** Parts of openocd's work, by what it prints when they begin: it tells nothing in between. */
const marks = [
  [/Verify Started/, 0.7],
  [/Programming Finished/, 0.6],
  [/Programming Started/, 0.1],
] as const

/** Writes with openocd over a debug probe. */
export const openocd: Flasher<Openocd> = toolFlasher<Openocd>({
  way: 'openocd',
  command: 'openocd',
  version: { arguments: ['--version'], pattern: /On-Chip Debugger (\d+)\.(\d+)/ },
  minimum: [0, 11],
  format: 'hex',
  address: (way) => Number.parseInt(way.address, 16),
  // Braces keep Tcl from reading the path.
  writeArguments: ({ way }, file) => [...way.arguments, '-c', `program {${file}} verify reset exit`],
  begun: /Programming Started/,
  progress: (output) => marks.find(([mark]) => mark.test(output))?.[1] ?? 0,
  wrongBoard: /UNEXPECTED idcode|expected .* but got|Cannot identify target/i,
  verified: { pattern: /Verified OK/, how: 'openocd read the flash back and compared it' },
})
