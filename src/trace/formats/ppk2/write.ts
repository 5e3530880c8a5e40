import { MilliwattError } from '../../../core/errors.ts'
import type { HostFiles } from '../../../core/host.ts'
import type { SampleEvent } from '../../samples.ts'
import type { TraceFacts, TraceSink } from '../format.ts'
import { GridPlace, toKept } from '../kept-facts.ts'
import { neededSupply } from '../supply.ts'
import { frameBytes, lostFrames, toFrames } from './frames.ts'
import { Minimap } from './minimap.ts'
import { ZipWriter } from './zip-writer.ts'

/** A member of a zip without the zip64 extension is shorter than 4 GiB. */
const mostSamples = Math.floor(0xffff_ffff / frameBytes)
/** Lost samples that are written at a time. */
const lostAtOnce = 65_536

/** Starts a file that the Power Profiler app opens. @throws MilliwattError TRACE_SUPPLY; the system's error of a failed write */
export async function createPpk2File(files: HostFiles, path: string, facts: TraceFacts): Promise<TraceSink> {
  const supplyV = neededSupply(path, facts.supplyV)
  const zip = new ZipWriter(await files.append(path))
  await zip.begin('session.raw')
  return new Ppk2Sink(path, facts, supplyV, zip)
}

class Ppk2Sink implements TraceSink {
  readonly paths: readonly string[]
  readonly #path: string
  readonly #facts: TraceFacts
  readonly #perWatt: number
  readonly #zip: ZipWriter
  readonly #minimap: Minimap
  readonly #place: GridPlace

  constructor(path: string, facts: TraceFacts, supplyV: number, zip: ZipWriter) {
    this.#path = path
    this.paths = [path]
    this.#place = new GridPlace(path)
    this.#facts = facts
    this.#perWatt = 1e6 / supplyV
    this.#zip = zip
    this.#minimap = new Minimap(facts.sampleRateHz)
  }

  async push(event: SampleEvent): Promise<void> {
    await this.#lose(this.#place.lostUpTo(event))
    if (event.kind === 'gap') return
    this.#grow(event.powerW.length)
    for (let at = 0; at < event.powerW.length; at++) this.#minimap.add(event.powerW[at]! * this.#perWatt * 1000)
    await this.#zip.write(toFrames(event.powerW, event.digital, this.#perWatt))
  }

  async #lose(count: number): Promise<void> {
    for (let left = count; left > 0; left -= lostAtOnce) {
      const now = Math.min(left, lostAtOnce)
      this.#grow(now)
      for (let at = 0; at < now; at++) this.#minimap.add(Number.NaN)
      await this.#zip.write(lostFrames(now))
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

  async close(incomplete: string | null): Promise<void> {
    await this.#zip.end()
    const { sampleRateHz, startedAt } = this.#facts
    const metadata = {
      metadata: {
        samplesPerSecond: sampleRateHz,
        ...(startedAt === null ? {} : { startSystemTime: Date.parse(startedAt) }),
        milliwatt: toKept(this.#place.kept(this.#facts, incomplete)),
      },
      formatVersion: 2,
    }
    await this.#member('metadata.json', JSON.stringify(metadata))
    await this.#member('minimap.raw', this.#minimap.toJson())
    await this.#zip.close()
  }

  async #member(name: string, text: string): Promise<void> {
    await this.#zip.begin(name)
    await this.#zip.write(new TextEncoder().encode(text))
    await this.#zip.end()
  }

  abort(): Promise<void> {
    return this.#zip.abort()
  }
}
