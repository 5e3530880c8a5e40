import { MilliwattError, messageOf } from '../../core/errors.ts'
import type { Clock } from '../../core/host.ts'
import type { Link } from '../../core/link.ts'
import { readCommand, terminator } from './commands.ts'
import { type Message, type TimestampMode, writeMessage } from './messages.ts'

/** A model behind the protocol. */
export interface DutModel {
  /** Bytes of one input where nothing was loaded yet. */
  readonly inputBytes: number
  /** Why a buffer of so many bytes is no input; null when it is one. */
  refuses(bytes: number): string | null
  /** Takes a buffer as the input of the next inferences. */
  load(bytes: Uint8Array): void
  /** Runs one inference. */
  run(): void | Promise<void>
  /** What the last inference gave. */
  results(): readonly number[]
}

/** How a device under test presents itself. */
export interface DutOptions {
  readonly mode: TimestampMode
  /** Vendor, for `name`. */
  readonly vendor: string
  /** For `profile`: `kws01` and the like. */
  readonly model: string
  readonly clock: Clock
  /** Told about each command and how many bytes or inferences it was about. */
  readonly onCommand?: (text: string) => void
  readonly signal?: AbortSignal
}

/** What the reference firmware calls itself; the official runner expects it. */
const profile = 'ULPMark for tinyML Firmware V0.0.1'
/** The reference firmware's largest buffer. */
const mostBytes = 27_648
/** Inferences run on for so long before the port is looked at, in seconds. */
const breathS = 0.1

const help = [
  profile,
  '',
  'help         : Print this information',
  'name         : Print the name of the device',
  'timestamp    : Generate a timestamp',
  'profile      : Print profile and model',
  'db SUBCMD    : Manipulate a generic byte buffer',
  '  load N     : Allocate N bytes and set load counter',
  '  db HH[HH]* : Load 8-bit hex byte(s) until N bytes',
  '  print      : Print the buffer as hex',
  'infer N [W=10]: Load input, execute N inferences after W warmup loops',
  'results      : Return the result fp32 vector',
]

/** Why an inference is not run. */
class Refusal extends Error {}

/** A device under test in software: commands go in, lines come out. Pure but for the clock and the model. */
class Dut {
  readonly #model: DutModel
  readonly #options: DutOptions
  readonly #say: (line: string) => void
  readonly #sent: () => Promise<void>
  #buffer: Uint8Array
  #filled = 0
  #hasRun = false

  /**
   * @param say sends a line, without its end
   * @param sent resolves when all lines so far have left
   */
  constructor(model: DutModel, options: DutOptions, say: (line: string) => void, sent: () => Promise<void>) {
    this.#model = model
    this.#options = options
    this.#say = say
    this.#sent = sent
    this.#buffer = new Uint8Array(model.inputBytes)
  }

