import { FlashFault } from './flasher.ts'
import type { ReplyPort } from './reply-port.ts'

/** Bytes of ST's application note AN3155, "USART protocol used in the STM32 bootloader". */
const ack = 0x79
const nack = 0x1f
const synchronize = 0x7f
const commands = {
  get: 0x00,
  getId: 0x02,
  readMemory: 0x11,
  go: 0x21,
  writeMemory: 0x31,
  erase: 0x43,
  extendedErase: 0x44,
} as const

type CommandName = keyof typeof commands

const answerS = 1
const writeS = 2
const pageEraseS = 0.5
const massEraseS = 40
const syncS = 0.15
const syncTries = 10
/** At which of them it is fed. */
const feedTry = 3
const tries = 3
/** Most bytes of one read or write. */
const mostBytes = 256
/** "Extended erase" of all of the flash. */
const massErase = Uint8Array.of(0xff, 0xff)
const mostPages = 64

const xor = (bytes: Iterable<number>) => [...bytes].reduce((sum, byte) => sum ^ byte, 0)
const bigEndian = (value: number, bytes: number) =>
  Uint8Array.from({ length: bytes }, (_, at) => value >>> (8 * (bytes - 1 - at)))

/** The bootloader in an STM32's ROM, over a serial port. All functions throw `FlashFault`. */
export class Stm32Bootloader {
  readonly #port: ReplyPort
  #known: ReadonlySet<number> = new Set()
  /** Version of the protocol, such as `3.1`. */
  version = ''

  constructor(port: ReplyPort) {
    this.#port = port
  }

