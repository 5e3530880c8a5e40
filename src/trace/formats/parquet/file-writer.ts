import { ByteWriter } from 'hyparquet-writer'
import type { FileAppender } from '../../../core/host.ts'

/** Collects what the Parquet library writes and hands it to a file after every row group. */
export class FileWriter extends ByteWriter {
  readonly #appender: FileAppender

  constructor(appender: FileAppender) {
    super(1 << 20)
    this.#appender = appender
  }

  /** Empties the buffer into the file; `offset`, the place in the file, goes on counting. */
  async flush(): Promise<void> {
    const bytes = this.getBytes()
    await this.#appender.append(bytes)
    this.index = 0
  }

  override async finish(): Promise<void> {
    await this.flush()
    await this.#appender.close()
  }

  /** Closes the file as it is. */
  abandon(): Promise<void> {
    return this.#appender.close()
  }
}
