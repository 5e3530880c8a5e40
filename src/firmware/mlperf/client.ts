import { MilliwattError } from '../../core/errors.ts'
import type { Clock } from '../../core/host.ts'
import type { Link } from '../../core/link.ts'
import { LineReader } from '../line-reader.ts'
import { bytesPerCommand, type Command, writeCommand } from './commands.ts'
import { type Message, type MessageKind, readLine } from './messages.ts'

/** A message with the time when it arrived, in seconds of the host's clock. */
export interface TimedMessage {
  readonly message: Message
  readonly arrivalS: number
}

/** How to ask. */
export interface AskOptions {
  /** Messages without which the answer is not whole. */
  readonly wants?: readonly MessageKind[]
  /** Longest silence before the device counts as gone, in seconds. */
  readonly silenceS?: number
  /** Sees every message at once. */
  readonly onMessage?: (timed: TimedMessage) => void
}

/** What the device says of itself. */
export interface DeviceFacts {
  readonly name: string
  readonly profile: string | null
  readonly model: string | null
}

/** One `infer`. */
export interface Inference {
  readonly iterations: number
  /** Between both stamps by the device's own timer; null where it stamps with a pin. */
  readonly lapS: number | null
  /** When the stamps (in their absence, `m-infer-start` and `m-infer-done`) arrived, by the host's clock. */
  readonly startS: number
  readonly endS: number
  readonly results: readonly number[]
}

const defaultSilenceS = 5
/** A device that is there says its name within this time, even behind an emulator that looks at its port once a second. */
const helloS = 1.6
/** After the first answer nothing of earlier commands is under way when it was quiet for this long. */
const quietS = 0.15
/** A `m-ready` of an earlier command may come first; what is asked for then follows within this time. */
const graceS = 1
/** 32 bits of microseconds. */
const timerPeriodUs = 2 ** 32

/** The host's end of the protocol: asks one command after another, and takes nothing for an answer that is not whole. */
export class MlperfClient implements AsyncDisposable {
  readonly #link: Link
  readonly #reader: LineReader
  readonly #signal: AbortSignal | undefined
  facts: DeviceFacts = { name: '', profile: null, model: null }

  private constructor(link: Link, clock: Clock, signal: AbortSignal | undefined) {
    this.#link = link
    this.#reader = new LineReader(link, clock)
    this.#signal = signal
  }

  /**
   * Says hello on an open link and takes it over: it is closed with the client.
   * @param tries how often to ask; whatever an earlier run left in the device's buffer spoils the first
   * @throws MilliwattError DEVICE_SILENT, DEVICE_LOST
   */
  static async open(link: Link, clock: Clock, tries: number, signal?: AbortSignal): Promise<MlperfClient> {
    const client = new MlperfClient(link, clock, signal)
    try {
      await client.#hello(tries)
      return client
    } catch (error) {
      await client[Symbol.asyncDispose]()
      throw error
    }
  }

  async #hello(tries: number): Promise<void> {
    const { path } = this.#link
    let name: string | null = null
    for (let attempt = 0; attempt < tries && name === null; attempt++) {
      await this.#send({ kind: 'name' })
      name = await this.#nameIn(helloS)
    }
    if (name === null) throw new MilliwattError('DEVICE_SILENT', path, this.#whatWasHeard())
    while (await this.#reader.next(quietS, this.#signal)) {
      // What an earlier run left, or answers to a name that was asked for twice.
    }
    const about = await this.ask({ kind: 'profile' })
    const found = about.map(({ message }) => message)
    this.facts = {
      name,
      profile: found.find((message) => message.kind === 'profile')?.profile ?? null,
      model: found.find((message) => message.kind === 'model')?.model ?? null,
    }
  }

