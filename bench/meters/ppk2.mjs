// Figures of the PPK2 driver: decode rate, exact losses, a stream through a pty, energy against truth.
// node bench/meters/ppk2.mjs [seconds of the pty stream, 60]; needs `npm run build` first, and socat.
import { nodeHost } from '../../dist/hosts/node.js'
import { toCoefficients } from '../../dist/meters/ppk2/calibration.js'
import { decodeWords, toWord } from '../../dist/meters/ppk2/decode.js'
import { ppk2 } from '../../dist/meters/ppk2/driver.js'
import { EmulatedPpk2 } from '../../dist/meters/ppk2/emulator.js'
import { realCalibration } from '../../dist/meters/ppk2/emulator-options.js'
import { createPpk2Stream } from '../../dist/meters/ppk2/stream.js'
import { childrenOf, cpuSecondsOf, openPty, printTable, startEmulator } from './support.mjs'

const host = nodeHost()
const coefficients = toCoefficients(realCalibration, 3.741, 3.3)
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]

function wordBytes(from, to, isLost = () => false) {
  const words = []
  for (let at = from; at < to; at++) if (!isLost(at)) words.push(toWord(1000 + (at & 0xff), 3, at, at & 1))
  return new Uint8Array(Uint32Array.from(words).buffer)
}

function decodeRates() {
  const total = 1 << 20
  const bytes = wordBytes(0, total)
  const words = new Uint32Array(bytes.buffer)
  const rate = (work) => {
    for (let warm = 0; warm < 5; warm++) work()
    return median(
      Array.from({ length: 15 }, () => {
        const startS = host.clock.nowS()
        work()
        return total / (host.clock.nowS() - startS) / 1e6
      }),
    )
  }
  const streamed = (chunkBytes) => () => {
    const stream = createPpk2Stream(coefficients)
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      stream.push(bytes.subarray(at, at + chunkBytes), (at + chunkBytes) / 400_000)
    }
    stream.flush()
    if (stream.counts.received !== total) throw new Error('samples missing')
  }
  const bare = () => {
    for (let at = 0; at < total; at += 4096)
      decodeWords(words.subarray(at, at + 4096), coefficients, { saturated: 0, invalid: 0 })
  }
  return [
    ['words alone, M samples/s', rate(bare).toFixed(1), 'goal >= 20'],
    ['framing + loss + decode, 16 KiB chunks, M samples/s', rate(streamed(16384)).toFixed(1), 'goal >= 20'],
    ['the same, 1600 B chunks (4 ms), M samples/s', rate(streamed(1600)).toFixed(1)],
  ]
}

/** Losses of k = 1..200 in simulated time, chunks of 1 ms with 0 to 0.12 ms of jitter. */
function lossTable() {
  const wrong = []
  for (let k = 1; k <= 200; k++) {
    const stream = createPpk2Stream(coefficients)
    const from = 3000 + ((k * 37) % 100)
    const gaps = []
    for (let at = 0; at < 40_000; at += 100) {
      const bytes = wordBytes(at, at + 100, (index) => index >= from && index < from + k)
      const jitterS = ((at * 7919 * k) % 120) * 1e-6
      if (bytes.length > 0)
        gaps.push(...stream.push(bytes, 1e9 + (at + 100) / 1e5 + jitterS).filter((event) => event.kind === 'gap'))
    }
    gaps.push(...stream.flush().filter((event) => event.kind === 'gap'))
    if (gaps.length !== 1 || gaps[0].count !== k) wrong.push(`${k}: ${gaps.map((gap) => gap.count)}`)
  }
  return [['k = 1..200 reported as one gap of exactly k', `${200 - wrong.length} of 200`, wrong.join('; ')]]
}

async function readFor(meter, seconds) {
  const gaps = []
  let samples = 0
  const startS = host.clock.nowS()
  const signal = AbortSignal.timeout(Math.round(seconds * 1000))
  for await (const event of meter.samples(signal)) {
    if (event.kind === 'gap') gaps.push(event.count)
    else samples += event.powerW.length
  }
  return { gaps, samples, wallS: host.clock.nowS() - startS }
}

