import type { Link, LinkEnd } from '../../src/core/link.ts'

/** A link to something in this process, which takes what is written from `queue` and gives by `came`. */
export class EmulatedLink implements Link {
  readonly ended: Promise<LinkEnd>
  readonly path: string
  readonly queue: number[] = []
  readonly #woken: () => void
  readonly #listeners = new Set<(chunk: Uint8Array, arrivalS: number) => void>()
  #end!: (end: LinkEnd) => void

  constructor(path: string, woken: () => void) {
    this.path = path
    this.#woken = woken
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  write(bytes: Uint8Array): Promise<void> {
    this.queue.push(...bytes)
    this.#woken()
    return Promise.resolve()
  }

  onData(listener: (chunk: Uint8Array, arrivalS: number) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  came(chunk: Uint8Array): void {
    for (const listener of this.#listeners) listener(chunk.slice(), performance.now() / 1000)
  }

  close(): Promise<void> {
    this.#end({ how: 'closed' })
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
