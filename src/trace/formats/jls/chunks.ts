import type { FileReader } from '../../../core/host.ts'
import { crc32c } from '../../crc32.ts'

/** The 16 bytes that begin every JLS file of version 2. */
export const identification: Uint8Array = Uint8Array.of(
  ...[0x6a, 0x6c, 0x73, 0x66, 0x6d, 0x74, 0x0d, 0x0a, 0x20, 0x0a, 0x20, 0x1a, 0x20, 0x20, 0xb2, 0x1c],
)

/** The file's head, a chunk's head, and the head of a chunk's entries. */
const entryHead = 16
const [fileHead, chunkHead] = [32, 32]
/** No chunk of samples is longer; a greater length is damage. */
const longestPayload = 64 * 1024 * 1024
/** A definition is a few short strings. */
const longestDefinition = 64 * 1024

const tags = { source: 0x01, signal: 0x02, samples: 0x22, utc: 0x3a, end: 0xff } as const

/** Samples of one signal and where they lie. */
export interface SampleChunk {
  readonly offset: number
  readonly payloadBytes: number
  readonly sampleId: number
  readonly count: number
  readonly entryBits: number
}

/** A signal of fixed rate. */
export interface JlsSignal {
  readonly id: number
  readonly sourceId: number
  readonly dataType: number
  readonly sampleRateHz: number
  readonly name: string
  readonly units: string
  readonly chunks: SampleChunk[]
  /** A sample and its time, in 2^-30 s since 2018-01-01. */
  utc: { readonly sampleId: number; readonly time: bigint } | null
}

/** What a walk over the chunks of a file finds. */
export interface JlsIndex {
  readonly signals: readonly JlsSignal[]
  /** Name, vendor, model, version and serial number of each source. */
  readonly sources: ReadonlyMap<number, readonly string[]>
  /** Whether the file was closed properly. */
  readonly hasEnd: boolean
}

/** Strings of a definition; each ends with 00 1F. */
function stringsIn(bytes: Uint8Array): readonly string[] {
  const text = new TextDecoder().decode(bytes)
  return text.split('\0\x1f').slice(0, -1)
}

/** Reads a signal's definition; null for one of variable rate, and for one that is cut. */
function readSignal(id: number, payload: Uint8Array): JlsSignal | null {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  if (payload.length < 128 || view.getUint8(2) !== 0) return null
  const [name = '', units = ''] = stringsIn(payload.subarray(128))
  return {
    id,
    sourceId: view.getUint16(0, true),
    dataType: view.getUint32(4, true),
    sampleRateHz: view.getUint32(8, true),
    name,
    units,
    chunks: [],
    utc: null,
  }
}

/** Whole chunk with its check sum, rounded up to 8 bytes. */
const chunkBytes = (payloadBytes: number): number =>
  chunkHead + (payloadBytes === 0 ? 0 : Math.ceil((payloadBytes + 4) / 8) * 8)

/** Walks from chunk to chunk up to the end, or to the first that is damaged. Samples are not read. */
export async function indexChunks(reader: FileReader): Promise<JlsIndex> {
  const signals = new Map<number, JlsSignal>()
  const sources = new Map<number, readonly string[]>()
  let hasEnd = false
  for (let offset = fileHead; offset + chunkHead <= reader.sizeBytes && !hasEnd; ) {
    const head = await reader.read(offset, offset + chunkHead + entryHead + 8)
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
    if (view.getUint32(28, true) !== crc32c(head.subarray(0, 28))) break
    const [tag, meta, payloadBytes] = [head[16]!, view.getUint16(18, true), view.getUint32(20, true)]
    if (payloadBytes > longestPayload || offset + chunkBytes(payloadBytes) > reader.sizeBytes) break
    hasEnd = tag === tags.end
    if ((tag === tags.source || tag === tags.signal) && payloadBytes <= longestDefinition) {
      const payload = await reader.read(offset + chunkHead, offset + chunkHead + payloadBytes)
      if (tag === tags.source) sources.set(meta, stringsIn(payload.subarray(64)))
      const signal = tag === tags.signal ? readSignal(meta, payload) : null
      if (signal) signals.set(meta, signal)
    }
    const signal = signals.get(meta & 0xfff)
    if (signal && tag === tags.samples && payloadBytes >= entryHead)
      signal.chunks.push(sampleChunk(view, offset, payloadBytes))
    if (signal && tag === tags.utc && payloadBytes >= entryHead + 8) signal.utc ??= utcEntry(view)
    offset += chunkBytes(payloadBytes)
  }
  return { signals: [...signals.values()], sources, hasEnd }
}

function sampleChunk(view: DataView, offset: number, payloadBytes: number): SampleChunk {
  return {
    offset,
    payloadBytes,
    sampleId: Number(view.getBigInt64(chunkHead, true)),
    count: view.getUint32(chunkHead + 8, true),
    entryBits: view.getUint16(chunkHead + 12, true),
  }
}

function utcEntry(view: DataView): JlsSignal['utc'] {
  const at = chunkHead + entryHead
  return { sampleId: Number(view.getBigInt64(chunkHead, true)), time: view.getBigInt64(at, true) }
}

/** float32 samples of a chunk; null where it is damaged. */
export async function readSamples(reader: FileReader, chunk: SampleChunk): Promise<Float32Array | null> {
  const start = chunk.offset + chunkHead
  const bytes = await reader.read(start, chunk.offset + chunkBytes(chunk.payloadBytes))
  const payload = bytes.subarray(0, chunk.payloadBytes)
  const stored = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(bytes.length - 4, true)
  const isWhole = chunk.entryBits === 32 && payload.length >= entryHead + 4 * chunk.count
  if (!isWhole || stored !== crc32c(payload)) return null
  const view = new DataView(payload.buffer, payload.byteOffset + entryHead, 4 * chunk.count)
  const samples = new Float32Array(chunk.count)
  for (let at = 0; at < samples.length; at++) samples[at] = view.getFloat32(4 * at, true)
  return samples
}
