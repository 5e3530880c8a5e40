import { MilliwattError } from '../../../core/errors.ts'
import type { FileReader } from '../../../core/host.ts'
import type { SampleEvent } from '../../samples.ts'
import type { OpenedTrace, ReadOptions, TraceFormat, TraceSource } from '../format.ts'
import { bareFacts } from '../kept-facts.ts'
import { neededSupply } from '../supply.ts'
import { identification, indexChunks, type JlsIndex, type JlsSignal, readSamples, type SampleChunk } from './chunks.ts'

/** Type float, 32 bits. */
const float32 = 0x2004
/** Time counts from here, in steps of 2^-30 s. */
const epochMs = Date.UTC(2018, 0, 1)

/** What power is made of: a signal of its own, current times voltage, or current times a stated supply. */
type PowerSource =
  | { readonly kind: 'power' | 'current'; readonly signal: JlsSignal }
  | { readonly kind: 'product'; readonly signal: JlsSignal; readonly voltage: JlsSignal }

function powerSource({ signals }: JlsIndex, path: string): PowerSource {
  const withUnit = (units: string) =>
    signals.find((signal) => signal.units === units && signal.dataType === float32 && signal.chunks.length > 0)
  const power = withUnit('W')
  if (power) return { kind: 'power', signal: power }
  const [current, voltage] = [withUnit('A'), withUnit('V')]
  if (current && voltage?.sampleRateHz === current.sampleRateHz) return { kind: 'product', signal: current, voltage }
  if (current) return { kind: 'current', signal: current }
  const found = signals.map(({ name, units }) => `${name} (${units})`).join(', ')
  throw new MilliwattError(
    'TRACE_INVALID',
    path,
    `It holds no power and no current as float32, only: ${found || 'nothing'}.`,
  )
}

function startOf({ utc, sampleRateHz }: JlsSignal, firstId: number): string | null {
  if (!utc) return null
  const ms = epochMs + (Number(utc.time) / 2 ** 30 - (utc.sampleId - firstId) / sampleRateHz) * 1000
  return Number.isFinite(ms) && Math.abs(ms) < 8e15 ? new Date(ms).toISOString() : null
}

/** Refuses layouts of other versions. @throws MilliwattError TRACE_INVALID */
function checkVersion(head: Uint8Array, path: string): void {
  const major = head[27]
  if (major === 1) return
  throw new MilliwattError(
    'TRACE_INVALID',
    path,
    `Its JLS layout has version ${major}; this milliwatt reads version 1.`,
  )
}

async function open({ files, path, head }: TraceSource, options: ReadOptions): Promise<OpenedTrace> {
  if (identification.some((byte, at) => head[at] !== byte)) {
    throw new MilliwattError('TRACE_INVALID', path, 'It does not begin as a JLS file of version 2.')
  }
  checkVersion(head, path)
  const reader = await files.open(path)
  try {
    const index = await indexChunks(reader)
    const source = powerSource(index, path)
    const { signal } = source
    const supplyV = source.kind === 'current' ? neededSupply(path, options.supplyV) : (options.supplyV ?? null)
    const [name, vendor, model, version, serialNumber] = index.sources.get(signal.sourceId) ?? []
    const firstId = signal.chunks[0]!.sampleId
    let damaged = 0
    return {
      path,
      format: 'jls',
      facts: {
        ...bareFacts(signal.sampleRateHz, supplyV, 'joulescope', startOf(signal, firstId)),
        meter: { driver: 'joulescope', name, vendor, model, version, serialNumber },
        incomplete: index.hasEnd ? null : 'the file was not closed, so it ends with the last whole chunk',
        notes: source.kind === 'product' ? ['power is current times voltage, sample by sample'] : [],
      },
      async *events() {
        damaged = 0
        yield* events(reader, source, supplyV ?? 1, firstId, () => damaged++)
      },
      get damage() {
        return damaged > 0 ? `${damaged} chunks are damaged, their samples count as lost` : null
      },
      [Symbol.asyncDispose]: () => reader.close(),
    }
  } catch (error) {
    await reader.close()
    throw error
  }
}

async function* events(
  reader: FileReader,
  source: PowerSource,
  supplyV: number,
  firstId: number,
  onDamage: () => void,
): AsyncGenerator<SampleEvent> {
  const factors = source.kind === 'product' ? new Factors(reader, source.voltage.chunks) : null
  const factor = source.kind === 'current' ? supplyV : 1
  let next = 0
  for (const chunk of source.signal.chunks) {
    const values = await readSamples(reader, chunk)
    if (!values) onDamage()
    const first = chunk.sampleId - firstId
    if (!values || first < next) continue
    for (const part of factors
      ? await factors.over(chunk.sampleId, values.length)
      : [{ from: 0, to: values.length, by: null }]) {
      const from = first + part.from
      if (from > next) yield { kind: 'gap', firstIndex: next, count: from - next }
      const powerW = values.slice(part.from, part.to)
      for (let at = 0; at < powerW.length; at++) powerW[at]! *= part.by ? part.by[at]! : factor
      next = first + part.to
      const arrivalS = next / source.signal.sampleRateHz
      yield {
        kind: 'samples',
        firstIndex: from,
        powerW,
        digital: new Uint8Array(powerW.length),
        raw: new Uint8Array(0),
        arrivalS,
      }
    }
  }
}

/** A stretch of a chunk and what to multiply it by. */
interface Part {
  readonly from: number
  readonly to: number
  readonly by: Float32Array | null
}

/** The voltage beside the current: parts of it by sample number, read in step. */
class Factors {
  readonly #reader: FileReader
  readonly #chunks: readonly SampleChunk[]
  #at = 0
  #loaded: { readonly at: number; readonly values: Float32Array | null } | null = null

  constructor(reader: FileReader, chunks: readonly SampleChunk[]) {
    this.#reader = reader
    this.#chunks = chunks
  }

  /** Parts of the samples `sampleId` to `sampleId + count` for which there is a voltage. */
  async over(sampleId: number, count: number): Promise<readonly Part[]> {
    const parts: Part[] = []
    for (; this.#at < this.#chunks.length; this.#at++) {
      const chunk = this.#chunks[this.#at]!
      const from = Math.max(0, chunk.sampleId - sampleId)
      const to = Math.min(count, chunk.sampleId + chunk.count - sampleId)
      const values = from < to ? await this.#load() : null
      const offset = sampleId - chunk.sampleId
      if (values) parts.push({ from, to, by: values.subarray(from + offset, to + offset) })
      if (chunk.sampleId + chunk.count > sampleId + count) break
    }
    return parts
  }

  async #load(): Promise<Float32Array | null> {
    if (this.#loaded?.at !== this.#at) {
      this.#loaded = { at: this.#at, values: await readSamples(this.#reader, this.#chunks[this.#at]!) }
    }
    return this.#loaded.values
  }
}

/**
 * JLS version 2, what Joulescope writes; read only. After the public description of the format (`jls/format.h`,
 * layout 1.0). Signals of 8 bits and less, the inputs among them, are not read: their constant stretches are not
 * stored.
 */
export const jlsFormat: TraceFormat = {
  name: 'jls',
  summary: 'a recording of a Joulescope, JLS version 2: power, or current and voltage',
  endings: [],
  detects: async ({ head }) =>
    head.length >= identification.length && identification.every((byte, at) => head[at] === byte),
  open,
}
