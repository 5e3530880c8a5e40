import type { Bossac } from '../../targets/flash-way.ts'
import { type Flasher, FlashFault } from './flasher.ts'
import { lastPercent, toolFlasher } from './tool.ts'
import { portsOf, touchPort } from './touch.ts'
import { waitUntil } from './wait-until.ts'

/** How long a board takes from the touch until its bootloader's port is there. */
const touchS = 10

/** Writes with bossac over a serial port. */
export const bossac: Flasher<Bossac> = toolFlasher<Bossac>({
  way: 'bossac',
  command: 'bossac',
  version: { arguments: ['--help'], pattern: /Version (\d+)\.(\d+)/ },
  minimum: [1, 9],
  format: 'bin',
  address: (way) => Number.parseInt(way.address, 16),
  port: async (host, board, _way, { port }) =>
    port ?? (await portsOf(host, board, ['bootloader', 'application']))[0]?.path ?? null,
  enter: async (job, port) => {
    const { host, board, way, signal, tell } = job
    const running = (await portsOf(host, board, ['application'])).some(({ path }) => path === port)
    if (!running || !way.touch || port === undefined) return port
    tell(`Opening ${port} at 1200 baud, so that the board restarts into its bootloader.`)
    await touchPort(host, port)
    const found = await waitUntil(host.clock, signal, touchS, async () => {
      const [bootloader] = await portsOf(host, board, ['bootloader'])
      return bootloader?.path ?? null
    })
    if (found === null) throw new FlashFault('silent', `the bootloader's port did not come within ${touchS} s`)
    return found
  },
  writeArguments: ({ way }, file, port) => [
    `--port=${port}`,
    `--offset=0x${way.address}`,
    '-e',
    '-w',
    '-v',
    '-R',
    file,
  ],
  begun: /Erase flash|Write \d+ bytes/,
  progress: (output) => {
    const verifying = output.lastIndexOf('Verify')
    if (verifying >= 0) return 0.5 + lastPercent(output.slice(verifying)) / 2
    return lastPercent(output.slice(Math.max(0, output.lastIndexOf('Write')))) / 2
  },
  verified: { pattern: /Verify successful/, how: 'bossac read the flash back and compared it' },
})