async function overPty(seconds, faults) {
  const pty = await openPty()
  const child = await startEmulator(pty.b, faults)
  const before = new Set(childrenOf(process.pid))
  const meter = await ppk2.open(host, { path: pty.a, supplyV: 3.3 })
  const port = childrenOf(process.pid).find((pid) => !before.has(pid))
  const main = process.cpuUsage()
  const portS = cpuSecondsOf(port)
  const read = await readFor(meter, seconds)
  const used = process.cpuUsage(main)
  const result = {
    ...read,
    counts: meter.counts,
    mainShare: (used.user + used.system) / 1e6 / read.wallS,
    portShare: (cpuSecondsOf(port) - portS) / read.wallS,
  }
  await meter.close()
  child.disconnect()
  pty.close()
  return result
}

async function ptyRows(seconds) {
  const { counts, samples, mainShare, portShare, wallS } = await overPty(seconds, {})
  return [
    [`${wallS.toFixed(1)} s at 100 kS/s: samples received`, samples],
    ['samples lost', counts.lost, 'goal 0'],
    ['bytes discarded', counts.discardedBytes, 'goal 0'],
    ['capture process, % of a core', (mainShare * 100).toFixed(1), 'goal <= 15'],
    ['port process, % of a core', (portShare * 100).toFixed(1)],
    ['both together, % of a core', ((mainShare + portShare) * 100).toFixed(1), 'goal <= 15'],
  ]
}

async function ptyLossRows() {
  const counts = [1, 2, 10, 63, 64, 65, 100, 127, 128, 129, 192, 200]
  const lose = counts.map((count, at) => ({ atS: 1 + at * 0.7, count }))
  const { gaps } = await overPty(1 + counts.length * 0.7 + 1, { lose })
  return [
    [
      'losses over a pty in real time',
      gaps.join(',') === counts.join(',') ? 'all exact' : gaps.join(','),
      counts.join(','),
    ],
  ]
}

/** Windows of 20 to 200 ms with a marker, the emulator behind a pty, against what its load really took. */
async function energyRows() {
  const pty = await openPty()
  const far = await host.serial.open(pty.b, { baudRate: 115200 })
  const loadA = (timeS, since) => (since === null ? 8e-3 : 42e-3 + 1e-3 * Math.sin(6283 * (timeS - since)))
  const emulator = new EmulatedPpk2({ clock: host.clock, loadA })
  const serving = emulator.serve(far)
  const meter = await ppk2.open(host, { path: pty.a, mode: 'source', supplyV: 3.3 })
  const controller = new AbortController()
  const truth = []
  const marking = (async () => {
    await host.clock.sleep(0.5)
    for (let at = 0; at < 20; at++) {
      const fromS = emulator.setDigital(0, true)
      await host.clock.sleep(0.02 + (at % 10) * 0.02)
      const toS = emulator.setDigital(0, false)
      truth.push(emulator.trueEnergyJ(fromS, toS))
      await host.clock.sleep(0.05)
    }
    controller.abort()
  })()
  const measured = []
  let high = false
  for await (const event of meter.samples(controller.signal)) {
    if (event.kind === 'gap') continue
    event.powerW.forEach((power, at) => {
      const now = (event.digital[at] & 1) === 1
      if (now && !high) measured.push(0)
      if (now) measured[measured.length - 1] += power / 1e5
      high = now
    })
  }
  await marking
  await meter.close()
  await far.close()
  await serving
  pty.close()
  const errors = truth.map((energy, at) => Math.abs(measured[at] / energy - 1) * 100)
  return [
    ['windows found', `${measured.length} of ${truth.length}`],
    ['energy of a window against truth, median error %', median(errors).toFixed(4)],
    ['largest error %', Math.max(...errors).toFixed(4), 'goal <= 0.1'],
  ]
}

const seconds = Number(process.argv[2] ?? 60)
for (const [title, rows] of [
  ['Decoding, one core', decodeRates],
  ['Losses, simulated arrival', lossTable],
  ['Losses, pty', ptyLossRows],
  ['Energy with markers, pty', energyRows],
  ['Stream through a pty, emulator in its own process', () => ptyRows(seconds)],
]) {
  console.log(`\n${title}`)
  printTable(await rows())
}
