import type { FileAppender } from '../core/host.ts'

/** A piece of the raw file and how many samples it holds. */
export interface RawPiece {
  readonly bytes: Uint8Array
  readonly samples: number
}

/** Collects blocks into pieces of about `pieceBytes`, always whole blocks, so that a piece knows its samples. */
export class PieceCollector {
  readonly #pieceBytes: number
  #buffer: Uint8Array
  #used = 0
  #samples = 0

  constructor(pieceBytes: number) {
    this.#pieceBytes = pieceBytes
    this.#buffer = new Uint8Array(pieceBytes)
  }

  /** Copies a block in; gives back the pieces that are full by now. */
  add(bytes: Uint8Array, samples: number): readonly RawPiece[] {
    const full: RawPiece[] = []
    if (this.#used + bytes.length > this.#pieceBytes) full.push(...this.take())
    if (bytes.length >= this.#pieceBytes) return [...full, { bytes: bytes.slice(), samples }]
    this.#buffer.set(bytes, this.#used)
    this.#used += bytes.length
    this.#samples += samples
    return full
  }

  /** Gives what has been collected so far, if anything. */
  take(): readonly RawPiece[] {
    if (this.#used === 0) return []
    const piece = { bytes: this.#buffer.subarray(0, this.#used), samples: this.#samples }
    this.#buffer = new Uint8Array(this.#pieceBytes)
    this.#used = 0
    this.#samples = 0
    return [piece]
  }
}

/** Writes pieces one after the other and counts what surely is in the file. Nothing here throws. */
export class RawWriter {
  readonly #appender: FileAppender
  readonly #onProblem: (error: unknown) => void
  #queue: Promise<void> = Promise.resolve()
  #failed = false
  queuedBytes = 0
  writtenSamples = 0

  constructor(appender: FileAppender, onProblem: (error: unknown) => void) {
    this.#appender = appender
    this.#onProblem = onProblem
  }

  /** Queues a piece. After a failure nothing more is written. */
  write(piece: RawPiece): void {
    this.queuedBytes += piece.bytes.length
    this.run(async () => {
      if (!this.#failed) await this.#append(piece)
      this.queuedBytes -= piece.bytes.length
    })
  }

  /** Queues any work behind the pieces queued so far. The work must not reject. */
  run(work: () => Promise<void>): void {
    this.#queue = this.#queue.then(work)
  }

  /** Resolves when everything queued so far is done. */
  drained(): Promise<void> {
    return this.#queue
  }

  /** Writes out the queue and closes the file. */
  async close(): Promise<void> {
    await this.#queue
    await this.#appender.close().catch((error: unknown) => this.#fail(error))
  }

  async #append(piece: RawPiece): Promise<void> {
    try {
      await this.#appender.append(piece.bytes)
      this.writtenSamples += piece.samples
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#failed = true
    this.#onProblem(error)
  }
}
