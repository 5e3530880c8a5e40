import { MilliwattError, messageOf } from '../../core/errors.ts'
import type { Clock } from '../../core/host.ts'
import type { Link } from '../../core/link.ts'
import { type Frame, FrameSplitter, readFrame, writeFrame } from './frame.ts'
import { type Fields, type MessageName, type NamedMessage, type NamesOf, readMessage, writeFields } from './message.ts'
import { messageTable } from './messages.ts'
import { distance, SendWindow } from './send-window.ts'

/** How to open a session. */
export interface SessionOptions {
  readonly clock: Clock
  /** Hellos that are sent, one every 0.3 s; 20 by default, since an emulator's port may sleep for a second. */
  readonly tries?: number
  /** Longest time that a device may say nothing while an answer is awaited, in seconds; 30 by default. */
  readonly silenceS?: number
  readonly signal?: AbortSignal
}

/** What went wrong on the way, and was made good. */
export interface SessionCounts {
  readonly sent: number
  readonly received: number
  /** Frames that were sent again. */
  readonly resent: number
  /** Bytes between zeros that were no frame. */
  readonly damaged: number
  /** Frames that came twice, or after one that was lost. */
  readonly outOfTurn: number
  /** Frames that the device had sent to the session before and that nobody took. */
  readonly unsent: number
}

/** A message of the device that nobody asked for. */
export type DeviceEvent = Extract<NamedMessage, { readonly name: NamesOf<'event'> | 'firmata' }>

type Request = NamesOf<'request'>
type Response = Extract<NamedMessage, { readonly name: NamesOf<'response'> }>

interface Waiting {
  readonly name: string
  readonly pollS: number
  readonly resolve: (message: Response) => void
  readonly reject: (error: unknown) => void
}

const version = 1
const helloS = 0.3
/** After so long without an answer the device is asked whether something was lost, in seconds. */
const askAgainS = 0.25

/**
 * The host's end of a session of frames: every message arrives once and in order, or the session ends with an error. Lost and
 * damaged frames are sent again (go-back-n) and counted.
 */
export class BridgeSession {
  readonly #link: Link
  readonly #options: SessionOptions
  readonly #detach: () => void
  readonly #stop = new AbortController()
  readonly #listeners = new Set<(event: DeviceEvent) => void>()
  readonly #counts = { sent: 0, received: 0, resent: 0, damaged: 0, outOfTurn: 0, unsent: 0 }
  #welcome: Fields<'welcome'> | null = null
  #nonce = 0
  #expected = 0
  readonly #sent = new SendWindow()
  readonly #waiting = new Map<number, Waiting>()
  #changed: () => void = () => {}
  #change: Promise<void> = Promise.resolve()
  #heardS: number
  #error: unknown = null

