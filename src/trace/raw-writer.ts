import type { FileAppender } from '../core/host.ts'
import { writeBlock } from './capture-block.ts'
import type { SampleBlock } from './samples.ts'

/** A piece of the raw file, one whole block, and how many samples it holds. */
export interface RawPiece {
  readonly bytes: Uint8Array
  readonly samples: number
}

/** Collects runs of samples without a gap into blocks of about `pieceBytes`. */
export class PieceCollector {
  readonly #pieceBytes: number
  #parts: Uint8Array[] = []
  #bytes = 0
  #samples = 0
  #firstIndex = 0
  #arrivalS = 0
  #isInvalid = false

  constructor(pieceBytes: number) {
    this.#pieceBytes = pieceBytes
  }

  /**
   * Copies a block in; gives back the pieces that are full by now.
   * @param raw its samples in the raw layout
   */
  add(block: SampleBlock, raw: Uint8Array): readonly RawPiece[] {
    const { firstIndex, powerW, arrivalS } = block
    if (powerW.length === 0) return []
    // Words of a damaged stretch still look like readings; only the stream's decoder knew.
    const isInvalid = powerW.every(Number.isNaN)
    const fits = this.#bytes + raw.length <= this.#pieceBytes
    const goesOn = this.#firstIndex + this.#samples === firstIndex && this.#isInvalid === isInvalid
    const full = this.#bytes > 0 && !(fits && goesOn) ? this.take() : []
    if (this.#bytes === 0) this.#firstIndex = firstIndex
    this.#isInvalid = isInvalid
    this.#parts.push(raw.slice())
    this.#bytes += raw.length
    this.#samples += powerW.length
    this.#arrivalS = arrivalS
    return full
  }

  /** Gives what has been collected so far, if anything. */
  take(): readonly RawPiece[] {
    if (this.#bytes === 0) return []
    const payload = new Uint8Array(this.#bytes)
    let at = 0
    for (const part of this.#parts) {
      payload.set(part, at)
      at += part.length
    }
    const place = { firstIndex: this.#firstIndex, arrivalS: this.#arrivalS, isInvalid: this.#isInvalid }
    const piece = {
      bytes: writeBlock('samples', payload, { ...place, samples: this.#samples }),
      samples: this.#samples,
    }
    this.#parts = []
    this.#bytes = 0
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
