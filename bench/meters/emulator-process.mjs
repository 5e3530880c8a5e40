// An emulated PPK2 at the far end of a pty, in a process of its own: node emulator-process.mjs PATH FAULTS_JSON
import { nodeHost } from '../../dist/hosts/node.js'
import { EmulatedPpk2 } from '../../dist/meters/ppk2/emulator.js'

const [path, faults = '{}'] = process.argv.slice(2)
const host = nodeHost()
const link = await host.serial.open(path, { baudRate: 115200 })
const emulator = new EmulatedPpk2({ clock: host.clock, loadA: () => 8e-3, faults: JSON.parse(faults) })
process.send?.('ready')
process.on('disconnect', () => void link.close())
await emulator.serve(link)
process.exit(0)