  private constructor(link: Link, options: SessionOptions) {
    this.#link = link
    this.#options = options
    this.#heardS = options.clock.nowS()
    this.#renew()
    const splitter = new FrameSplitter()
    this.#detach = link.onData((chunk) => {
      for (const wire of splitter.push(chunk)) this.#take(wire)
    })
    void link.ended.then((end) => {
      if (end.how === 'lost') this.#fail(new MilliwattError('DEVICE_LOST', link.path, `(${end.reason})`))
    })
  }

  /**
   * Says hello on an open link and takes it over: it is closed with the session.
   * @throws MilliwattError DEVICE_SILENT, DEVICE_LOST, DEVICE_ANSWER for another version
   */
  static async open(link: Link, options: SessionOptions): Promise<BridgeSession> {
    const session = new BridgeSession(link, options)
    try {
      await session.#hello()
      void session.#watch()
      return session
    } catch (error) {
      await session[Symbol.asyncDispose]()
      throw error
    }
  }

  get counts(): SessionCounts {
    return this.#counts
  }

  /** Most bytes of a message's content. */
  get payloadBytes(): number {
    return this.#welcome?.payload ?? 0
  }

  /** Hears what the device says without being asked; the function given back ends that. */
  onEvent(listener: (event: DeviceEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async #hello(): Promise<void> {
    const { clock, tries = 20, signal } = this.#options
    this.#nonce = (clock.wallTime().getTime() ^ (clock.preciseS() * 1e6)) >>> 0
    for (let attempt = 0; attempt < tries && !this.#welcome; attempt++) {
      signal?.throwIfAborted()
      if (this.#error) throw this.#error
      await this.#write({
        type: messageTable.hello.code,
        seq: 0,
        ack: 0,
        content: writeFields('hello', { nonce: this.#nonce, version }),
      })
      await Promise.race([this.#change, clock.sleep(helloS, signal)])
    }
    if (this.#error) throw this.#error
    if (!this.#welcome) throw new MilliwattError('DEVICE_SILENT', this.#link.path, `(${tries} hellos, no welcome)`)
    if (this.#welcome.version !== version)
      throw new MilliwattError(
        'DEVICE_ANSWER',
        this.#link.path,
        `It speaks version ${this.#welcome.version} of the link, this is version ${version}.`,
      )
    this.#counts.unsent = this.#welcome.unsent
  }

  #renew(): void {
    this.#change = new Promise((resolve) => {
      this.#changed = resolve
    })
  }

  /** Wakes all who wait for room or for an answer. */
  #tell(): void {
    const wake = this.#changed
    this.#renew()
    wake()
  }

  #fail(error: unknown): void {
    this.#error ??= error
    for (const { reject } of this.#waiting.values()) reject(this.#error)
    this.#waiting.clear()
    this.#tell()
  }

  async #write(frame: Frame): Promise<void> {
    try {
      await this.#link.write(writeFrame(frame))
    } catch (error) {
      this.#fail(new MilliwattError('DEVICE_LOST', this.#link.path, `(${messageOf(error)})`, error))
    }
  }

  #acknowledge(again: number): void {
    const content = writeFields('ack', { again })
    void this.#write({ type: messageTable.ack.code, seq: 0, ack: this.#expected, content })
  }

  #take(wire: Uint8Array): void {
    this.#heardS = this.#options.clock.nowS()
    const frame = readFrame(wire)
    const message = frame ? readMessage(frame.type, frame.content) : null
    if (!frame || !message) {
      this.#counts.damaged++
      if (this.#welcome) this.#acknowledge(1)
      return
    }
    if (message.name === 'welcome') {
      if (message.fields.nonce !== this.#nonce || this.#welcome) return
      this.#welcome = message.fields
      this.#tell()
      return
    }
    if (!this.#welcome) return
    if (message.name === 'stranger') {
      this.#fail(new MilliwattError('DEVICE_RESTARTED', this.#link.path))
      return
    }
    if (this.#sent.forget(frame.ack)) this.#tell()
    if (message.name === 'ack') {
      if (message.fields.again) this.#resend()
      return
    }
    this.#takeInTurn(frame, message)
  }

  #takeInTurn(frame: Frame, message: NamedMessage): void {
    if (frame.seq !== this.#expected) {
      this.#counts.outOfTurn++
      this.#acknowledge(distance(this.#expected, frame.seq) < 128 ? 1 : 0)
      return
    }
    this.#expected = (this.#expected + 1) & 255
    this.#counts.received++
    this.#acknowledge(0)
    if ('request' in message.fields) {
      const waiting = this.#waiting.get(message.fields.request)
      this.#waiting.delete(message.fields.request)
      waiting?.resolve(message as Response)
    } else for (const listener of this.#listeners) listener(message as DeviceEvent)
    this.#tell()
  }

  #resend(): void {
    for (const frame of this.#sent.resend(this.#options.clock.nowS())) {
      this.#counts.resent++
      void this.#write({ ...frame, ack: this.#expected })
    }
  }

  /** Asks again where nothing comes, and gives up on a device that says nothing at all. */
  async #watch(): Promise<void> {
    const { clock, silenceS = 30 } = this.#options
    const { signal } = this.#stop
    let askedS = clock.nowS()
    while (!signal.aborted && !this.#error) {
      await clock.sleep(askAgainS / 2, signal)
      const nowS = clock.nowS()
      const isOwed = !this.#sent.isEmpty
      if (!isOwed && this.#waiting.size === 0) {
        this.#heardS = nowS
        continue
      }
      if (nowS - this.#heardS > silenceS) {
        this.#fail(new MilliwattError('DEVICE_SILENT', this.#link.path, `(nothing for ${silenceS} s)`))
        return
      }
      const pollS = isOwed ? askAgainS : Math.min(...[...this.#waiting.values()].map((waiting) => waiting.pollS))
      if (nowS - Math.max(this.#heardS, askedS) < pollS) continue
      askedS = nowS
      if (isOwed) this.#resend()
      else this.#acknowledge(1)
    }
  }

  /** Puts a message on its way; resolves with its number when there was room for it. @throws what the session ended with */
  async #post(name: MessageName, content: Uint8Array): Promise<number> {
    const window = this.#welcome!.window
    while (!this.#error && !this.#sent.hasRoom(content.length, window)) await this.#change
    this.#options.signal?.throwIfAborted()
    if (this.#error) throw this.#error
    const frame = this.#sent.add(messageTable[name].code, content)
    this.#counts.sent++
    void this.#write({ ...frame, ack: this.#expected })
    return frame.seq
  }

  /**
   * Sends a message that has no answer; resolves when there was room for it on the wire.
   * @throws what the session ended with
   */
  async send<Name extends NamesOf<'send'>>(name: Name, fields: Fields<Name>): Promise<void> {
    await this.#post(name, writeFields(name, fields))
  }

  /** Resolves when the device has taken all that was sent. @throws what the session ended with */
  async flush(): Promise<void> {
    while (!this.#sent.isEmpty && !this.#error) await this.#change
    if (this.#error) throw this.#error
  }

  /**
   * Sends a request and gives the device's answer.
   * @param pollS so long an answer may take before the device is asked whether one was lost
   * @throws MilliwattError DEVICE_REFUSED with the device's words; what the session ended with
   */
  async request<Name extends Request>(name: Name, fields: Fields<Name>, pollS: number = askAgainS): Promise<Response> {
    const seq = await this.#post(name, writeFields(name, fields))
    const answer = await new Promise<Response>((resolve, reject) => {
      if (this.#error) reject(this.#error)
      else this.#waiting.set(seq, { name, pollS, resolve, reject })
    })
    if (answer.name === 'fail')
      throw new MilliwattError('DEVICE_REFUSED', this.#link.path, `At "${name}": "${answer.fields.text}".`)
    return answer
  }

  /** Says bye and closes the link. A second call does nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort()
    if (this.#welcome && !this.#error)
      await this.#write({ type: messageTable.bye.code, seq: 0, ack: this.#expected, content: new Uint8Array(0) })
    this.#detach()
    this.#fail(new MilliwattError('DEVICE_LOST', this.#link.path, '(the session was closed)'))
    await this.#link.close()
  }
}
