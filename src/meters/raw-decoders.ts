import type { RawDecoder } from '../trace/trace-file.ts'
import { lpm01aRawDecoders } from './lpm01a/raw-decoders.ts'
import { powerRecordDecoder, powerRecordFormat } from './power-record.ts'
import { ppk2RawDecoder } from './ppk2/raw-decoder.ts'

/**
 * Raw layouts that captures keep as the meter sent them, by `MeterInfo.rawFormat`. A meter whose samples have
 * no fixed length has no row; its captures keep decoded samples.
 */
export const rawDecoders: Readonly<Record<string, RawDecoder>> = {
  ...lpm01aRawDecoders,
  'ppk2-u32le': ppk2RawDecoder,
  [powerRecordFormat]: powerRecordDecoder,
}
