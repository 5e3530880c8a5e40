import { describe, expect, it } from 'vitest'
import type { MilliwattError } from '../../src/core/errors.ts'
import type { Link, LinkEnd } from '../../src/core/link.ts'
import { fakeHost } from '../../src/hosts/fake.ts'
import { FakeClock } from '../../src/hosts/fake-clock.ts'
import { openMicrophone } from '../../src/loop/microphone.ts'

/** A recorder of the test: bytes come when it says so. */
function recorder(path: string) {
  const listeners = new Set<(chunk: Uint8Array, arrivalS: number) => void>()
  let end: (how: LinkEnd) => void = () => undefined
  const ended = new Promise<LinkEnd>((resolve) => {
    end = resolve
  })
  const close = async () => end({ how: 'closed' })
  const link: Link = {
    path,
    ended,
    write: async () => undefined,
    onData: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
  const send = (samples: number, value = 5) => {
    const bytes = new Uint8Array(Int16Array.from({ length: samples }, () => value).buffer)
    for (const listener of [...listeners]) listener(bytes, 0)
  }
  return { link, send, lose: (reason: string) => end({ how: 'lost', reason }) }
}

const soon = (work: () => void) => void setTimeout(work, 0)
const options = { sampleRateHz: 16000 }
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: MilliwattError) => error,
  )

describe('openMicrophone', () => {
  it('takes the first recorder that gives sound, with its device, and keeps its first samples', async () => {
    const started: string[] = []
    const heard = recorder('parec')
    const host = fakeHost({
      startCommand: (name, args) => {
        started.push([name, ...args].join(' '))
        if (name !== 'parec') return null
        soon(() => heard.send(100))
        return heard.link
      },
    })
    const source = await openMicrophone(host, { ...options, device: 'usb' })
    expect(source).toMatchObject({ name: 'usb', live: true })
    expect(started).toHaveLength(2)
    expect(started[0]).toContain('arecord -D usb -q -t raw -f S16_LE -c 1 -r 16000')
    const stop = new AbortController()
    let samples = 0
    const run = source.run((portion) => {
      samples += portion.length
    }, stop.signal)
    soon(() => {
      heard.send(60)
      stop.abort()
    })
    await run
    expect(samples).toBe(160)
  })

  it('says that no recorder is installed', async () => {
    const error = await failure(openMicrophone(fakeHost(), options))
    expect(error).toMatchObject({ code: 'MICROPHONE_NOT_FOUND', detail: 'No recorder is installed.' })
  })

  it.each([
    ['arecord: main:831: audio open error: No such file or directory', 'MICROPHONE_NOT_FOUND'],
    ['arecord: main:831: audio open error: Permission denied', 'MICROPHONE_PERMISSION'],
  ])('tells what the recorder said: %s', async (said, code) => {
    const host = fakeHost({
      startCommand: (name) => {
        if (name !== 'arecord') return null
        const gone = recorder(name)
        soon(() => gone.lose(said))
        return gone.link
      },
    })
    expect(await failure(openMicrophone(host, options))).toMatchObject({ code, detail: `${said}.` })
  })

  it('does not wait for ever for a recorder that sends nothing', async () => {
    const clock = new FakeClock()
    const host = fakeHost({ clock, startCommand: (name) => (name === 'rec' ? recorder(name).link : null) })
    const opened = failure(openMicrophone(host, options))
    while (clock.sleeperCount === 0) await new Promise((done) => setTimeout(done, 1))
    clock.advance(5.1)
    expect((await opened)?.detail).toBe('rec sends nothing for 5 s.')
  })

  it('leaves no recorder behind when it is interrupted while one starts', async () => {
    const stop = new AbortController()
    const heard = recorder('arecord')
    const host = fakeHost({
      startCommand: () => {
        soon(() => {
          stop.abort(new Error('stopped'))
          heard.send(10)
        })
        return heard.link
      },
    })
    expect((await failure(openMicrophone(host, { ...options, signal: stop.signal })))?.message).toBe('stopped')
    expect(await heard.link.ended).toEqual({ how: 'closed' })
  })

  it('uses pvrecorder-node where there is no recorder', async () => {
    const calls: string[] = []
    class PvRecorder {
      readonly sampleRate = 16000
      readonly index: number
      constructor(_length: number, index: number) {
        this.index = index
      }
      static getAvailableDevices = () => ['built in', 'usb']
      start = () => void calls.push(`start ${this.index}`)
      stop = () => void calls.push('stop')
      release = () => void calls.push('release')
      read = async () => new Int16Array(320)
    }
    const host = fakeHost({ platform: 'win32', packages: { '@picovoice/pvrecorder-node': { PvRecorder } } })
    const source = await openMicrophone(host, { ...options, device: 'usb' })
    const stop = new AbortController()
    let samples = 0
    await source.run((portion) => {
      samples += portion.length
      if (samples === 640) stop.abort()
    }, stop.signal)
    await source[Symbol.asyncDispose]()
    expect([samples, calls]).toEqual([640, ['start 1', 'stop', 'release']])
  })
})

describe('a microphone that is listened to', () => {
  async function listen(
    during: (heard: ReturnType<typeof recorder>, clock: FakeClock, say: (text: string) => void) => void,
  ) {
    const clock = new FakeClock()
    const heard = recorder('arecord')
    let say: (text: string) => void = () => undefined
    const host = fakeHost({
      clock,
      startCommand: (_, __, onComplaint) => {
        say = onComplaint ?? say
        soon(() => heard.send(10))
        return heard.link
      },
    })
    const source = await openMicrophone(host, options)
    const run = failure(source.run(() => undefined))
    soon(() => during(heard, clock, say))
    return { error: await run, source }
  }

  it('is lost when it is unplugged', async () => {
    const { error } = await listen((heard) => heard.lose('arecord ended with status 1: read error: No such device'))
    expect(error).toMatchObject({ code: 'MICROPHONE_LOST', detail: expect.stringContaining('No such device') })
  })

  it('is refused when it gives another rate than was asked for', async () => {
    const { error } = await listen((heard, clock) => {
      for (let second = 0; second < 4; second++) {
        clock.advance(1)
        heard.send(48000)
      }
    })
    expect(error).toMatchObject({
      code: 'MICROPHONE_RATE',
      detail: expect.stringMatching(/^16000 Hz .* 48000 samples/),
    })
    const warned = await listen((heard, _, say) => {
      say('Warning: rate is not accurate (requested = 16000Hz, got = 44100Hz)\n')
      heard.send(10)
    })
    expect(warned.error).toMatchObject({ code: 'MICROPHONE_RATE', detail: expect.stringContaining('44100') })
  })

  it('counts what the recorder lost', async () => {
    const { source } = await listen((heard, _, say) => {
      say('overrun!!! (at least 23.4 ms long)\noverrun!!! (at least 1.0 ms long)\n')
      heard.lose('end')
    })
    expect(source.overruns).toBe(2)
  })
})
