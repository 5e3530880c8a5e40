import { describe, expect, it } from 'vitest'
import { isMilliwattError } from '../../../src/core/errors.ts'
import { MlperfClient } from '../../../src/firmware/mlperf/client.ts'
import { type DutModel, serveDut } from '../../../src/firmware/mlperf/dut.ts'
import { measureThroughput } from '../../../src/firmware/mlperf/runner.ts'
import { createEmulatedWire, type EmulatedWire } from '../../../src/meters/emulation/wire.ts'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts'

/** Bytes that a device answers with, or nothing. */
type Answer = (command: string, device: { readonly wire: EmulatedWire; readonly loaded: number[] }) => string | null

const loadAnswer: Answer = (command, { loaded }) => {
  const [, count] = /^db load (\d+)$/.exec(command) ?? []
  if (count !== undefined) {
    loaded.splice(0, loaded.length, Number(count))
    return `m-[Expecting ${count} bytes]\r\nm-ready\r\n`
  }
  const [, hex] = /^db ([\da-f]+)$/.exec(command) ?? []
  if (hex === undefined) return null
  loaded[0]! -= hex.length / 2
  return loaded[0] === 0 ? 'm-load-done\r\nm-ready\r\n' : 'm-ready\r\n'
}

const scores = '0.000,0.000,0.000,0.000,0.000,0.000,0.000,0.000,0.000,0.000,0.996,0.000'
const inferAnswer = (iterations: number, laps = `m-lap-us-100\r\nm-lap-us-${100 + iterations * 1000}\r\n`) =>
  `m-warmup-start-0\r\nm-warmup-done\r\nm-infer-start-${iterations}\r\n${laps}m-infer-done\r\nm-results-[${scores}]\r\nm-ready\r\n`

const good: Answer = (command, device) => {
  if (command === 'name') return 'm-name-dut-[bench]\r\nm-ready\r\n'
  if (command === 'profile') return 'm-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[kws01]\r\nm-ready\r\n'
  const [, iterations] = /^infer (\d+) \d+$/.exec(command) ?? []
  if (iterations !== undefined) return inferAnswer(Number(iterations))
  if (command === 'results') return `m-results-[${scores}]\r\nm-ready\r\n`
  return loadAnswer(command, device)
}

/** A device by script on a wire in this process. `first` is asked before what a good device says. */
function bench(first: Answer = () => null, leftover = '') {
  const clock: FakeClock = createFakeClock()
  const sent: string[] = []
  const loaded: number[] = [0]
  let pending = leftover
  const wire: EmulatedWire = createEmulatedWire(clock, (bytes) => {
    for (const byte of bytes) {
      const character = String.fromCharCode(byte)
      if (character !== '%') {
        pending += character
        continue
      }
      const command = pending
      pending = ''
      sent.push(command)
      const device = { wire, loaded }
      const answer = first(command, device) ?? good(command, device) ?? `e-[Unknown command: ${command}]\r\nm-ready\r\n`
      if (answer !== '' && !wire.hasEnded) wire.send(answer)
    }
  })
  const open = (tries = 3) => clock.until(MlperfClient.open(wire.link('/dev/bench'), clock, tries))
  return { clock, sent, wire, open }
}

const infer = ({ clock }: { readonly clock: FakeClock }, client: MlperfClient, iterations = 3) =>
  clock.until(client.infer(iterations, 0, 30))
const once = (pattern: RegExp, answer: string): Answer => {
  let isDone = false
  return (command) => {
    if (isDone || !pattern.test(command)) return null
    isDone = true
    return answer
  }
}
const codeAndDetail = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => (isMilliwattError(error) ? `${error.code} ${error.detail}` : String(error)),
  )

