import { MilliwattError } from '../../core/errors.ts'
import type { CommandResult, Host } from '../../core/host.ts'
import { toLatin1 } from '../bytes.ts'
import { createMeter } from '../create-meter.ts'
import { createEmulatedDevice } from '../emulation/device.ts'
import { startTicker } from '../emulation/ticker.ts'
import { createEmulatedWire } from '../emulation/wire.ts'
import { createHostGrid } from '../host-grid.ts'
import { openInbox } from '../inbox.ts'
import { readLinkStream, type StreamDecoder } from '../link-stream.ts'
import type { Meter, MeterDriver, MeterOptions, MeterSearch, Rehearsal } from '../meter.ts'
import { numberSetting, splitPath } from '../path-settings.ts'
import { systemInfo } from './sensor-meter.ts'

const defaultRateHz = 50
const minimumWindowS = 10
const timeoutS = 10
const silenceS = 5
const covers = 'the GPU board alone, without the rest of the machine'

/** Fields in order of preference; older drivers only know the last, which is a mean over the last second on some GPUs. */
const fields = ['power.draw.instant', 'power.draw'] as const

const format = '--format=csv,noheader,nounits'

/** Watts in a line that nvidia-smi prints; null for `[N/A]`, `[Not Supported]` and other words. */
export function readWatts(line: string): number | null {
  const text = line.trim()
  return /^\d{1,5}(\.\d{1,6})?$/.test(text) ? Number(text) : null
}

async function query(host: Host, gpu: string, field: string): Promise<{ watts: number | null; name: string } | null> {
  const result = await host.command('nvidia-smi', [`--query-gpu=name,${field}`, format, '-i', gpu], timeoutS)
  if (result?.exitCode !== 0) return null
  const line = result.stdout.split('\n')[0] ?? ''
  const comma = line.lastIndexOf(',')
  return { name: line.slice(0, comma).trim(), watts: readWatts(line.slice(comma + 1)) }
}

/** The best field that a GPU answers; null when it tells no power. */
async function fieldOf(host: Host, gpu: string): Promise<{ readonly field: string; readonly name: string } | null> {
  for (const field of fields) {
    const answer = await query(host, gpu, field)
    if (answer && answer.watts !== null) return { field, name: answer.name }
  }
  return null
}

const shut = {
  reason: 'this user may not open the GPU (/dev/nvidia*)',
  next: 'Run: sudo usermod -aG video $USER, then log in again; or, until the next boot: sudo chmod a+rw /dev/nvidia*',
}

const isShut = ({ stdout, stderr }: CommandResult) => /insufficient permission/i.test(`${stderr}${stdout}`)

async function find(host: Host): Promise<MeterSearch> {
  const result = await host.command('nvidia-smi', ['--query-gpu=index,name', format], timeoutS)
  if (!result) return { meters: [], reason: 'nvidia-smi is not installed' }
  if (isShut(result)) return { meters: [{ driver: 'nvidia', path: '0', name: 'NVIDIA GPU', covers, problem: shut }] }
  if (result.exitCode !== 0) {
    return { meters: [], reason: `nvidia-smi fails: ${`${result.stderr}${result.stdout}`.trim().split('\n')[0]}` }
  }
  const rows = result.stdout.split('\n').map((line) => /^\s*(\d{1,3})\s*,\s*(.+?)\s*$/.exec(line))
  const meters = await Promise.all(
    rows
      .flatMap((row) => (row ? [row] : []))
      .map(async ([, index = '', name = '']) => {
        const known = await fieldOf(host, index)
        const problem = { reason: 'its driver tells no power', next: 'Use a meter in its supply, or a newer driver.' }
        return { driver: 'nvidia', path: index, name, covers, ...(known ? {} : { problem }) }
      }),
  )
  return meters.length > 0 ? { meters } : { meters, reason: 'nvidia-smi lists no GPU' }
}

