import type { SampleBlock, SampleMark } from '../trace/samples.ts'
import type { RawDecoder } from '../trace/trace-file.ts'

/** Name of the layout of `SampleBlock.raw` that meters with numbers instead of words of their own use. */
export const powerRecordFormat = 'power-record'

/**
 * Bytes of one sample in that layout, little-endian: f32 watts, f32 amperes, f32 volts (NaN where the meter does not tell
 * it), u8 digital levels, u8 flags (bit 0: bridged), u16 zero.
 */
const powerRecordBytes = 16

/** One sample of a meter that tells numbers. */
export interface PowerReading {
  readonly powerW: number
  readonly currentA?: number
  readonly voltageV?: number
  readonly digital?: number
  /** The single reading was lost; this is the mean that an accumulator tells for the stretch. */
  readonly bridged?: boolean
}

/** Packs consecutive readings into a block. */
export function toBlock(
  firstIndex: number,
  readings: readonly PowerReading[],
  arrivalS: number,
  marks: readonly SampleMark[] = [],
): SampleBlock {
  const raw = new Uint8Array(readings.length * powerRecordBytes)
  const view = new DataView(raw.buffer)
  readings.forEach(({ powerW, currentA, voltageV, digital, bridged }, index) => {
    const at = index * powerRecordBytes
    view.setFloat32(at, powerW, true)
    view.setFloat32(at + 4, currentA ?? Number.NaN, true)
    view.setFloat32(at + 8, voltageV ?? Number.NaN, true)
    view.setUint8(at + 12, digital ?? 0)
    view.setUint8(at + 13, bridged ? 1 : 0)
  })
  return {
    kind: 'samples',
    firstIndex,
    powerW: Float32Array.from(readings, (reading) => reading.powerW),
    digital: Uint8Array.from(readings, (reading) => reading.digital ?? 0),
    raw,
    arrivalS,
    ...(marks.length > 0 ? { marks } : {}),
  }
}

/** Reads packed readings back; bytes after the last whole record are left out. */
export const powerRecordDecoder: RawDecoder = {
  wordBytes: powerRecordBytes,
  decode: (raw) => {
    const count = Math.floor(raw.length / powerRecordBytes)
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
    return {
      powerW: Float32Array.from({ length: count }, (_, index) => view.getFloat32(index * powerRecordBytes, true)),
      digital: Uint8Array.from({ length: count }, (_, index) => view.getUint8(index * powerRecordBytes + 12)),
    }
  },
}