describe('the host end of the MLPerf Tiny protocol', () => {
  it('asks a good device for everything', async () => {
    const device = bench()
    const client = await device.open()
    expect(client.facts).toEqual({ name: 'bench', profile: 'ULPMark for tinyML Firmware V0.0.1', model: 'kws01' })
    await device.clock.until(client.load(new Uint8Array(490).fill(7)))
    expect(device.sent.filter((command) => command.startsWith('db 07'))).toHaveLength(16)
    expect(Math.max(...device.sent.map((command) => command.length))).toBeLessThan(80)
    const { lapS, results } = await infer(device, client)
    expect(lapS).toBeCloseTo(0.003, 9)
    expect(results).toHaveLength(12)
    expect(results[10]).toBe(0.996)
  })

  it('gets over half a command that an earlier run left in the device', async () => {
    const device = bench(undefined, 'db 00112')
    expect((await device.open()).facts.name).toBe('bench')
    expect(device.sent[0]).toBe('db 00112name')
  })

  it('passes over lines that an earlier run left under way, a stray m-ready among them', async () => {
    const device = bench()
    const late = once(/^name$/, 'm-infer-done\r\nm-results-[1.0]\r\nm-ready\r\nm-name-dut-[bench]\r\nm-ready\r\n')
    const other = bench((command, it) => late(command, it))
    expect((await other.open()).facts.name).toBe('bench')
    const client = await device.open()
    device.wire.send('m-ready\r\n')
    expect((await infer(device, client)).results).toHaveLength(12)
  })

  it('waits for what was asked for when another m-ready comes first', async () => {
    const device = bench((command) => (command.startsWith('infer') ? `m-ready\r\n${inferAnswer(3)}` : null))
    expect((await infer(device, await device.open())).results).toHaveLength(12)
  })

  it.each([
    ['echo', (text: string, command: string) => `${command}%${text}`],
    ['line feeds alone', (text: string) => text.replaceAll('\r', '')],
    ['carriage returns alone', (text: string) => text.replaceAll('\n', '')],
    ['NUL bytes and chatter', (text: string) => text.replaceAll('\r\n', '\0\r\n[debug] 50% full\r\n')],
  ])('reads a device with %s', async (_, spoil) => {
    const device = bench((command, it) => {
      const answer = good(command, it)
      return answer === null ? null : spoil(answer, command)
    })
    const client = await device.open()
    await device.clock.until(client.load(new Uint8Array(70)))
    expect(await infer(device, client)).toMatchObject({ iterations: 3, lapS: 0.003 })
  })

  it('measures over the wrap of a 32-bit timer', async () => {
    const laps = `m-lap-us-${2 ** 32 - 1000}\r\nm-lap-us-2000\r\n`
    const device = bench((command) => (command.startsWith('infer') ? inferAnswer(3, laps) : null))
    expect((await infer(device, await device.open())).lapS).toBeCloseTo(0.003, 9)
  })

  it('asks again for results that were damaged once, and loads again what got lost', async () => {
    const cutOff = inferAnswer(3).replace(`${scores}]`, '0.000,0.')
    const device = bench(once(/^infer/, cutOff))
    expect((await infer(device, await device.open())).results).toHaveLength(12)
    const lossy = bench(once(/^db 00/, 'm-ready\r\n'))
    const client = await lossy.open()
    await lossy.clock.until(client.load(new Uint8Array(62)))
    expect(lossy.sent.filter((command) => command.startsWith('db load'))).toHaveLength(2)
  })

  it.each<[string, Answer, string]>([
    [
      'starts anew',
      (command) => (command.startsWith('infer') ? 'm-infer-start-3\r\nm-timestamp-mode-performance\r\n' : null),
      'DEVICE_RESTARTED At "infer 3 0%" ("m-timestamp-mode-performance").',
    ],
    [
      'never gives whole results',
      (command) => (/^infer|^results/.test(command) ? inferAnswer(3).replace(`${scores}]`, '0.000,0.') : null),
      'DEVICE_ANSWER At "results%" (without m-results; what came in its place: "m-results-[0.000,0.").',
    ],
    [
      'falls silent in the middle of a line',
      (command) => (command.startsWith('infer') ? 'm-infer-start-3\r\nm-lap-us-1' : null),
      'DEVICE_SILENT At "infer 3 0%" (1 lines came, the last of them cut off: "m-lap-us-1", then nothing for 30 s and no m-ready).',
    ],
    [
      'refuses',
      (command) => (command.startsWith('infer') ? 'e-[Inference iterations must be >0]\r\nm-ready\r\n' : null),
      'DEVICE_REFUSED At "infer 3 0%" ("Inference iterations must be >0").',
    ],
    [
      'stamps once',
      (command) => (command.startsWith('infer') ? inferAnswer(3, 'm-lap-us-5\r\n') : null),
      'DEVICE_ANSWER At "infer 3 0%" (1 stamps instead of two).',
    ],
    [
      'is unplugged',
      (command, { wire }) => {
        if (!command.startsWith('infer')) return null
        wire.end({ how: 'lost', reason: 'unplugged' })
        return ''
      },
      'DEVICE_LOST (unplugged)',
    ],
  ])('says so when the device %s', async (_, first, expected) => {
    const device = bench(first)
    const client = await device.open()
    expect(await codeAndDetail(infer(device, client))).toBe(expected)
  })

  it('says so when nothing answers, and when what comes is noise', async () => {
    expect(await codeAndDetail(bench(() => '').open())).toBe('DEVICE_SILENT (it sent nothing)')
    const noise = bench(() => '\xf8\x80\x8f\xf7\r\xfe')
    expect(await codeAndDetail(noise.open())).toMatch(/^DEVICE_SILENT .it sent 18 bytes, .* wrong baud rate/)
  })

  it('never hangs and never throws anything but its own errors, whatever comes', async () => {
    let state = 7
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return state / 2 ** 32
    }
    for (let run = 0; run < 150; run++) {
      const device = bench((command, it) => {
        const answer = good(command, it)
        if (answer === null || random() < 0.6) return null
        const at = Math.floor(random() * answer.length)
        const kind = Math.floor(random() * 4)
        if (kind === 0) return answer.slice(0, at)
        if (kind === 1) return answer.slice(0, at) + answer.slice(at + 1 + Math.floor(random() * 8))
        if (kind === 2) return `${answer.slice(0, at)}\x93${answer.slice(at + 1)}`
        return answer + answer
      })
      const job = async () => {
        const client = await MlperfClient.open(device.wire.link('/dev/bench'), device.clock, 3)
        await client.load(new Uint8Array(100))
        return client.infer(3, 0, 30)
      }
      const outcome = await device.clock.until(
        job().then(
          ({ iterations }) => iterations,
          (error: unknown) => {
            if (!isMilliwattError(error)) throw error
            return error.code
          },
        ),
        600,
      )
      expect(String(outcome)).toMatch(/^(3|DEVICE_(SILENT|ANSWER|REFUSED|RESTARTED))$/)
    }
  })
})