  async #nameIn(seconds: number): Promise<string | null> {
    for (;;) {
      const line = await this.#reader.next(seconds, this.#signal)
      if (!line) {
        this.#throwIfLost()
        return null
      }
      const read = readLine(withoutEcho(line.text))
      if (read.kind === 'name') return read.name
    }
  }

  #whatWasHeard(): string {
    const { bytes } = this.#reader
    if (bytes === 0) return '(it sent nothing)'
    return `(it sent ${bytes} bytes, but not its name; at a wrong baud rate bytes arrive as noise)`
  }

  #throwIfLost(): void {
    const { end } = this.#reader
    if (end) throw new MilliwattError('DEVICE_LOST', this.#link.path, `(${end.how === 'lost' ? end.reason : 'closed'})`)
  }

  async #send(command: Command): Promise<void> {
    try {
      await this.#link.write(new TextEncoder().encode(writeCommand(command)))
    } catch (error) {
      throw new MilliwattError('DEVICE_LOST', this.#link.path, '(the port is closed)', error)
    }
  }

  /**
   * Sends a command and gives its messages up to `m-ready`.
   * @throws MilliwattError DEVICE_SILENT, DEVICE_LOST, DEVICE_RESTARTED, DEVICE_REFUSED, DEVICE_ANSWER
   */
  async ask(command: Command, options: AskOptions = {}): Promise<readonly TimedMessage[]> {
    const { wants = [], silenceS = defaultSilenceS, onMessage } = options
    this.#reader.clear()
    await this.#send(command)
    const answer: TimedMessage[] = []
    const damaged: string[] = []
    let refusal: string | null = null
    let isReady = false
    const missing = () => wants.filter((kind) => answer.every(({ message }) => message.kind !== kind))
    for (;;) {
      const line = await this.#reader.next(isReady ? graceS : silenceS, this.#signal)
      if (!line) break
      const read = readLine(withoutEcho(line.text))
      if (read.kind === 'damaged') damaged.push(line.text)
      if (read.kind === 'damaged' || read.kind === 'text') continue
      if (read.kind === 'timestamp-mode' || read.kind === 'init-done')
        throw this.#fault('DEVICE_RESTARTED', command, `("${line.text}")`)
      if (read.kind === 'error') refusal = read.text
      isReady ||= read.kind === 'ready'
      answer.push({ message: read, arrivalS: line.arrivalS })
      onMessage?.(answer.at(-1)!)
      if (isReady && refusal !== null) throw this.#fault('DEVICE_REFUSED', command, `("${refusal}")`)
      if (isReady && missing().length === 0) return answer
    }
    this.#throwIfLost()
    if (!isReady) throw this.#fault('DEVICE_SILENT', command, this.#silence(silenceS, answer.length + damaged.length))
    const spoilt = damaged[0] === undefined ? '' : `; what came in its place: "${shortened(damaged[0])}"`
    throw this.#fault(
      'DEVICE_ANSWER',
      command,
      `(without ${missing()
        .map((kind) => `m-${kind}`)
        .join(', ')}${spoilt})`,
    )
  }

  #silence(seconds: number, lines: number): string {
    const rest = this.#reader.rest
    const half = rest === '' ? '' : `, the last of them cut off: "${shortened(rest)}"`
    return `(${lines} lines came${half}, then nothing for ${seconds.toFixed(0)} s and no m-ready)`
  }

  #fault(code: ConstructorParameters<typeof MilliwattError>[0], command: Command, detail: string): MilliwattError {
    return new MilliwattError(code, this.#link.path, `At "${shortened(writeCommand(command))}" ${detail}.`)
  }

  /**
   * Loads an input; once again where the device did not take all of it.
   * @throws as `ask`, DEVICE_REFUSED for more than the device's buffer
   */
  async load(bytes: Uint8Array): Promise<void> {
    try {
      await this.#loadOnce(bytes)
    } catch (error) {
      if (!(error instanceof MilliwattError) || error.code !== 'DEVICE_ANSWER') throw error
      await this.#loadOnce(bytes)
    }
  }

  async #loadOnce(bytes: Uint8Array): Promise<void> {
    await this.ask({ kind: 'db-load', bytes: bytes.length }, { wants: ['expecting'] })
    for (let at = 0; at < bytes.length; at += bytesPerCommand) {
      const isLast = at + bytesPerCommand >= bytes.length
      const part = bytes.subarray(at, at + bytesPerCommand)
      await this.ask({ kind: 'db-bytes', bytes: part }, isLast ? { wants: ['load-done'] } : {})
    }
  }

  /**
   * Runs inferences on what was loaded.
   * @param silenceS longest time without a line, in seconds: longer than the inferences take
   * @throws as `ask`
   */
  async infer(
    iterations: number,
    warmups: number,
    silenceS: number,
    onMessage?: (timed: TimedMessage) => void,
  ): Promise<Inference> {
    const command = { kind: 'infer', iterations, warmups } as const
    const answer = await this.ask(command, {
      wants: ['infer-start', 'infer-done'],
      silenceS,
      ...(onMessage ? { onMessage } : {}),
    })
    const at = (kind: MessageKind) => answer.findLast(({ message }) => message.kind === kind)
    const laps = answer.filter(({ message }) => message.kind === 'lap')
    if (laps.length === 1 || laps.length > 2)
      throw this.#fault('DEVICE_ANSWER', command, `(${laps.length} stamps instead of two)`)
    const results = at('results')?.message ?? (await this.#results(command))
    const [first, last] = laps
    return {
      iterations,
      lapS: first && last ? elapsedS(first.message, last.message) : null,
      startS: (first ?? at('infer-start'))!.arrivalS,
      endS: (last ?? at('infer-done'))!.arrivalS,
      results: results.kind === 'results' ? results.values : [],
    }
  }

  /** The results line was damaged on its way: ask once more. */
  async #results(command: Command): Promise<Message> {
    const answer = await this.ask({ kind: 'results' }, { wants: ['results'] })
    const found = answer.find(({ message }) => message.kind === 'results')
    if (!found) throw this.#fault('DEVICE_ANSWER', command, '(without m-results)')
    return found.message
  }

  /** The link's fault where a device answers against the protocol. */
  wrong(detail: string): MilliwattError {
    return new MilliwattError('DEVICE_ANSWER', this.#link.path, detail)
  }

  /** Closes the link. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#reader.detach()
    await this.#link.close()
  }
}

const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text)

/** Devices that send back what they receive put it, without a line end, before their first line. */
function withoutEcho(line: string): string {
  const at = line.lastIndexOf('%')
  return at >= 0 && /^[me]-/.test(line.slice(at + 1)) ? line.slice(at + 1) : line
}

/** Seconds between two stamps; the timer may have wrapped once. */
function elapsedS(first: Message, last: Message): number {
  if (first.kind !== 'lap' || last.kind !== 'lap') return 0
  const microseconds = last.microseconds - first.microseconds
  return (microseconds < 0 ? microseconds + timerPeriodUs : microseconds) / 1e6
}