function createDecoder(rateHz: number): StreamDecoder {
  const grid = createHostGrid(rateHz)
  let text = ''
  let bad = 0
  return {
    push: (chunk, arrivalS) => {
      text += toLatin1(chunk)
      const lines = text.split('\n')
      text = lines.pop()!.slice(-1000)
      return lines.flatMap((line) => {
        const powerW = readWatts(line)
        if (powerW === null) bad += line.length
        return powerW === null ? [] : grid.add({ atS: arrivalS, powerW })
      })
    },
    flush: () => [],
    get counts() {
      return { ...grid.counts, discardedBytes: bad }
    },
  }
}

async function throwIfShut(host: Host, where: string): Promise<void> {
  const result = await host.command('nvidia-smi', ['-L'], timeoutS)
  if (result && isShut(result)) throw new MilliwattError('METER_PERMISSION', where, `(${shut.reason}. ${shut.next})`)
}

async function open(host: Host, options: MeterOptions): Promise<Meter> {
  const settings = splitPath('nvidia', options.path, {
    rate: numberSetting(`readings per second; default ${defaultRateHz}`, 1, 100),
  })
  const gpu = settings.path
  const where = `nvidia:${gpu}`
  const known = /^\d{1,3}$/.test(gpu) ? await fieldOf(host, gpu) : null
  if (!known) await throwIfShut(host, where)
  if (!known) throw new MilliwattError('METER_NOT_FOUND', where, '(nvidia-smi tells no power of such a GPU)')
  const rateHz = settings.number('rate') ?? defaultRateHz
  const sensor = {
    driver: 'nvidia',
    model: known.name,
    path: gpu,
    target: 'nvidia-nvml',
    covers,
    rateHz,
    minimumWindowS,
    calibration: { field: known.field },
    warnings: ['many GPUs refresh this reading less often than it is asked for, and look at a part of the time only'],
  }
  const info = await systemInfo(host, sensor, 0)
  const periodMs = String(Math.round(1000 / rateHz))
  return createMeter({
    info,
    openStream: () => {
      const decode = createDecoder(rateHz)
      return {
        get counts() {
          return decode.counts
        },
        events: async function* (signal) {
          if (signal.aborted) return
          const link = await host.startCommand('nvidia-smi', [
            `--query-gpu=${known.field}`,
            format,
            '-i',
            gpu,
            '-lms',
            periodMs,
          ])
          if (!link) throw new MilliwattError('METER_LOST', where, '(nvidia-smi is no longer installed)')
          const inbox = openInbox(link, host.clock)
          try {
            yield* readLinkStream({ link, inbox, clock: host.clock }, decode, signal, () => link.close(), silenceS)
          } finally {
            inbox.detach()
            await link.close()
          }
        },
      }
    },
    close: async () => {},
  })
}

function rehearse(host: Host): Rehearsal {
  const device = createEmulatedDevice(host.clock)
  const watts = () => (device.currentAt(host.clock.nowS()) * device.voltageAt(host.clock.nowS())).toFixed(6)
  const command: Host['command'] = async (name, args, seconds) => {
    if (name !== 'nvidia-smi') return host.command(name, args, seconds)
    const asked = args[0]?.split('=')[1] ?? ''
    const row = asked.split(',').map((field) => (field === 'index' ? '0' : field === 'name' ? 'Emulated GPU' : watts()))
    return { exitCode: 0, stdout: `${row.join(', ')}\n`, stderr: '' }
  }
  const startCommand: Host['startCommand'] = async (name, args) => {
    if (name !== 'nvidia-smi') return host.startCommand(name, args)
    const wire = createEmulatedWire(
      host.clock,
      () => {},
      () => ticker.stop(),
    )
    const everyS = Number(args[args.indexOf('-lms') + 1]) / 1000
    const ticker = startTicker(host.clock, everyS, () => wire.send(`${watts()}\n`))
    return wire.link(name)
  }
  return { host: { ...host, command, startCommand }, path: '0' }
}

/** The power sensor of an NVIDIA GPU, through nvidia-smi. */
export const nvidia: MeterDriver = {
  name: 'nvidia',
  summary: 'power sensor of an NVIDIA GPU (nvidia-smi); nvidia:0, nvidia:0,rate=50',
  defaultPath: '0',
  automatic: false,
  find,
  open,
  rehearse,
}