describe('performance mode', () => {
  const options = { windows: 5, windowS: 10, warmups: 10, timeoutS: 30 }

  it('fills the windows and scores their median', async () => {
    const device = bench()
    const client = await device.open()
    const input = new Uint8Array(490)
    const { windows, score } = await device.clock.until(measureThroughput(client, [input], options))
    expect(windows).toHaveLength(5)
    expect(Math.min(...windows.map(({ durationS }) => durationS))).toBeGreaterThanOrEqual(10)
    expect(score).toMatchObject({ valid: true, reasons: [] })
    expect(score.inferencesPerS).toBeCloseTo(1000, 6)
    expect(device.sent).toContain('infer 10300 10')
  })

  it('repeats a window that came out too short', async () => {
    let calls = 0
    const device = bench((command) => {
      const iterations = Number(/^infer (\d+)/.exec(command)?.[1])
      if (!(iterations > 0)) return null
      // Twice as fast as in the first tries from here on.
      const microseconds = iterations * (++calls > 3 ? 500 : 1000)
      return inferAnswer(iterations, `m-lap-us-0\r\nm-lap-us-${microseconds}\r\n`)
    })
    const client = await device.open()
    const { windows } = await device.clock.until(measureThroughput(client, [new Uint8Array(490)], options))
    expect(Math.min(...windows.map(({ durationS }) => durationS))).toBeGreaterThanOrEqual(10)
  })

  it('refuses a device in energy mode, and one with the outputs of another model', async () => {
    const pin = bench((command) => (command.startsWith('infer') ? inferAnswer(100_000, '') : null))
    const energy = codeAndDetail(
      pin
        .open()
        .then((client) =>
          pin.clock.until(measureThroughput(client, [new Uint8Array(490)], { ...options, windowS: 1e-9 })),
        ),
    )
    expect(await energy).toMatch(/^DEVICE_ANSWER \(no m-lap-us/)
    const other = bench((command) => (command.startsWith('infer') ? inferAnswer(1).replace(scores, '0.1,0.9') : null))
    const wrong = codeAndDetail(
      other.open().then((client) => other.clock.until(measureThroughput(client, [new Uint8Array(490)], options))),
    )
    expect(await wrong).toBe('DEVICE_ANSWER (m-results holds 2 values, kws01 gives 12)')
  })
})

describe('both ends together', () => {
  it('carry bytes and results through unchanged', async () => {
    const clock = createFakeClock()
    let input = new Uint8Array(0)
    const model: DutModel = {
      inputBytes: 5,
      refuses: (bytes) => (bytes === 5 ? null : 'The model takes 5 bytes'),
      load: (bytes) => {
        input = bytes.slice()
      },
      run: () => clock.block(0.002),
      results: () => [...input].map((byte) => byte / 256),
    }
    const toDevice = new Set<(chunk: Uint8Array, arrivalS: number) => void>()
    const wire = createEmulatedWire(clock, (bytes) => {
      for (const listener of toDevice) listener(bytes, clock.nowS())
    })
    const stop = new AbortController()
    const deviceEnd = {
      path: 'device',
      write: async (bytes: Uint8Array) => wire.send(bytes),
      onData: (listener: (chunk: Uint8Array, arrivalS: number) => void) => {
        toDevice.add(listener)
        return () => void toDevice.delete(listener)
      },
      ended: new Promise<never>(() => {}),
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    }
    const serving = serveDut(deviceEnd, model, {
      mode: 'performance',
      vendor: 'both',
      model: 'five',
      clock,
      signal: stop.signal,
    })
    const client = await clock.until(MlperfClient.open(wire.link('host'), clock, 3))
    expect(client.facts).toMatchObject({ name: 'both', model: 'five' })
    await clock.until(client.load(Uint8Array.of(0, 1, 2, 128, 255)))
    const { lapS, results } = await clock.until(client.infer(50, 5, 30))
    expect(lapS).toBeCloseTo(0.1, 3)
    expect(results).toEqual([0, 0.003, 0.007, 0.5, 0.996])
    expect(await codeAndDetail(clock.until(client.load(new Uint8Array(40_000))))).toMatch(/^DEVICE_ANSWER/)
    await clock.until(client.load(new Uint8Array(4)))
    expect(await codeAndDetail(clock.until(client.infer(1, 0, 5)))).toMatch(/^DEVICE_REFUSED .*takes 5 bytes/)
    stop.abort()
    await clock.until(serving)
  })
})
