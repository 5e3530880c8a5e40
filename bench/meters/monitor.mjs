// The live page at full rate: an emulated PPK2 behind a pty in a process of its own, `milliwatt monitor` on it with its
// page open in Chromium, and a model that runs without pause beside them. Samples lost and processor time of the capture.
// node bench/meters/monitor.mjs [seconds, 600]; needs `npm run build`, socat and Chromium (MILLIWATT_CHROMIUM names one).
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { childrenOf, cpuSecondsOf, openPty, printTable, startEmulator } from './support.mjs'

const seconds = Number(process.argv[2] ?? 600)
const root = join(import.meta.dirname, '..', '..')
const cli = join(root, 'dist', 'cli', 'main.js')
const executablePath = process.env.MILLIWATT_CHROMIUM ?? '/usr/bin/chromium'
const path = (...parts) => JSON.stringify(join(root, ...parts))
const inference = `
  const { openRuntime } = await import(${path('dist', 'entries', 'node.js')})
  const runtime = await openRuntime({ backends: ['compiled'] })
  const model = await runtime.load(${path('models', 'kws', 'ds-cnn-64-int8.onnx')})
  const [features, outputs] = [new Float32Array(740), model.allocateOutputs()]
  let runs = 0
  process.on('SIGTERM', () => { console.log(runs); process.exit() })
  for (;;) {
    for (let i = 0; i < 1000; i++, runs++) model.runInto(features, outputs)
    await new Promise(setImmediate)
  }`

const pty = await openPty()
const emulator = await startEmulator(pty.b, {})
const monitor = spawn(process.execPath, [
  cli,
  'monitor',
  '--meter',
  `ppk2:${pty.a}`,
  '--supply-v',
  '3.3',
  '--port',
  '0',
])
const lines = createInterface({ input: monitor.stdout })[Symbol.asyncIterator]()
const [url] = (await lines.next()).value.match(/http:\S+/)
monitor.stderr.pipe(process.stderr)

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
const page = await browser.newPage({ viewport: { width: 1200, height: 900 } })
await page.goto(url)
const state = async () => (await (await fetch(`${url}view?last=1&columns=10`)).json()).state
while ((await state()).received === 0) await sleep(100)

const running = spawn(process.execPath, ['--input-type=module', '--eval', inference], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const [port] = childrenOf(monitor.pid)
const startS = performance.now() / 1000
const [monitorS, portS, first] = [cpuSecondsOf(monitor.pid), cpuSecondsOf(port), await state()]
await sleep(seconds * 1000)
const last = await state()
const wallS = performance.now() / 1000 - startS
const [monitorShare, portShare] = [(cpuSecondsOf(monitor.pid) - monitorS) / wallS, (cpuSecondsOf(port) - portS) / wallS]
const shown = await page.evaluate('document.body.innerText')
running.kill('SIGTERM')
const runs = (await createInterface({ input: running.stdout })[Symbol.asyncIterator]().next()).value
await browser.close()
monitor.kill('SIGINT')
for await (const line of lines) console.log(`monitor: ${line}`)
if (emulator.connected) emulator.disconnect()
pty.close()
const percent = (share) => (share * 100).toFixed(1)
printTable([
  [`${wallS.toFixed(1)} s: samples received`, last.received - first.received, '100 000 a second'],
  ['samples lost', last.lost, 'goal 0'],
  ['monitor with its page, % of a core', percent(monitorShare)],
  ['port process, % of a core', percent(portShare)],
  ['both together, % of a core', percent(monitorShare + portShare), 'goal <= 15'],
  ['inferences meanwhile', runs ?? 'none'],
  ['the page shows the meter', shown.includes('measured') ? 'yes' : 'no'],
])
