import type { RawDecoder } from '../../trace/trace-file.ts'
import { toNumber, type WireFormat } from './values.ts'

/** Bytes of one sample: u16 mantissa (high byte first; 0xFFFF is not valid), i8 exponent, u8 digital levels. */
const wordBytes = 4
const notValid = 0xffff

function decoderOf(format: WireFormat, isEnergy: boolean): RawDecoder {
  return {
    wordBytes,
    decode: (raw, { sampleRateHz, supplyV }) => {
      const count = Math.floor(raw.length / wordBytes)
      const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
      const scaleW = isEnergy ? sampleRateHz : supplyV
      const powerOf = (at: number) => {
        const mantissa = view.getUint16(at)
        return mantissa === notValid ? Number.NaN : toNumber(format, mantissa, view.getInt8(at + 2)) * scaleW
      }
      return {
        powerW: Float32Array.from({ length: count }, (_, index) => powerOf(index * wordBytes)),
        digital: Uint8Array.from({ length: count }, (_, index) => view.getUint8(index * wordBytes + 3)),
      }
    },
  }
}

/** Layouts of the raw samples of an LPM01A by the name in `MeterInfo.rawFormat`: number format and output. */
export const lpm01aRawDecoders: Readonly<Record<string, RawDecoder>> = {
  'lpm01a-text-energy': decoderOf('text', true),
  'lpm01a-text-current': decoderOf('text', false),
  'lpm01a-binary-energy': decoderOf('binary', true),
  'lpm01a-binary-current': decoderOf('binary', false),
}
