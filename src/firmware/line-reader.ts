import type { Clock } from '../core/host.ts'
import type { Link, LinkEnd } from '../core/link.ts'
import { LineSplitter } from './line-splitter.ts'

/** A line with the time when its last byte came out of the system, in seconds of the host's clock. */
export interface TimedLine {
  readonly text: string
  readonly arrivalS: number
}

/** The lines that arrive on a link, to be read one after another. */
export class LineReader {
  readonly #clock: Clock
  readonly #splitter = new LineSplitter()
  readonly #detach: () => void
  #lines: TimedLine[] = []
  #bytes = 0
  #end: LinkEnd | null = null
  #wake: () => void = () => {}

  /** Listens from now on. */
  constructor(link: Link, clock: Clock) {
    this.#clock = clock
    this.#detach = link.onData((chunk, arrivalS) => {
      this.#bytes += chunk.length
      for (const text of this.#splitter.push(chunk)) this.#lines.push({ text, arrivalS })
      this.#wake()
    })
    void link.ended.then((end) => {
      this.#end = end
      this.#wake()
    })
  }

  /** Bytes that arrived so far, in lines or not. */
  get bytes(): number {
    return this.#bytes
  }

  /** What came after the last end of a line. */
  get rest(): string {
    return this.#splitter.rest
  }

  /** How the link ended; null while it lives. */
  get end(): LinkEnd | null {
    return this.#end
  }

  /**
   * The next line; null when none came within the time, or when the link has ended.
   * @throws what the signal was aborted with
   */
  async next(seconds: number, signal?: AbortSignal): Promise<TimedLine | null> {
    const deadlineS = this.#clock.nowS() + seconds
    for (;;) {
      signal?.throwIfAborted()
      const line = this.#lines.shift()
      if (line) return line
      const leftS = deadlineS - this.#clock.nowS()
      if (this.#end || !(leftS > 0)) return null
      await this.#sleep(leftS, signal)
    }
  }

  async #sleep(seconds: number, signal: AbortSignal | undefined): Promise<void> {
    const timer = new AbortController()
    this.#wake = () => timer.abort()
    signal?.addEventListener('abort', this.#wake)
    await this.#clock.sleep(seconds, timer.signal)
    signal?.removeEventListener('abort', this.#wake)
    this.#wake = () => {}
  }

  /** Throws away what came and was not read. */
  clear(): void {
    this.#lines = []
    this.#splitter.clear()
  }

  /** Stops listening. */
  detach(): void {
    this.#detach()
  }
}
