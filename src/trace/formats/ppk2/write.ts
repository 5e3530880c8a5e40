import { Zip, ZipDeflate } from 'fflate'
import { MilliwattError } from '../../../core/errors.ts'
import type { FileAppender, HostFiles } from '../../../core/host.ts'
import type { SampleEvent } from '../../samples.ts'
import type { TraceFacts, TraceSink } from '../format.ts'
import { GridPlace, toKept } from '../kept-facts.ts'
import { neededSupply } from '../supply.ts'
import { frameBytes, lostFrames, toFrames } from './frames.ts'
import { Minimap } from './minimap.ts'

/** A member of a zip without the zip64 extension is shorter than 4 GiB. */
const mostSamples = Math.floor(0xffff_ffff / frameBytes)
/** Lost samples that are written at a time. */
const lostAtOnce = 65_536

/** Starts a file that the Power Profiler app opens. @throws MilliwattError TRACE_SUPPLY; the system's error of a failed write */
export async function createPpk2File(files: HostFiles, path: string, facts: TraceFacts): Promise<TraceSink> {
  const supplyV = neededSupply(path, facts.supplyV)
  return new Ppk2Sink(path, facts, supplyV, await files.append(path))
}

class Ppk2Sink implements TraceSink {
  readonly #path: string
  readonly #facts: TraceFacts
  readonly #perWatt: number
  readonly #appender: FileAppender
  readonly #zip: Zip
  readonly #session: ZipDeflate
  readonly #minimap: Minimap
  readonly #place: GridPlace
  #packed: Uint8Array[] = []

  constructor(path: string, facts: TraceFacts, supplyV: number, appender: FileAppender) {
    this.#path = path
    this.#place = new GridPlace(path)
    this.#facts = facts
    this.#perWatt = 1e6 / supplyV
    this.#appender = appender
    this.#minimap = new Minimap(facts.sampleRateHz)
    this.#zip = new Zip((error, chunk) => {
      if (error) throw error
      this.#packed.push(chunk)
    })
    this.#session = new ZipDeflate('session.raw', { level: 6 })
    this.#zip.add(this.#session)
  }

  async push(event: SampleEvent): Promise<void> {
    await this.#lose(this.#place.lostUpTo(event))
    if (event.kind === 'gap') return
    this.#grow(event.powerW.length)
    for (let at = 0; at < event.powerW.length; at++) this.#minimap.add(event.powerW[at]! * this.#perWatt * 1000)
    this.#session.push(toFrames(event.powerW, event.digital, this.#perWatt))
    await this.#flush()
  }

  async #lose(count: number): Promise<void> {
    for (let left = count; left > 0; left -= lostAtOnce) {
      const now = Math.min(left, lostAtOnce)
      this.#grow(now)
      for (let at = 0; at < now; at++) this.#minimap.add(Number.NaN)
      this.#session.push(lostFrames(now))
      await this.#flush()
    }
  }

  #grow(count: number): void {
    this.#place.length += count
    if (this.#place.length <= mostSamples) return
    throw new MilliwattError(
      'TRACE_WRITE',
      this.#path,
      `A .ppk2 file holds at most ${mostSamples} samples; convert to Parquet.`,
    )
  }

  async #flush(): Promise<void> {
    const packed = this.#packed
    this.#packed = []
    for (const chunk of packed) await this.#appender.append(chunk)
  }

  async close(incomplete: string | null): Promise<readonly string[]> {
    this.#session.push(new Uint8Array(0), true)
    const { sampleRateHz, startedAt } = this.#facts
    const metadata = {
      metadata: {
        samplesPerSecond: sampleRateHz,
        ...(startedAt === null ? {} : { startSystemTime: Date.parse(startedAt) }),
        milliwatt: toKept(this.#place.kept(this.#facts, incomplete)),
      },
      formatVersion: 2,
    }
    this.#member('metadata.json', JSON.stringify(metadata))
    this.#member('minimap.raw', this.#minimap.toJson())
    this.#zip.end()
    await this.#flush()
    await this.#appender.close()
    return [this.#path]
  }

  #member(name: string, text: string): void {
    const member = new ZipDeflate(name, { level: 6 })
    this.#zip.add(member)
    member.push(new TextEncoder().encode(text), true)
  }

  abort(): Promise<void> {
    return this.#appender.close()
  }
}
