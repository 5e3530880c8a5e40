import type { DfuUtil } from '../../targets/flash-way.ts'
import { type Flasher, FlashFault } from './flasher.ts'
import { equalBytes } from './image-part.ts'
import { lastPercent, takeFile, temporaryFile, toolFlasher } from './tool.ts'

const addressed = ({ vendorId, productId, alternate, address }: DfuUtil, more: string) => [
  ...['-d', `${vendorId}:${productId}`, '-a', alternate, '-s', `0x${address}${more}`],
]

/** Writes with dfu-util over USB, and reads back. */
export const dfuUtil: Flasher<DfuUtil> = toolFlasher<DfuUtil>({
  way: 'dfu-util',
  command: 'dfu-util',
  version: { arguments: ['--version'], pattern: /dfu-util (\d+)\.(\d+)/ },
  minimum: [0, 9],
  format: 'bin',
  address: (way) => Number.parseInt(way.address, 16),
  writeArguments: ({ way }, file) => [...addressed(way, ''), '-D', file],
  begun: /Erase\s+\[|Download\s+\[|Downloading/,
  progress: (output) => lastPercent(output.slice(Math.max(0, output.lastIndexOf('Download')))),
  verify: async ({ host, way }, tool, bytes) => {
    const file = temporaryFile(host, 'back')
    await tool([...addressed(way, `:${bytes.length}`), '-U', file])
    if (!equalBytes((await takeFile(host, file)).subarray(0, bytes.length), bytes))
      throw new FlashFault('differs', 'the flash reads back otherwise')
    return { verified: true, how: 'dfu-util read the flash back, and every byte was compared' }
  },
  // A board leaves DFU mode at the end of a transfer: a short one from it changes nothing.
  run: async ({ host, way }, tool) => {
    const file = temporaryFile(host, 'back')
    await tool([...addressed(way, ':4:leave'), '-U', file])
    await host.files.remove(file)
    return true
  },
})
