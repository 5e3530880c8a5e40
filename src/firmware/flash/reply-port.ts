import { messageOf } from '../../core/errors.ts'
import type { Clock, Host, SerialSettings } from '../../core/host.ts'
import type { Link, ModemLines } from '../../core/link.ts'
import { openDevicePort } from '../open-device.ts'
import { FlashFault } from './flasher.ts'

/**
 * A serial port whose answers are awaited. Every wait has a deadline, and ends when the port goes away (`FlashFault`
 * "lost") or the signal aborts (its reason is thrown).
 */
export class ReplyPort implements AsyncDisposable {
  readonly #link: Link
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #off: () => void
  #held: number[] = []
  #lost: string | null = null
  #wake: () => void = () => {}

  constructor(link: Link, clock: Clock, signal: AbortSignal) {
    this.#link = link
    this.#clock = clock
    this.#signal = signal
    this.#off = link.onData((chunk) => {
      for (const byte of chunk) this.#held.push(byte)
      this.#wake()
    })
    void link.ended.then((end) => {
      this.#lost = end.how === 'lost' ? end.reason : 'it was closed'
      this.#wake()
    })
  }

  /** Opens a port. @throws MilliwattError DEVICE_NOT_FOUND, METER_BUSY, METER_PERMISSION */
  static async open(host: Host, path: string, settings: SerialSettings, signal: AbortSignal): Promise<ReplyPort> {
    signal.throwIfAborted()
    return new ReplyPort(await openDevicePort(host, path, settings), host.clock, signal)
  }

  /** Sends bytes. @throws FlashFault "lost" */
  async send(...bytes: readonly (number | Uint8Array)[]): Promise<void> {
    this.#check()
    const all = Uint8Array.from(bytes.flatMap((part) => (typeof part === 'number' ? [part] : [...part])))
    try {
      await this.#link.write(all)
    } catch (error) {
      throw new FlashFault('lost', `the port went away (${messageOf(error)})`)
    }
  }

  /** Takes so many bytes. @throws FlashFault "silent" when they did not come in time, "lost" */
  async receive(count: number, timeoutS: number): Promise<Uint8Array> {
    const deadlineS = this.#clock.nowS() + timeoutS
    for (;;) {
      if (this.#held.length >= count) return Uint8Array.from(this.#held.splice(0, count))
      this.#check()
      const leftS = deadlineS - this.#clock.nowS()
      if (leftS <= 0) throw new FlashFault('silent', `no answer came within ${timeoutS} s`)
      await this.#waitForMore(leftS)
    }
  }

  /** Forgets what came so far, and what comes within this time. */
  async drain(seconds: number): Promise<void> {
    await this.pause(seconds)
    this.#held = []
  }

  /** Waits. @throws FlashFault "lost", and the reason of the signal when it aborts */
  async pause(seconds: number): Promise<void> {
    await this.#clock.sleep(seconds, this.#signal)
    this.#check()
  }

  /** Sets the modem lines; false where the port has none. */
  async setLines(lines: ModemLines): Promise<boolean> {
    this.#check()
    try {
      return (await this.#link.setLines?.(lines)) ?? false
    } catch (error) {
      throw new FlashFault('lost', `the port went away (${messageOf(error)})`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#off()
    await this.#link.close()
  }

  #check(): void {
    this.#signal.throwIfAborted()
    if (this.#lost !== null) throw new FlashFault('lost', `the port went away (${this.#lost})`)
  }

  async #waitForMore(seconds: number): Promise<void> {
    const over = new AbortController()
    const woken = new Promise<void>((wake) => {
      this.#wake = wake
    })
    await Promise.race([woken, this.#clock.sleep(seconds, AbortSignal.any([this.#signal, over.signal]))])
    over.abort()
  }
}
