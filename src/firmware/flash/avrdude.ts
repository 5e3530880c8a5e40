import type { Avrdude } from '../../targets/flash-way.ts'
import type { Flasher } from './flasher.ts'
import { toolFlasher } from './tool.ts'
import { portsOf } from './touch.ts'

/** Marks of a bar that avrdude draws for reading, writing and verifying alike. */
const barMarks = 50

/** Writes with avrdude over a serial port. */
export const avrdude: Flasher<Avrdude> = toolFlasher<Avrdude>({
  way: 'avrdude',
  command: 'avrdude',
  version: { arguments: ['-?'], pattern: /avrdude version (\d+)\.(\d+)/i },
  minimum: [6, 3],
  format: 'hex',
  address: () => 0,
  port: async (host, board, _way, { port }) => port ?? (await portsOf(host, board, ['serial bridge']))[0]?.path ?? null,
  // -D: a bootloader erases page by page.
  writeArguments: ({ way, baudRate }, file, port) => [
    ...['-p', way.part, '-c', way.programmer, '-P', port!, '-b', String(baudRate ?? way.baudHz.value)],
    ...['-D', '-U', `flash:w:${file}:i`],
  ],
  begun: /Writing \||writing (flash|\d+ bytes)/i,
  progress: (output) => {
    const [, writing = ''] = /Writing \|([\s#]*)/.exec(output) ?? []
    const [, reading = ''] = /Writing \|[\s\S]*Reading \|([\s#]*)/.exec(output) ?? []
    const marksIn = (bar: string) => Math.min(barMarks, bar.replace(/[^#]/g, '').length) / barMarks
    return (marksIn(writing) + marksIn(reading)) / 2
  },
  wrongBoard: /expected signature/i,
  verified: { pattern: /bytes of flash verified/i, how: 'avrdude read the flash back and compared it' },
})
