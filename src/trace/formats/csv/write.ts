import type { FileAppender, HostFiles } from '../../../core/host.ts'
import type { SampleBlock, SampleEvent } from '../../samples.ts'
import type { TraceFacts, TraceSink } from '../format.ts'
import { GridPlace, toKept } from '../kept-facts.ts'
import { neededSupply } from '../supply.ts'
import { csvHead } from './columns.ts'
import { factsPath } from './read.ts'

/** No row is longer: a time of 24 characters, a current of 24, and 25 for the channels. */
const longestRow = 96
const flushBytes = 1 << 18

/** Text of the channels' columns for every combination of levels: `,D0-D7,D0,…,D7` and the line feed. */
const channelTexts: readonly Uint8Array[] = Array.from({ length: 256 }, (_, levels) => {
  const bits = Array.from({ length: 8 }, (_, channel) => (levels >> channel) & 1)
  return new TextEncoder().encode(`,${bits.join('')},${bits.join(',')}\n`)
})

/** A number that goes into a fixed-point field, written into bytes. */
class RowBuffer {
  readonly bytes: Uint8Array = new Uint8Array(flushBytes + longestRow)
  used = 0

  text(text: string): void {
    for (let at = 0; at < text.length; at++) this.bytes[this.used++] = text.charCodeAt(at)
  }

  put(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.used)
    this.used += bytes.length
  }

  /** Thousandths as a decimal number; trailing zeros only where `digits` asks for them. */
  thousandths(value: number, digits: 0 | 3): void {
    if (value < 0) this.bytes[this.used++] = 45
    const size = Math.abs(value)
    const whole = Math.floor(size / 1000)
    this.#integer(whole)
    let rest = size - whole * 1000
    if (rest === 0 && digits === 0) return
    this.bytes[this.used++] = 46
    let unit = 100
    while (unit >= 1 && (digits === 3 || rest > 0)) {
      const digit = Math.floor(rest / unit)
      this.bytes[this.used++] = 48 + digit
      rest -= digit * unit
      unit /= 10
    }
  }

  #integer(value: number): void {
    let length = 1
    for (let limit = 10; limit <= value; limit *= 10) length++
    let rest = value
    for (let at = this.used + length - 1; at >= this.used; at--) {
      const tenth = Math.floor(rest / 10)
      this.bytes[at] = 48 + (rest - tenth * 10)
      rest = tenth
    }
    this.used += length
  }
}

/** Starts a table. @throws MilliwattError TRACE_SUPPLY; the system's error of a failed write */
export async function createCsv(files: HostFiles, path: string, facts: TraceFacts): Promise<TraceSink> {
  const supplyV = neededSupply(path, facts.supplyV)
  const appender = await files.append(path)
  await appender.append(new TextEncoder().encode(`${csvHead}\n`))
  return new CsvSink(files, path, facts, supplyV, appender)
}

class CsvSink implements TraceSink {
  readonly paths: readonly string[]
  readonly #files: HostFiles
  readonly #path: string
  readonly #facts: TraceFacts
  readonly #perWatt: number
  readonly #appender: FileAppender
  readonly #rows = new RowBuffer()
  readonly #place: GridPlace
  /** Whole microseconds between samples, or 0. */
  readonly #stepUs: number

  constructor(files: HostFiles, path: string, facts: TraceFacts, supplyV: number, appender: FileAppender) {
    this.#files = files
    this.#path = path
    this.paths = [path, factsPath(path)]
    this.#place = new GridPlace(path)
    this.#facts = facts
    this.#perWatt = 1e6 / supplyV
    this.#appender = appender
    this.#stepUs = Number.isInteger(1e6 / facts.sampleRateHz) ? 1e6 / facts.sampleRateHz : 0
  }

  async push(event: SampleEvent): Promise<void> {
    this.#place.length += this.#place.lostUpTo(event)
    if (event.kind === 'samples') await this.#add(event)
  }

  async #add({ powerW, digital }: SampleBlock): Promise<void> {
    const rows = this.#rows
    for (let at = 0; at < powerW.length; at++) {
      const index = this.#place.length + at
      if (this.#stepUs > 0) rows.thousandths(index * this.#stepUs, 0)
      else rows.text(String((index * 1000) / this.#facts.sampleRateHz))
      rows.bytes[rows.used++] = 44
      const nanoamperes = Math.round(powerW[at]! * this.#perWatt * 1000)
      if (Math.abs(nanoamperes) < 1e15) rows.thousandths(nanoamperes, 3)
      else rows.text('NaN')
      rows.put(channelTexts[digital[at]!]!)
      if (rows.used >= flushBytes) await this.#flush()
    }
    this.#place.length += powerW.length
  }

  async #flush(): Promise<void> {
    await this.#appender.append(this.#rows.bytes.subarray(0, this.#rows.used))
    this.#rows.used = 0
  }

  async close(incomplete: string | null): Promise<void> {
    await this.#flush()
    await this.#appender.close()
    const kept = toKept(this.#place.kept(this.#facts, incomplete))
    await this.#files.write(factsPath(this.#path), `${JSON.stringify(kept, null, 1)}\n`)
  }

  abort(): Promise<void> {
    return this.#appender.close()
  }
}