  /**
   * Makes the bootloader find the baud rate, and asks what it knows.
   * @param waitS how long a person may take to bring the board into it
   * @param onSilence called once when it does not answer at first
   */
  async connect(waitS: number, onSilence: () => void): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await this.#synchronize(Math.max(syncTries, Math.ceil(waitS / syncS)), onSilence)
      try {
        return await this.#get()
      } catch (error) {
        // One that was slow to come up has taken a byte too many and is out of step with us.
        if (!(error instanceof FlashFault) || error.trouble === 'lost' || attempt === tries) throw error
        await this.#port.drain(syncS)
      }
    }
  }

  async #get(): Promise<void> {
    await this.#command('get')
    const [count] = await this.#port.receive(1, answerS)
    const answer = await this.#port.receive(count! + 1, answerS)
    await this.#acknowledged('get', answerS)
    this.version = `${answer[0]! >> 4}.${answer[0]! & 15}`
    this.#known = new Set(answer.subarray(1))
  }

  /**
   * A bootloader that is synchronized already takes 0x7f for half a command, which it refuses once the other half is no
   * complement. One that an earlier attempt left in the middle of a command is fed until it has enough.
   */
  async #synchronize(most: number, onSilence: () => void): Promise<void> {
    let heard: number | null = null
    for (let attempt = 1; attempt <= most; attempt++) {
      if (attempt === syncTries) onSilence()
      await this.#port.send(attempt === feedTry ? new Uint8Array(mostBytes + 4).fill(synchronize) : synchronize)
      const answer = await this.#answerIn(syncS)
      if (attempt !== feedTry && (answer === ack || answer === nack)) return
      if (answer !== null) await this.#port.drain(syncS)
      heard = answer ?? heard
    }
    if (heard === null) throw new FlashFault('silent', `no answer came to ${most} tries`)
    throw new FlashFault('silent', `0x${heard.toString(16)} came, which is no answer of its bootloader`)
  }

  /** A byte, or null where none came. */
  async #answerIn(seconds: number): Promise<number | null> {
    try {
      return (await this.#port.receive(1, seconds))[0]!
    } catch (error) {
      if (error instanceof FlashFault && error.trouble === 'silent') return null
      throw error
    }
  }

  /** The chip's product id. */
  async readChipId(): Promise<number> {
    await this.#command('getId')
    const [count] = await this.#port.receive(1, answerS)
    const id = await this.#port.receive(count! + 1, answerS)
    await this.#acknowledged('getId', answerS)
    return id.reduce((value, byte) => value * 256 + byte, 0)
  }

  /** Erases these pages, all of the flash without them. */
  async erase(pages: readonly number[] | null, onPages: (done: number) => void): Promise<void> {
    if (this.#known.has(commands.extendedErase)) {
      if (!pages) return this.#eraseBy('extendedErase', massErase, massEraseS)
      for (let at = 0; at < pages.length; at += mostPages) {
        const some = pages.slice(at, at + mostPages)
        const list = Uint8Array.from([
          ...bigEndian(some.length - 1, 2),
          ...some.flatMap((page) => [...bigEndian(page, 2)]),
        ])
        await this.#eraseBy('extendedErase', list, answerS + pageEraseS * some.length)
        onPages(at + some.length)
      }
    } else if (!pages || pages.some((page) => page > 255)) {
      // The older command's "all" is followed by its complement, which is its checksum over one byte.
      await this.#command('erase')
      await this.#port.send(0xff, 0x00)
      await this.#acknowledged('erase', massEraseS)
    } else {
      for (let at = 0; at < pages.length; at += mostPages) {
        const some = pages.slice(at, at + mostPages)
        await this.#eraseBy('erase', Uint8Array.of(some.length - 1, ...some), answerS + pageEraseS * some.length)
        onPages(at + some.length)
      }
    }
  }

  async #eraseBy(name: CommandName, list: Uint8Array, timeoutS: number): Promise<void> {
    await this.#command(name)
    await this.#port.send(list, xor(list))
    await this.#acknowledged(name, timeoutS)
  }

  /** Writes 256 bytes at an address that is a multiple of that. */
  async write(address: number, bytes: Uint8Array): Promise<void> {
    const block = Uint8Array.of(bytes.length - 1, ...bytes)
    await this.#again(async () => {
      await this.#addressed('writeMemory', address)
      await this.#port.send(block, xor(block))
      await this.#acknowledged('writeMemory', writeS)
    })
  }

  /** Reads up to 256 bytes. */
  async read(address: number, count: number): Promise<Uint8Array> {
    return this.#again(async () => {
      await this.#addressed('readMemory', address)
      await this.#port.send(count - 1, ~(count - 1) & 0xff)
      await this.#acknowledged('readMemory', answerS)
      return this.#port.receive(count, answerS)
    })
  }

  /** Starts what lies at an address: its first word is the stack, its second where it begins. */
  async go(address: number): Promise<void> {
    await this.#addressed('go', address)
  }

  /** Once more where it was refused: after that the bootloader waits for a command. */
  async #again<T>(act: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await act()
      } catch (error) {
        if (!(error instanceof FlashFault) || error.trouble !== 'refused' || attempt === tries) throw error
      }
    }
  }

  async #addressed(name: CommandName, address: number): Promise<void> {
    await this.#command(name)
    const bytes = bigEndian(address, 4)
    await this.#port.send(bytes, xor(bytes))
    await this.#acknowledged(name, answerS)
  }

  async #command(name: CommandName): Promise<void> {
    await this.#port.send(commands[name], ~commands[name] & 0xff)
    await this.#acknowledged(name, answerS)
  }

  async #acknowledged(name: CommandName, timeoutS: number): Promise<void> {
    const [answer] = await this.#port.receive(1, timeoutS)
    if (answer === ack) return
    const said = answer === nack ? 'was refused' : `was answered by 0x${answer!.toString(16)}, which means nothing`
    throw new FlashFault('refused', `the bootloader's command "${words[name]}" ${said}`)
  }
}

const words: Readonly<Record<CommandName, string>> = {
  get: 'Get',
  getId: 'Get ID',
  readMemory: 'Read Memory',
  go: 'Go',
  writeMemory: 'Write Memory',
  erase: 'Erase',
  extendedErase: 'Extended Erase',
}

/** What `write` takes at once. */
export const stm32BlockBytes: number = mostBytes