  #tell(message: Message): void {
    this.#say(writeMessage(message))
  }

  /** What a device sends when it starts. */
  boot(): void {
    this.#tell({ kind: 'timestamp-mode', mode: this.#options.mode })
    this.#stamp()
    this.#tell({ kind: 'init-done' })
    this.#tell({ kind: 'ready' })
  }

  /**
   * Both modes stamp by text: without a pin nothing else marks the moment, and runners in energy mode pass over the
   * line. 32 bits of microseconds, as firmware has them.
   */
  #stamp(): void {
    const microseconds = Math.floor(this.#options.clock.preciseS() * 1e6) % 2 ** 32
    this.#tell({ kind: 'lap', microseconds })
  }

  /** Carries out one command (without its terminator) and says `m-ready`. @throws what the signal was aborted with */
  async command(text: string): Promise<void> {
    this.#options.signal?.throwIfAborted()
    this.#options.onCommand?.(text)
    try {
      await this.#carryOut(text)
    } catch (error) {
      this.#options.signal?.throwIfAborted()
      this.#tell({ kind: 'error', text: messageOf(error).replaceAll(/[\r\n]+/g, ' ') })
    }
    this.#tell({ kind: 'ready' })
  }

  async #carryOut(text: string): Promise<void> {
    const command = readCommand(text)
    switch (command.kind) {
      case 'name':
        return this.#tell({ kind: 'name', name: this.#options.vendor })
      case 'profile':
        this.#tell({ kind: 'profile', profile })
        return this.#tell({ kind: 'model', model: this.#options.model })
      case 'timestamp':
        return this.#stamp()
      case 'help':
        for (const line of help) this.#say(line)
        return
      case 'results':
        if (!this.#hasRun) throw new Refusal('No inference was run yet')
        return this.#tell({ kind: 'results', values: this.#model.results() })
      case 'db-load':
        return this.#startLoad(command.bytes)
      case 'db-bytes':
        return this.#append(command.bytes)
      case 'db-print':
        return this.#print()
      case 'infer':
        return this.#infer(command.iterations, command.warmups)
      case 'fault':
        this.#append(command.bytes ?? new Uint8Array(0))
        throw new Refusal(command.text)
    }
  }

  #startLoad(bytes: number): void {
    const most = Math.max(mostBytes, 4 * this.#model.inputBytes)
    if (bytes > most) {
      this.#say(`Supplied buffer size ${bytes} exceeds maximum of ${most}`)
      return
    }
    this.#buffer = new Uint8Array(bytes)
    this.#filled = 0
    this.#tell({ kind: 'expecting', bytes })
  }

  #append(bytes: Uint8Array): void {
    const left = this.#buffer.length - this.#filled
    if (left === 0 || bytes.length === 0) return
    this.#buffer.set(bytes.subarray(0, left), this.#filled)
    this.#filled += Math.min(left, bytes.length)
    if (this.#filled === this.#buffer.length) this.#tell({ kind: 'load-done' })
  }

  #print(): void {
    for (let at = 0; at < this.#buffer.length; at += 8)
      this.#tell({ kind: 'buffer', bytes: [...this.#buffer.subarray(at, at + 8)] })
    if (this.#buffer.length % 8 !== 0) this.#say('')
  }

  async #infer(iterations: number, warmups: number): Promise<void> {
    const refusal = this.#model.refuses(this.#buffer.length)
    if (refusal) throw new Refusal(refusal)
    this.#model.load(this.#buffer)
    this.#tell({ kind: 'warmup-start', count: warmups })
    await this.#repeat(warmups)
    this.#tell({ kind: 'warmup-done' })
    this.#tell({ kind: 'infer-start', count: iterations })
    // Inferences keep this thread busy: what says when they begin must leave before them, where it is the marker.
    await this.#sent()
    this.#stamp()
    if (this.#options.mode === 'energy') await this.#sent()
    await this.#repeat(iterations)
    this.#stamp()
    this.#tell({ kind: 'infer-done' })
    this.#hasRun = true
    this.#tell({ kind: 'results', values: this.#model.results() })
  }

  async #repeat(times: number): Promise<void> {
    const { clock, signal } = this.#options
    let breathedS = clock.preciseS()
    for (let run = 0; run < times; run++) {
      const running = this.#model.run()
      if (running) await running
      if (clock.preciseS() - breathedS < breathS) continue
      await clock.sleep(0)
      signal?.throwIfAborted()
      breathedS = clock.preciseS()
    }
  }
}

/** Characters without a terminator that are kept; a longer command is refused either way. */
const mostPending = 4096

/**
 * Serves the protocol on a link until the signal aborts: every command is carried out in its turn.
 * @throws MilliwattError DEVICE_LOST when the link ends by itself
 */
export async function serveDut(link: Link, model: DutModel, options: DutOptions): Promise<void> {
  const { signal } = options
  const encoder = new TextEncoder()
  let sending: Promise<void> = Promise.resolve()
  const say = (line: string) => {
    const bytes = encoder.encode(`${line}\r\n`)
    sending = sending.then(() => link.write(bytes)).catch(() => {})
  }
  const stop = new AbortController()
  const dut = new Dut(model, { ...options, signal: stop.signal }, say, () => sending)
  let pending = ''
  let working: Promise<void> = Promise.resolve()
  const detach = link.onData((chunk) => {
    for (const byte of chunk) {
      if (byte !== terminator.charCodeAt(0)) {
        if (pending.length < mostPending) pending += String.fromCharCode(byte)
        continue
      }
      const command = pending
      pending = ''
      working = working.then(() => dut.command(command)).catch(() => {})
    }
  })
  dut.boot()
  const aborted = new Promise<null>((resume) => {
    if (signal?.aborted) resume(null)
    signal?.addEventListener('abort', () => resume(null), { once: true })
  })
  const end = await Promise.race([link.ended, aborted])
  detach()
  // The model belongs to the caller again when this returns: inferences under way end first.
  stop.abort()
  await working
  if (end?.how === 'lost') throw new MilliwattError('DEVICE_LOST', link.path, `(${end.reason})`)
  await sending
}
